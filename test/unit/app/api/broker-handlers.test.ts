/** The operations about the broker, its backends and its fleet. */
import { describe, expect, it } from 'vitest';
import type { SharedFleet } from '../../../../src/platform/valkey/shared-store.ts';
import { openTestApi, requestOf } from '../../../support/api.ts';
import { workspace } from '../../cli/workspace.ts';

const FLEET: SharedFleet = {
  id: 'a',
  name: 'host:1',
  members: () => [{ id: 'a', name: 'host:1', ageMs: 3, epoch: 7, revisions: { policy: 'abc' } }],
  unreadable: () => 1,
  down: () => undefined,
  endTokens: async () => undefined,
  reach: async () => ({ reached: ['host:3'], missed: ['host:2'] }),
};

describe('the status', () => {
  it('has the version, the revisions and the state of what the broker depends on', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config, {
      auditState: () => 'failing',
      isConfigChanged: () => true,
      recordsState: async () => ({ state: 'down', detail: 'connection refused' }),
      sharedState: () => ({ down: undefined, brokers: 3 }),
    });

    expect(await api.ask('getStatus', {})).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptimeSeconds: 0,
      readiness: 'ready',
      config: { revision: api.parts.loaded.source.revision, restartNeeded: true },
      policy: { revision: api.parts.policy.current().revision, stale: false },
      keys: { stale: false },
      audit: 'failing',
      records: 'down',
      shared: { state: 'up', brokers: 3 },
    });
  });

  it.each([
    [{ isDraining: () => true }, 'draining'],
    [{ auditState: () => 'refusing' as const }, 'unready'],
  ])('is that of /readyz: %j', async (more, readiness) => {
    await using files = await workspace();
    await using api = await openTestApi(files.config, more);

    expect(await api.ask('getStatus', {})).toMatchObject({ readiness, records: null, shared: null });
  });
});

describe('the backends', () => {
  it('are listed in their order with their state, and why one is down', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config, {
      backendStates: async () => new Map([['local', { state: 'down', detail: 'no file' }]]),
    });

    expect(await api.ask('listBackends', {})).toMatchObject({
      backends: [{ name: 'local', type: 'static-file', state: 'down', problem: 'no file', since: null, logins: null }],
    });
  });

  it('are listed with the times of their last logins, and the last one without an answer', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config, {
      loginTimes: {
        logins: () => ({ count: 3, p50Ms: 4.123, p95Ms: 41.98, lastAt: 1_700_000_000 }),
        lastFailure: () => ({ at: 1_700_000_060, cause: 'no answer in time' }),
      },
    });

    const { backends } = await api.ask('listBackends', {});

    expect(backends).toMatchObject([
      {
        state: 'up',
        since: expect.stringMatching(/Z$/),
        probeMs: expect.toSatisfy((milliseconds: number) => milliseconds >= 0),
        logins: { count: 3, p50Ms: 4.1, p95Ms: 42, lastAt: '2023-11-14T22:13:20Z' },
        lastFailure: { at: '2023-11-14T22:14:20Z', cause: 'no answer in time' },
        servers: [],
      },
    ]);
  });

  it('are probed one by one', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    const known = await api.ask('probeBackend', { backend: 'local' });
    const unknown = await api.send(requestOf('probeBackend', { backend: 'corp' }));

    expect(known).toMatchObject({ name: 'local', type: 'static-file', state: 'up', problem: null });
    expect(unknown).toMatchObject({ status: 404, json: { code: 'not-found' } });
  });
});

describe('the fleet', () => {
  it('is listed as this broker sees it', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config, { fleet: FLEET });

    expect(await api.ask('listBrokers', {})).toEqual({
      name: 'host:1',
      brokers: [{ id: 'a', name: 'host:1', ageMs: 3, revisions: { policy: 'abc' } }],
      unreadable: 1,
    });
  });

  it('is not there where a broker is alone, and the answer says so', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    expect(await api.send(requestOf('listBrokers', {}))).toMatchObject({
      status: 409,
      json: { code: 'not-configured', detail: expect.stringMatching(/^this broker is alone/) },
    });
  });

  it('is not listed while the shared store is down, because the list is that of before', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config, { fleet: { ...FLEET, down: () => 'connection refused' } });

    expect(await api.send(requestOf('listBrokers', {}))).toMatchObject({
      status: 503,
      json: { detail: 'the shared store is down, and lists no brokers: connection refused' },
    });
  });
});

it('a flush is in the audit trail, done or failed, and what only reads is not', async () => {
  await using files = await workspace();
  await using api = await openTestApi(files.config);

  await api.ask('getStatus', {});
  await api.ask('flush', {});
  await api.send(requestOf('flush', { backend: 'corp' }));

  expect(api.audit.events).toMatchObject([
    { type: 'api', via: 'socket', operation: 'flush', outcome: 'done', request: { client: 'control.sock' } },
    { type: 'api', via: 'socket', operation: 'flush', outcome: 'failed' },
  ]);
});

it('the signing keys are listed as `fairlead keys list` does', async () => {
  await using files = await workspace();
  await files.fairlead(['keygen', '--name', 'default', '--dir', files.path('state/keys')]);
  await using api = await openTestApi(files.config);

  const { keys } = await api.ask('listKeys', {});
  const { stdout } = await files.fairlead(['keys', 'list', '--config', files.config, '--format', 'json']);

  expect({ keys }).toEqual(JSON.parse(stdout));
  expect(keys).toMatchObject([{ id: 'default', state: 'signing' }]);
});
