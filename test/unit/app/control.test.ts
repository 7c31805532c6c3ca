/** The control socket between commands and the running broker. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endTokensRunning, flushRunning, listRunning, openControl, recordInBroker } from '../../../src/app/control.ts';
import type { RecordsEvent } from '../../../src/app/control.ts';
import { askRunningBrokers } from '../../../src/platform/control-sockets.ts';
import type { SharedFleet } from '../../../src/platform/valkey/shared-store.ts';
import { countingIds, recordingAudit, recordingLog } from '../../support/fakes.ts';

async function setUp(fleet?: SharedFleet) {
  const resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-control-'));
  resources.defer(() => rm(folder, { recursive: true }));
  const flushed: string[] = [];
  const revoked: string[] = [];
  const audit = recordingAudit();
  const log = recordingLog();
  const flush = async (backend?: string): Promise<boolean> => {
    flushed.push(backend ?? 'all');
    return backend !== 'unknown';
  };
  return {
    folder,
    flushed,
    revoked,
    audit,
    log,
    open: async () =>
      void resources.use(
        await openControl(folder, {
          flush,
          onRevoked: () => void revoked.push('called'),
          endLogins: async () => void flushed.push('logins'),
          fleet,
          audit,
          ids: countingIds(),
          log,
        }),
      ),
    ask: async (request: { readonly command: string }) => (await askRunningBrokers(folder, request)).answers[0],
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The broker gives it a request of its own. */
const NO_REQUEST = { requestId: '', client: '' };
const REVOKED: RecordsEvent = {
  type: 'refresh-token',
  request: NO_REQUEST,
  outcome: 'revoked',
  id: 'abc',
  username: 'alice',
  service: 'r',
  backend: 'corp',
};

describe('the control socket', () => {
  it('flushes all backends, one backend, and reports an unknown one', async () => {
    await using world = await setUp();
    await world.open();

    const answers = [
      await flushRunning(world.folder, undefined),
      await flushRunning(world.folder, 'corp'),
      await flushRunning(world.folder, 'unknown'),
    ];

    expect(world.flushed).toEqual(['all', 'corp', 'unknown']);
    expect(answers.flatMap((one) => one.answers)).toEqual([
      { ok: true, said: 'login cache flushed' },
      { ok: true, said: 'login cache flushed for backend corp' },
      { ok: false, said: 'the running broker has no backend "unknown"' },
    ]);
  });

  it('records each revoked refresh token', async () => {
    await using world = await setUp();
    await world.open();

    await recordInBroker(world.folder, [REVOKED]);

    expect(world.revoked).toEqual(['called']);
    expect(world.audit.events).toEqual([
      {
        type: 'refresh-token',
        request: { requestId: 'id-1', client: 'control.sock' },
        outcome: 'revoked',
        id: 'abc',
        username: 'alice',
        service: 'r',
        backend: 'corp',
      },
    ]);
  });

  it('records each personal token that a command has made or revoked', async () => {
    await using world = await setUp();
    await world.open();
    const about = { id: 'abc', name: 'laptop', username: 'alice', backend: 'corp', by: 'operator' } as const;
    const events: readonly RecordsEvent[] = [
      { type: 'personal-token', request: NO_REQUEST, outcome: 'created', ...about },
      { type: 'personal-token', request: NO_REQUEST, outcome: 'revoked', ...about, cause: 'leaked' },
    ];

    await recordInBroker(world.folder, events);

    const recorded = [1, 2].map((id) => ({ requestId: `id-${id}`, client: 'control.sock' }));
    expect(world.audit.events).toEqual(events.map((event, index) => ({ ...event, request: recorded[index] })));
    // Signed tokens are given out again after a creation, and not after a revocation.
    expect(world.revoked).toEqual(['called']);
  });

  it('refuses to record a personal token without its owner, or with an outcome that no command has', async () => {
    await using world = await setUp();
    await world.open();
    const whole = { command: 'personal-token', id: 'a', name: 'b', user: 'c', backend: 'd', by: 'e' };
    const { user: _, ...withoutUser } = whole;

    const answers = [
      await world.ask({ ...whole, outcome: 'used' } as { readonly command: string }),
      await world.ask({ ...withoutUser, outcome: 'created' } as { readonly command: string }),
    ];

    expect(answers).toMatchObject([{ ok: false }, { ok: false }]);
    expect(world.audit.events).toEqual([]);
  });

  it('ends the cached logins only where the tokens of an account have ended', async () => {
    await using world = await setUp();
    await world.open();

    const some = await endTokensRunning(world.folder, false);
    const flushedBefore = [...world.flushed];
    const account = await endTokensRunning(world.folder, true);

    expect([some, account]).toEqual([[], []]);
    expect([flushedBefore, world.flushed]).toEqual([[], ['logins']]);
    expect(world.revoked).toEqual(['called', 'called']);
  });

  const fleetOf = (missed: readonly string[]): SharedFleet => ({
    id: 'a',
    name: 'host:1',
    members: () => [],
    unreadable: () => 1,
    down: () => undefined,
    endTokens: async () => undefined,
    reach: async () => ({ reached: [], missed }),
  });

  it('says no to a flush and to a revocation that do not reach the whole fleet', async () => {
    await using world = await setUp(fleetOf(['host:2']));
    await world.open();

    const flush = await flushRunning(world.folder, undefined);
    const revoke = await endTokensRunning(world.folder, false);

    expect(flush.answers).toEqual([{ ok: false, said: 'login cache flushed; NOT at host:2, within a second' }]);
    expect(revoke).toEqual(['revoked; NOT at host:2, within a second']);
  });

  it('says yes to both when all are reached', async () => {
    await using world = await setUp(fleetOf([]));
    await world.open();

    const flush = await flushRunning(world.folder, undefined);
    const revoke = await endTokensRunning(world.folder, false);

    expect([flush.answers, revoke]).toEqual([[{ ok: true, said: 'login cache flushed' }], []]);
  });

  it('lists the fleet, and says where a broker is alone', async () => {
    await using alone = await setUp();
    await using world = await setUp(fleetOf([]));
    await Promise.all([alone.open(), world.open()]);

    expect(await listRunning(alone.folder)).toEqual({
      ok: false,
      said: expect.stringMatching(/^this broker is alone/),
    });
    expect(await listRunning(world.folder)).toEqual({
      ok: true,
      said: 'host:1',
      data: { brokers: [], unreadable: 1 },
    });
  });

  it('lists no brokers while the shared store is down, because the list is that of before', async () => {
    await using world = await setUp({ ...fleetOf([]), down: () => 'connection refused' });
    await world.open();

    expect(await listRunning(world.folder)).toEqual({
      ok: false,
      said: 'the shared store is down, and lists no brokers: connection refused',
    });
  });

  it.each([
    ['an unknown command', 'stop', 'the running broker has no command "stop"'],
    ['an incomplete record', 'revoked', 'expected the id, user, service and backend of the revoked token'],
  ])('refuses %s', async (_what, command, said) => {
    await using world = await setUp();
    await world.open();

    expect(await world.ask({ command })).toEqual({ ok: false, said });
    expect([world.audit.events, world.flushed]).toEqual([[], []]);
  });

  it('is missing without a broker, and the commands fail', async () => {
    await using world = await setUp();

    await expect(flushRunning(world.folder, undefined)).rejects.toThrow(/no running broker answers at .*control/);
  });

  it('that cannot be opened is logged, and the broker goes on', async () => {
    await using world = await setUp();
    await writeFile(join(world.folder, 'control'), 'a file');

    await world.open();

    expect(world.log.lines).toMatchObject([
      { level: 'warn', message: expect.stringMatching(/^control socket unavailable/) },
    ]);
  });
});
