/** What an administrator does to a person on the pages of the console. */
import { describe, expect, it } from 'vitest';
import { adminDeps } from '../../../src/app/console-admin.ts';
import type { AdminDeps } from '../../../src/app/console-admin.ts';
import { openRecords } from '../../../src/app/open-records.ts';
import { tokenStoresIn } from '../../../src/app/token-stores.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { personalTokenSecrets } from '../../../src/platform/personal-token-secrets.ts';
import type { SharedFleet } from '../../../src/platform/valkey/shared-store.ts';
import { fixedClock, recordingAudit, recordingLog } from '../../support/fakes.ts';
import { workspace } from '../cli/workspace.ts';

const NOW = 1_780_000_000;
const ENDING = { request: { requestId: 'r1', client: '192.0.2.1' }, by: 'admin' };
const FLEET: SharedFleet = {
  id: 'a',
  name: 'host:1',
  members: () => [],
  unreadable: () => 0,
  down: () => undefined,
  endTokens: async () => undefined,
  reach: async () => ({ reached: ['host:2'], missed: [] }),
};

/** The pages about people, with a personal token of alice. */
async function world(fleet: SharedFleet | undefined) {
  await using resources = new AsyncDisposableStack();
  const files = resources.use(await workspace());
  const { config } = await loadBroker(files.config);
  const clock = fixedClock(NOW);
  const audit = recordingAudit();
  const records = resources.use(await openRecords(config, { clock, log: recordingLog() }));
  const { personalTokens } = tokenStoresIn(records, clock);
  const owner = { kind: 'account', backend: 'local', subject: 'alice', login: 'alice', username: 'alice' } as const;
  const times = { createdAt: NOW, expiresAt: NOW + 600 };
  const digest = personalTokenSecrets.digest(personalTokenSecrets.make());
  await personalTokens.put(digest, { owner, name: 'laptop', createdBy: 'alice', ...times }, 600);
  const calls: string[] = [];
  const recent: AdminDeps['recent'] = {
    find: () => ({ found: [], more: 0 }),
    byRequest: () => undefined,
    capacity: 0,
    count: () => 0,
    since: () => NOW,
  };
  const pages = adminDeps(config, {
    api: async () => Promise.reject(new Error('no page about a person needs it')),
    recent,
    backends: [],
    records,
    onRevoked: () => void calls.push('revoked'),
    endLogins: async () => void calls.push('end logins'),
    fleet,
    robots: new Map(),
    audit,
    clock,
  });
  const running = resources.move();
  return { pages, calls, personalTokens, audit, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

describe('to end everything of a person', () => {
  it('ends tokens, cached logins and signed tokens, at all brokers, in the name of the administrator', async () => {
    await using here = await world(FLEET);

    const done = await here.pages.endPerson('alice', ENDING);

    expect(done).toBe(
      'Ended: 0 sessions, 0 allowed logins of programs, 0 refresh tokens, 1 personal tokens; also at host:2.',
    );
    expect(here.calls).toEqual(['revoked', 'end logins']);
    expect(await here.personalTokens.list()).toEqual([]);
    expect(here.audit.events).toMatchObject([{ type: 'personal-token', outcome: 'revoked', by: 'admin' }]);
  });

  it('says so when the other brokers are not reached, because what has ended here stays ended', async () => {
    await using here = await world({ ...FLEET, endTokens: async () => Promise.reject(new Error('no reply')) });

    const done = await here.pages.endPerson('alice', ENDING);

    expect(done).toMatch(/^Ended: .*1 personal tokens.*; NOT at other brokers, .*: no reply\.$/);
    expect(await here.personalTokens.list()).toEqual([]);
  });

  it('ends nothing of somebody else', async () => {
    await using here = await world(undefined);

    expect(await here.pages.endPerson('bob', ENDING)).toMatch(/^Ended: .*0 personal tokens\.$/);
    expect(await here.personalTokens.list()).toHaveLength(1);
  });
});
