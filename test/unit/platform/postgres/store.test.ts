import { describe, expect, it } from 'vitest';
import { postgresStore } from '../../../../src/platform/postgres/store.ts';
import type { Answer, Query } from '../../../../src/platform/postgres/connections.ts';
import { fixedClock } from '../../../support/fakes.ts';

interface Sent {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A store whose database answers as the test decides. */
function storeWith(answer: (sent: Sent) => Partial<Answer>) {
  const sent: Sent[] = [];
  const query: Query = async (text, values = []) => {
    sent.push({ text, values });
    return { rows: [], count: 0, command: '', warnings: [], ...answer({ text, values }) };
  };
  /** What fails inside an operation is reported by it, and counts for the circuit breaker. */
  const run = <T>(_operation: string, work: (query: Query) => Promise<T>): Promise<T> =>
    work(query).catch((error: Error) => {
      throw new Error(`failed: ${error.message}`, { cause: error });
    });
  const database = { read: run, write: run };
  const options = {
    name: 'items',
    clock: fixedClock(),
    decode: (json: unknown) => (typeof json === 'string' ? json : undefined),
    groupOf: (value: string) => ({ name: value, most: 2 }),
  };
  return { store: postgresStore<string>(options, database), sent };
}

const STORED = { value: '"stored"', key: Buffer.from('k'), place: '1' };

describe('a store in PostgreSQL', () => {
  it('takes no answer of a standby, and none of a server that does not say what it is', async () => {
    const standby = storeWith(() => ({ rows: [{ ...STORED, standby: true }] })).store;
    const silent = storeWith(() => ({ rows: [STORED] })).store;
    const primary = storeWith(() => ({ rows: [{ ...STORED, standby: false }] })).store;

    await expect(standby.get('k')).rejects.toThrow('failed: the server is a standby');
    await expect(standby.list()).rejects.toThrow('failed: the server is a standby');
    await expect(silent.get('k')).rejects.toThrow('failed: the server is a standby');
    expect(await primary.get('k')).toBe('stored');
    expect(await primary.list()).toEqual([{ key: 'k', value: 'stored' }]);
  });

  it('sends keys and groups as bytes, so that NUL is a character as any other', async () => {
    const { store, sent } = storeWith(() => ({}));

    await store.put('k\0', 'g\0', 60);

    const bytes = sent.flatMap(({ values }) => values.filter((value) => Buffer.isBuffer(value)).map(String));
    expect(new Set(bytes)).toEqual(new Set(['k\0', 'g\0']));
    expect(
      sent.flatMap(({ values }) => values).filter((value) => typeof value === 'string' && value.includes('\0')),
    ).toEqual([]);
  });

  it('locks the group before it puts, each group by a number of its own', async () => {
    const { store, sent } = storeWith(() => ({}));

    await store.put('a', 'one', 60);
    await store.put('b', 'one', 60);
    await store.put('c', 'two', 60);

    const locks = sent.filter(({ text }) => text.includes('pg_advisory_xact_lock')).map(({ values }) => values[0]);
    expect(sent[0]?.text).toContain('pg_advisory_xact_lock');
    expect(locks).toHaveLength(3);
    expect(new Set(locks).size).toBe(2);
  });

  it('asks nothing to remove nothing', async () => {
    const { store, sent } = storeWith(() => ({}));

    expect(await store.removeAll([])).toBe(0);
    expect(sent).toEqual([]);
  });
});
