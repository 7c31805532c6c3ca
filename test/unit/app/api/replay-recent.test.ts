/** Recent decisions, made again exactly as they were made. */
import { describe, expect, it } from 'vitest';
import { encodeRecent } from '../../../../src/app/api/recent-texts.ts';
import type { RecentTexts } from '../../../../src/app/api/recent-texts.ts';
import { replayRecent } from '../../../../src/app/api/replay-recent.ts';
import { ANONYMOUS } from '../../../../src/core/identity.ts';
import type { Caller } from '../../../../src/core/identity.ts';
import { decideFor } from '../../../../src/core/policy/decide-for.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { parseScope } from '../../../../src/core/scope.ts';
import { parseStoredLimits } from '../../../../src/core/token-limits.ts';
import { recordDecisions } from '../../../../src/platform/recent-decisions.ts';
import { fixedClock, noWaiting } from '../../../support/fakes.ts';
import { callerOf, conditionWhere, policyOf } from '../../../support/policy-builder.ts';

const SERVICE = 'registry.example.com';
const TIME = 1_780_000_000;
const RULES = [
  { name: 'team', groups: ['team-web'], repositories: ['web/**'], allow: ['pull', 'push'] },
  { name: 'office', users: ['*'], clients: ['10.0.0.0/8'], repositories: ['office/**'], allow: ['pull'] },
  { name: 'department', users: ['*'], repositories: ['{attr:department}/**'], allow: ['pull'] },
  {
    name: 'then',
    users: ['*'],
    match: conditionWhere(({ time }) => time === TIME),
    repositories: ['then/**'],
    allow: ['pull'],
  },
  { name: 'public', everyone: true, repositories: ['public/**'], allow: ['pull'] },
];
const POLICY = policyOf(RULES);

interface Asked {
  readonly caller: Caller;
  readonly scopes: readonly string[];
  readonly client?: string;
  readonly revision?: string;
}

/** The decisions of a policy on requests, as they reach another thread. */
async function recorded(policy: Policy, requests: readonly Asked[], maxCallers?: number): Promise<RecentTexts> {
  const memory = recordDecisions(100, fixedClock(), maxCallers);
  for (const { caller, scopes, client = '10.1.4.7', revision = policy.revision } of requests) {
    const situation = { caller, service: SERVICE, client, time: TIME };
    memory.record({
      type: 'token.issued',
      request: { requestId: 'r', client },
      caller,
      service: SERVICE,
      time: situation.time,
      grants: scopes.map((text) => {
        const asked = parseScope(text);
        if (asked === undefined) throw new Error(`${text} is no scope`);
        return decideFor(policy, situation, asked);
      }),
      attributes: new Map(),
      malformed: [],
      tokenId: 't',
      isReused: false,
      policyRevision: revision,
      expiresIn: 300,
    });
  }
  return structuredClone(await encodeRecent(memory.repeatable(), noWaiting));
}

const ALICE = callerOf({ user: 'alice', groups: ['team-web'], attributes: { 'attr:department': ['sales'] } });
const LIMITED = {
  ...ALICE,
  via: {
    kind: 'personal-token',
    id: '1',
    limits: parseStoredLimits([{ service: SERVICE, repositories: ['web/a'], actions: ['pull'] }]),
  },
} as Caller;
const ALL_SCOPES = ['web/a', 'web/b', 'office/a', 'sales/a', 'then/a', 'other/a', 'public/a'].map(
  (name) => `repository:${name}:pull,push`,
);

describe('recent decisions', () => {
  it('are made again with groups, attributes, limits, address and time as they were', async () => {
    const requests = [ALICE, LIMITED, ANONYMOUS].flatMap((caller) =>
      ['10.1.4.7', '192.0.2.1'].map((client) => ({ caller, scopes: ALL_SCOPES, client })),
    );

    const found = replayRecent(await recorded(POLICY, requests), POLICY, POLICY);

    expect(found).toEqual({
      compared: 42,
      decisions: 0,
      gained: 0,
      lost: 0,
      changes: [],
      unlisted: 0,
      users: [],
      repositories: [],
      outdated: 0,
      withoutCaller: 0,
      withoutScope: 0,
    });
  });

  it('would be seen to change when a part of the caller were missing', async () => {
    const requests = [{ caller: ALICE, scopes: ALL_SCOPES }];
    const nobody = callerOf({ user: 'alice' });

    const right = await recorded(POLICY, requests);
    const { callers } = await recorded(POLICY, [{ caller: nobody, scopes: [] }]);

    expect(replayRecent({ ...right, callers }, POLICY, POLICY).outdated).toBe(3);
  });

  it('change within the limits of the token that was used', async () => {
    const after = policyOf([]);
    const changesOf = async (caller: Caller) =>
      replayRecent(await recorded(POLICY, [{ caller, scopes: ['repository:web/a:pull,push'] }]), POLICY, after).changes;

    expect(await changesOf(LIMITED)).toMatchObject([{ user: 'alice', before: ['pull'], after: [] }]);
    expect(await changesOf(ALICE)).toMatchObject([{ user: 'alice', before: ['pull', 'push'], after: [] }]);
  });

  it('have no value for an attribute that only the new policy names and the backend does not deliver', async () => {
    const after = policyOf([...RULES, { users: ['*'], repositories: ['{claim:team}/**'], allow: ['pull'] }]);

    const found = replayRecent(await recorded(POLICY, [{ caller: ALICE, scopes: ALL_SCOPES }]), POLICY, after);

    expect(found).toMatchObject({ compared: 7, decisions: 0 });
  });

  it('that lack their caller or some scopes are counted, and not guessed', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `repository:web/${index}:pull`);
    const [room, noRoom] = [10_000, 10];

    const cut = replayRecent(await recorded(POLICY, [{ caller: ALICE, scopes: many }], room), POLICY, policyOf([]));
    const unknown = replayRecent(
      await recorded(POLICY, [{ caller: ALICE, scopes: many }], noRoom),
      POLICY,
      policyOf([]),
    );

    expect(cut).toMatchObject({ compared: 8, decisions: 8, withoutScope: 4, withoutCaller: 0 });
    expect(unknown).toMatchObject({ compared: 0, decisions: 0, changes: [], withoutScope: 4, withoutCaller: 8 });
  });

  it('of an earlier policy are compared with the policy in force, and counted where it decides otherwise', async () => {
    const earlier = policyOf([]);
    const requests = [{ caller: ALICE, scopes: ['repository:web/a:pull', 'repository:other/a:pull'] }];

    const found = replayRecent(await recorded(earlier, requests), POLICY, POLICY);

    expect(found).toMatchObject({ compared: 2, decisions: 0, outdated: 1 });
  });
});
