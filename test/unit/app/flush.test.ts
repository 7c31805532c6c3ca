import { describe, expect, it } from 'vitest';
import { createFlush } from '../../../src/app/flush.ts';
import { fakeBackend, UNKNOWN } from '../../support/fake-backend.ts';
import { noShield, recordingLog } from '../../support/fakes.ts';

function setUp() {
  const calls: string[] = [];
  const authenticators = ['corp', 'partners'].map((name) => ({
    ...fakeBackend(UNKNOWN, { name }).chained.authenticator,
    clearCaches: () => void calls.push(`cache of ${name}`),
  }));
  const log = recordingLog();
  const flush = createFlush({
    // The last one has no cache of its own.
    authenticators: [...authenticators, fakeBackend(UNKNOWN, { name: 'file' }).chained.authenticator],
    shield: { ...noShield, flush: async (backend) => void calls.push(`login cache of ${backend ?? 'all'}`) },
    reuse: { clear: () => void calls.push('tokens') },
    log,
    onFlush: () => void calls.push('counted'),
  });
  return { flush, calls, log };
}

describe('a flush', () => {
  it('of all backends clears the login cache and the cache of each backend, and is logged', async () => {
    const { flush, calls, log } = setUp();

    expect(await flush()).toBe(true);
    expect(calls).toEqual(['cache of corp', 'cache of partners', 'login cache of all', 'tokens', 'counted']);
    expect(log.lines).toEqual([{ level: 'info', message: 'login cache flushed', fields: {} }]);
  });

  it('of one backend leaves the others', async () => {
    const { flush, calls, log } = setUp();

    expect(await flush('partners')).toBe(true);
    expect(calls).toEqual(['cache of partners', 'login cache of partners', 'tokens', 'counted']);
    expect(log.lines).toMatchObject([{ fields: { backend: 'partners' } }]);
  });

  it('of an unknown backend clears nothing', async () => {
    const { flush, calls, log } = setUp();

    expect(await flush('nobody')).toBe(false);
    expect([calls, log.lines]).toEqual([[], []]);
  });
});
