/** What administrators see of a user who leaves, and what ends. */
import { expect, it } from 'vitest';
import { adminDeps } from '../../../src/app/console-admin.ts';
import { tokenStoresIn } from '../../../src/app/token-stores.ts';
import type { Robot } from '../../../src/core/robot.ts';
import type { AdminAreaDeps } from '../../../src/http/console/admin.ts';
import { rememberDecisions } from '../../../src/platform/recent-decisions.ts';
import { memoryRecords } from '../../support/console-app.ts';
import { realClock, recordingAudit } from '../../support/fakes.ts';
import { openTokenWorld, OWNER } from '../../support/personal-token-world.ts';

const HOUR = 3600;
const BY = { request: { requestId: 'r-1', client: '10.1.4.7' }, by: 'olga' };

/** alice has created a token for a robot of her own, and one for the robot of a group. */
async function openDeps(): Promise<AdminAreaDeps> {
  const records = memoryRecords();
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
    recent: rememberDecisions(10, realClock),
    backends: [],
    records,
    onRevoked: async () => undefined,
    endLogins: async () => undefined,
    fleet: undefined,
    robots: new Map([robot('alice-ci', 'users'), robot('web-ci', 'groups')]),
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
  expect(await shown(deps)).toEqual(['web-ci false']);
});
