import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEntries } from '../../../../src/platform/store/sqlite-entries.ts';
import type { Entries, Written } from '../../../../src/platform/store/sqlite-entries.ts';

let folder: string;
let entries: Entries & Disposable;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-entries-'));
  entries = openEntries(join(folder, 'entries.db'));
});
afterEach(() => {
  entries[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const NOW = 1000;
const entry = (key: string, more: Partial<Written> = {}): Written => ({
  store: 's',
  key,
  value: `"${key}"`,
  until: NOW + 10,
  now: NOW,
  group: 'g',
  most: 2,
  ...more,
});
const keys = (now = NOW): readonly string[] => entries.list({ store: 's', now }).map(({ key }) => key);

describe('the entries of an SQLite file', () => {
  it('are readable by their owner only', () => {
    expect(statSync(join(folder, 'entries.db')).mode & 0o777).toBe(0o600);
  });

  it('leave a full group in the order of their last use', () => {
    entries.put(entry('first'));
    entries.put(entry('second'));
    entries.replace(entry('first', { value: '"used"' }));

    entries.put(entry('third'));

    expect(keys()).toEqual(['first', 'third']);
  });

  it('expire at the second that they name', () => {
    entries.put(entry('first'));

    expect([keys(NOW + 9), keys(NOW + 10)]).toEqual([['first'], []]);
    expect(entries.get({ store: 's', key: 'first', now: NOW + 9 })).toBe('"first"');
    expect(entries.get({ store: 's', key: 'first', now: NOW + 10 })).toBeUndefined();
    expect(entries.replace(entry('first', { now: NOW + 10, until: NOW + 20 }))).toBe(false);
  });

  it('are removed from one store only', () => {
    entries.put(entry('first'));
    entries.put(entry('first', { store: 'other' }));

    expect(entries.removeAll({ store: 's', keys: ['first', 'absent'], now: NOW })).toBe(1);
    expect(entries.list({ store: 'other', now: NOW }).map(({ key }) => key)).toEqual(['first']);
  });
});
