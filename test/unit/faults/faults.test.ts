/** `npm run faults` takes minutes; this keeps its list in step with the code. */
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faults } from '../../faults/index.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

describe('the planted faults', () => {
  it('have ids that differ', () => {
    expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
  });

  it.each(faults)('$id fits the code once and names tests that exist', async ({ file, find, replace, tests }) => {
    const text = await readFile(join(ROOT, file), 'utf8');

    expect(text.split(find).length).toBe(2);
    expect(replace).not.toBe(find);
    expect(tests.length).toBeGreaterThan(0);
    for (const test of tests) await access(join(ROOT, test));
  });
});
