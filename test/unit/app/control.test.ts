/** The control socket between commands and the running broker. */
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { askBrokers, isBrokerRunning } from '../../../src/app/control.ts';
import { openControl } from '../../../src/app/open-api.ts';
import type { SharedFleet } from '../../../src/platform/valkey/shared-store.ts';
import { openTestApi } from '../../support/api.ts';
import { countingIds, recordingLog } from '../../support/fakes.ts';
import { workspace } from '../cli/workspace.ts';

const fleetOf = (missed: readonly string[]): SharedFleet => ({
  id: 'a',
  name: 'host:1',
  members: () => [{ id: 'a', name: 'host:1', ageMs: 3, epoch: 7, revisions: { policy: 'abc' } }],
  unreadable: () => 1,
  down: () => undefined,
  endTokens: async () => undefined,
  reach: async () => ({ reached: ['host:3'], missed }),
});

describe('a command that asks the running broker', () => {
  it('flushes all backends or one, and reads that there is no such backend', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    const all = await askBrokers(api.stateDir, 'flush', {});
    const one = await askBrokers(api.stateDir, 'flush', { backend: 'local' });
    const unknown = await askBrokers(api.stateDir, 'flush', { backend: 'other' });

    const fleet = { complete: true, reached: [], missed: [], problem: null };
    expect(all).toEqual({ answers: [{ ok: true, answer: { backend: null, fleet } }], silent: [] });
    expect(one.answers).toEqual([{ ok: true, answer: { backend: 'local', fleet } }]);
    expect(unknown.answers).toEqual([
      { ok: false, code: 'not-found', detail: 'the running broker has no backend "other"' },
    ]);
    expect(api.calls).toEqual(['flush all', 'flush local']);
  });

  it('reads which brokers of the fleet a flush has reached', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config, { fleet: fleetOf(['host:2']) });

    const { answers } = await askBrokers(api.stateDir, 'flush', {});

    const fleet = { complete: false, reached: ['host:3'], missed: ['host:2'], problem: null };
    expect(answers).toEqual([{ ok: true, answer: { backend: null, fleet } }]);
  });

  it('fails when no broker runs, and names the folder', async () => {
    await using files = await workspace();

    await expect(askBrokers(files.path('state'), 'flush', {})).rejects.toThrow(
      /no running broker answers at .*control/,
    );
    expect(await isBrokerRunning(files.path('state'))).toBe(false);
  });

  it('finds out whether a broker runs', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    expect(await isBrokerRunning(api.stateDir)).toBe(true);
  });
});

it('a control socket that cannot be opened is logged, and the broker goes on', async () => {
  await using files = await workspace();
  const log = recordingLog();
  await rm(files.path('state'), { recursive: true, force: true });
  await files.write('state/control', 'a file');

  const opened = await openControl(files.path('state'), {
    api: () => undefined,
    realm: 'fairlead',
    isDraining: () => false,
    ids: countingIds(),
    log,
  });

  expect(opened).toBeUndefined();
  expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringMatching(/^control socket unavailable/) }]);
});
