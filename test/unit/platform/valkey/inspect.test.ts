import { describe, expect, it } from 'vitest';
import { inspectStore, storeWarnings } from '../../../../src/platform/valkey/inspect.ts';

/** A store that answers with these facts. */
function storeWith(facts: Readonly<Record<string, string | number>>) {
  const info = { redis_version: '7.0.15', role: 'master', maxmemory_policy: 'noeviction', maxmemory: 1000, ...facts };
  const text = Object.entries(info).map(([name, value]) => `${name}:${value}`);
  return {
    call: async (command: string) => {
      if (command === 'ACL') throw new Error('NOPERM');
      return command === 'INFO' ? text.join('\r\n') : [];
    },
  };
}

describe('the inspection of the store', () => {
  it.each([
    [899, 'noeviction', []],
    [900, 'noeviction', ['the store is 90 % full: raise its maxmemory, or set volatile-ttl']],
    [1000, 'noeviction', ['the store is full, and brokers use it as if it were down: raise its maxmemory']],
    [1000, 'volatile-ttl', []],
  ])('with %i of 1000 bytes used under %s warns: %j', async (used, policy, warnings) => {
    expect(await storeWarnings(storeWith({ used_memory: used, maxmemory_policy: policy }))).toEqual(warnings);
  });

  it('fails for a store that is full', async () => {
    const failures = (await inspectStore(storeWith({ used_memory: 1000 }), true)).filter(({ ok }) => !ok);

    expect(failures).toHaveLength(1);
  });

  it.each([
    [true, 0],
    [false, 1],
  ])('with a private connection %s gives %i warnings about encryption', async (isPrivate, count) => {
    const steps = await inspectStore(storeWith({ used_memory: 1 }), isPrivate);

    expect(steps.filter(({ isWarning }) => isWarning === true)).toHaveLength(count);
  });
});
