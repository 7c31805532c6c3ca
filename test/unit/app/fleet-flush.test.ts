import { describe, expect, it } from 'vitest';
import { createApplyEnd, reachFleet, reachText } from '../../../src/app/fleet-flush.ts';
import type { SharedEnd } from '../../../src/platform/valkey/epoch-view.ts';
import { fakeBackend, UNKNOWN } from '../../support/fake-backend.ts';
import { recordingLog } from '../../support/fakes.ts';

describe('what another broker has ended', () => {
  function apply(ended: SharedEnd): { readonly calls: readonly string[]; readonly logged: readonly string[] } {
    const calls: string[] = [];
    const authenticators = ['corp', 'partners'].map((name) => ({
      ...fakeBackend(UNKNOWN, { name }).chained.authenticator,
      clearCaches: () => void calls.push(`cache of ${name}`),
    }));
    const log = recordingLog();
    const reuse = { clear: () => void calls.push('tokens') };
    createApplyEnd({ authenticators, reuse, log, onFlush: () => void calls.push('counted') })(ended);
    return { calls, logged: log.lines.map(({ message }) => message) };
  }
  const FLUSHED = ['login cache flushed by another broker'];

  it('by a flush, is ended here as well: the caches of the backends, and tokens that would be used again', () => {
    expect(apply({ kind: 'answers-and-counts' })).toEqual({
      calls: ['tokens', 'cache of corp', 'cache of partners', 'counted'],
      logged: FLUSHED,
    });
  });

  it('by a flush of one backend, leaves the caches of the others', () => {
    expect(apply({ kind: 'answers-and-counts', backend: 'corp' })).toEqual({
      calls: ['tokens', 'cache of corp', 'counted'],
      logged: FLUSHED,
    });
  });

  it.each([{ kind: 'answers' }, { kind: 'tokens' }] as const)('by %j, are tokens that would be used again', (ended) => {
    expect(apply(ended)).toEqual({ calls: ['tokens'], logged: [] });
  });
});

describe('how far a flush has come', () => {
  it('is all there is where a broker is alone', async () => {
    const reach = await reachFleet(undefined);

    expect(reach).toEqual({ complete: true, reached: [], missed: [], problem: null });
    expect(reachText(reach)).toBe('');
  });

  it.each([
    [{ reached: [], missed: [] }, true, ''],
    [{ reached: ['a:1', 'b:2'], missed: [] }, true, '; also at a:1, b:2'],
    [{ reached: ['a:1'], missed: ['b:2'] }, false, '; also at a:1; NOT at b:2, within a second'],
  ])('names the brokers: %j', async (reach, complete, text) => {
    const found = await reachFleet({ reach: async () => reach });

    expect(found).toEqual({ complete, ...reach, problem: null });
    expect(reachText(found)).toBe(text);
  });

  it('is this broker alone while the store is down', async () => {
    const reach = await reachFleet({ reach: async () => Promise.reject(new Error('no reply')) });

    expect(reach).toEqual({ complete: false, reached: [], missed: [], problem: 'no reply' });
    expect(reachText(reach)).toMatch(/^; NOT at other brokers.*: no reply$/);
  });
});
