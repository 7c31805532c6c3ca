/** What administrators see of a user who leaves, and what ends. */
import { expect, it } from 'vitest';
import { adminDeps } from '../../../src/app/console-admin.ts';
import type { AdminDeps } from '../../../src/app/console-admin.ts';
import { tokenStoresIn } from '../../../src/app/token-stores.ts';
import type { Robot } from '../../../src/core/robot.ts';
import type { SharedFleet } from '../../../src/platform/valkey/shared-store.ts';
import type { AdminAreaDeps } from '../../../src/http/console/admin.ts';
import { recordDecisions } from '../../../src/platform/recent-decisions.ts';
import { memoryRecords } from '../../support/console-app.ts';
import { realClock, recordingAudit } from '../../support/fakes.ts';
import { openTokenWorld, OWNER } from '../../support/personal-token-world.ts';

const HOUR = 3600;
const BY = { request: { requestId: 'r-1', client: '10.1.4.7' }, by: 'olga' };

/** alice has created a token for a robot of her own, and one for the robot of a group. */
async function openDeps({
  records = memoryRecords(),
  findAsleep = async () => () => false,
  fleet,
}: Partial<AdminDeps> = {}): Promise<AdminAreaDeps> {
  const { personalTokens } = tokenStoresIn(records, realClock);
  const world = openTokenWorld();
  for (const robot of ['alice-ci', 'web-ci']) await world.issued({ name: robot });
  for (const { key, value } of await world.store.list()) {
    const owner = { kind: 'robot', robot: value.name, createdBy: OWNER } as const;
    await personalTokens.put(key, { ...value, owner }, HOUR);
  }
  const robot = (name: string, ownedBy: Robot['ownedBy']): [string, Robot] => [
    name,
    { name, about: '', ownedBy, owner: { groups: [], users: [] } as unknown as Robot['owner'] },
  ];
  return adminDeps({
    recent: recordDecisions(10, realClock),
    backends: [],
    records,
    onRevoked: async () => undefined,
    endLogins: async () => undefined,
    fleet,
    robots: new Map([robot('alice-ci', 'users'), robot('web-ci', 'groups')]),
    findAsleep,
    audit: recordingAudit(),
    clock: realClock,
  });
}

const shown = async ({ person }: AdminAreaDeps): Promise<readonly string[] | undefined> =>
  (await person('alice'))?.robotTokens
    .map(({ token, endsWithPerson }) => `${token.robot} ${endsWithPerson}`)
    .toSorted();

it('the page of a user shows the tokens that the user created for robots, and which end with the user', async () => {
  expect(await shown(await openDeps())).toEqual(['alice-ci true', 'web-ci false']);
});

it('a token for the robot of a group stays and is still shown after everything of its creator has ended', async () => {
  const deps = await openDeps();

  const done = await deps.endPerson('alice', BY);

  expect(done).toMatch(/^Ended: .*\b1 personal token\b/);
  expect(done).not.toMatch(/\b0 /);
  expect(await shown(deps)).toEqual(['web-ci false']);
});

it('a user without tokens or sessions has nothing to end, and the spelling that has some is named', async () => {
  const deps = await openDeps();

  expect(await deps.person('ALICE')).toBeUndefined();
  expect(await deps.otherSpellings('ALICE')).toEqual(['alice']);
  expect(await deps.endPerson('ALICE', BY)).toBe(
    'Nothing was ended: nobody named "ALICE" has tokens or sessions; did you mean "alice"?',
  );
});

it('the page of a user marks the tokens and sign-ins that are asleep until the next sign-in', async () => {
  const records = memoryRecords();
  const { personalTokens, sessions } = tokenStoresIn(records, realClock);
  const { backend, subject, login, username } = OWNER;
  const now = realClock.now();
  const times = { createdAt: now, usedAt: now, expiresAt: now + HOUR };
  await personalTokens.put('a'.repeat(64), { owner: OWNER, name: 'laptop', createdBy: 'alice', ...times }, HOUR);
  const session = {
    backend,
    subject,
    login,
    username,
    signedInAt: { backend },
    client: '10.1.4.7',
    program: 'Firefox',
  };
  await sessions.put('b'.repeat(64), { ...session, ...times }, HOUR);
  const states = async ({ person }: AdminAreaDeps) => {
    const found = await person('alice');
    const tokens = [...(found?.tokens ?? []), ...(found?.robotTokens ?? []).map(({ token }) => token)];
    return [tokens.map(({ name, state }) => `${name} ${state}`), found?.signIns.map(({ isAsleep }) => isAsleep)];
  };
  const findAsleep: AdminDeps['findAsleep'] = async () => (owner) => !('kind' in owner && owner.kind === 'robot');

  const asleep = await states(await openDeps({ records, findAsleep }));
  const awake = await states(await openDeps({ records: memoryRecords() }));

  expect(asleep).toEqual([['laptop asleep', 'alice-ci expired', 'web-ci expired'], [true]]);
  expect(awake).toEqual([['alice-ci expired', 'web-ci expired'], []]);
});

it('the page of the fleet has the backends of each broker, as that broker found them', async () => {
  const backends = [{ name: 'corp', state: 'down', since: 10, askedAt: 20 }] as const;
  const member = { ageMs: 400, epoch: 1, revisions: {} };
  const fleet: SharedFleet = {
    id: 'a',
    name: 'fairlead-0',
    members: () => [
      { ...member, id: 'a', name: 'fairlead-0', backends },
      { ...member, id: 'b', name: 'of an earlier version' },
    ],
    unreadable: () => 0,
    down: () => undefined,
    endTokens: async () => undefined,
    reach: async () => ({ reached: [], missed: [] }),
  };

  const { brokers } = (await openDeps({ fleet })).fleet();

  expect(brokers).toEqual([
    { name: 'fairlead-0', isThisOne: true, silentFor: 0, revisions: {}, backends },
    { name: 'of an earlier version', isThisOne: false, silentFor: 0, revisions: {} },
  ]);
});
