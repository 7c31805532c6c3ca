/** Tokens of robots: who creates them, and when they end. */
import { describe, expect, it } from 'vitest';
import { robotsOf } from '../../../src/config/robots-schema.ts';
import { groupName } from '../../../src/core/groups.ts';
import { username } from '../../../src/core/identity.ts';
import type { Identity, Secret } from '../../../src/core/identity.ts';
import type { AccountOwner, RobotOwner } from '../../../src/core/personal-token.ts';
import type { Authenticator, AuthnOutcome } from '../../../src/core/ports.ts';
import { openPersonalTokens } from '../../../src/app/open-personal-tokens.ts';
import { createRobotOwners } from '../../../src/flows/personal-token/robot-owner.ts';
import { BrokerError } from '../../../src/core/errors.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';

const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };
const ALICE: AccountOwner = {
  kind: 'account',
  backend: 'corp',
  subject: 'id alice',
  login: 'Alice',
  username: 'alice',
};
const BOB: AccountOwner = { kind: 'account', backend: 'corp', subject: 'id bob', login: 'bob', username: 'bob' };
const ROBOTS = {
  'web-ci': { owner: { groups: ['Team-Web'] }, about: 'builds of the web team' },
  mirror: { owner: { users: ['Alice', 'carol'] } },
};

const webCi = (createdBy = ALICE): RobotOwner => ({ kind: 'robot', robot: 'web-ci', createdBy });
const mirror = (createdBy = ALICE): RobotOwner => ({ kind: 'robot', robot: 'mirror', createdBy });

/** A directory, in which Alice is a member of team-web, and Bob of no group. */
function open(configured: Parameters<typeof robotsOf>[0] = ROBOTS) {
  const accounts = new Map<string, AuthnOutcome | 'down'>();
  const set = (account: AccountOwner, groups: readonly string[], more: Partial<Identity> = {}): void =>
    void accounts.set(account.subject, {
      kind: 'authenticated',
      identity: {
        username: username(account.username),
        groups: new Set(groups.map((group) => groupName(group, { lowercase: true }))),
        backend: 'corp',
        caseless: true,
        attributes: new Map(),
        subject: account.subject,
        ...more,
      },
    });
  set(ALICE, ['team-web']);
  set(BOB, []);
  const asked: string[] = [];
  const authenticator: Authenticator = {
    name: 'corp',
    type: 'fake',
    authenticate: async () => ({ kind: 'unknown-user' }),
    revalidate: async ({ subject }) => {
      asked.push(subject);
      const outcome = accounts.get(subject) ?? { kind: 'unknown-user' };
      if (outcome === 'down') throw new BrokerError('backend_unavailable', 'the directory is down');
      return outcome;
    },
    probe: async () => ({ state: 'up' }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const clock = fixedClock();
  const audit = recordingAudit();
  const deps = { backends: [{ authenticator, usernames: undefined }], clock, timer: noWaiting, audit };
  const stored = memoryStore<never>({ maxEntries: 1000, clock });
  const tokensWith = (robots: Parameters<typeof robotsOf>[0]) =>
    openPersonalTokens(
      {
        services: {},
        robots,
        personalTokens: { maxPerUser: 2, lifetime: 86_400, maxLifetime: 864_000, requireLimits: false },
      },
      { ...deps, records: { store: () => stored } as never },
    );
  const tokens = tokensWith(configured);
  const create = (owner: RobotOwner, name = 'build') =>
    tokens.issue({ owner, creator: { kind: 'operator' }, name }, REQUEST);
  const problem = async (owner: RobotOwner): Promise<string | undefined> => {
    const issued = await create(owner);
    return issued.kind === 'refused' ? issued.problem : undefined;
  };
  const created = async (owner: RobotOwner): Promise<Secret> => {
    const issued = await create(owner);
    if (issued.kind === 'refused') throw new Error(issued.problem);
    return issued.token;
  };
  const use = (token: Secret, with_ = tokens) => with_.use({ username: '', password: token }, REQUEST);
  return { accounts, set, asked, audit, tokens, tokensWith, problem, created, use, deps };
}

const REFUSED = { code: 'personal_token_refused' };

describe('a token of a robot', () => {
  it('is created for a member of the group that owns the robot, in any case of the name', async () => {
    const world = open();

    const caller = await world.use(await world.created(webCi()));

    expect(caller).toMatchObject({
      identity: { username: 'robot:web-ci', backend: 'robots', caseless: false },
      via: { kind: 'personal-token', name: 'build', createdBy: 'alice' },
    });
    expect([caller.identity.groups.size, caller.identity.attributes.size]).toEqual([0, 0]);
  });

  it('is not created for somebody else, and says who owns the robot', async () => {
    const world = open();

    expect(await world.problem(webCi(BOB))).toBe(
      'no token can be made for robot:web-ci: bob does not own the robot web-ci, which belongs to group Team-Web',
    );
    expect(await world.problem(mirror(BOB))).toContain('which belongs to user Alice, user carol');
    expect(await world.tokens.store.list()).toEqual([]);
  });

  it('is not created for a member of the group as of yesterday', async () => {
    const world = open();
    world.set(ALICE, ['team-api']);

    expect(await world.problem(webCi())).toContain('alice does not own the robot web-ci');
  });

  it('is not created for an account that is disabled, or for a robot that is not configured', async () => {
    const world = open();
    world.accounts.set(ALICE.subject, { kind: 'rejected', reason: 'disabled' });

    expect(await world.problem(webCi())).toContain('alice at corp: disabled');
    expect(await world.problem({ ...webCi(), robot: 'web-cd' })).toContain('the robot web-cd is not configured');
  });

  it('counts for the limit of its robot, whoever creates it', async () => {
    const world = open();
    world.set(BOB, ['team-web']);
    await world.created(webCi());
    await world.created(webCi(BOB));

    expect(await world.problem(webCi())).toContain('robot:web-ci has 2 tokens, and may have 2');
    expect(await world.problem(mirror())).toBe(undefined);
  });

  it('of a group survives the user who created it, without a look-up', async () => {
    const world = open();
    const token = await world.created(webCi());
    world.accounts.delete(ALICE.subject);
    world.asked.length = 0;

    await expect(world.use(token)).resolves.toMatchObject({ identity: { username: 'robot:web-ci' } });
    expect(world.asked).toEqual([]);
  });

  it.each<[string, (world: ReturnType<typeof open>) => void]>([
    ['is deleted', ({ accounts }) => void accounts.delete(ALICE.subject)],
    ['is disabled', ({ accounts }) => void accounts.set(ALICE.subject, { kind: 'rejected', reason: 'disabled' })],
    ['has the name of another account', ({ set }) => set(ALICE, [], { subject: 'id other' })],
    ['has a name that the robot does not belong to', ({ set }) => set({ ...ALICE, username: 'alina' }, [])],
  ])('of a user ends when the account of the user who created it %s', async (_what, leave) => {
    const world = open();
    const token = await world.created(mirror());
    await expect(world.use(token)).resolves.toMatchObject({ identity: { username: 'robot:mirror' } });

    leave(world);

    await expect(world.use(token)).rejects.toMatchObject(REFUSED);
  });

  it('of a user is answered with 503 while the directory is down, and is valid after it', async () => {
    const world = open();
    const token = await world.created(mirror());
    world.accounts.set(ALICE.subject, 'down');
    await expect(world.use(token)).rejects.toMatchObject({ code: 'backend_unavailable' });

    world.set(ALICE, []);

    await expect(world.use(token)).resolves.toMatchObject({ identity: { username: 'robot:mirror' } });
  });

  it('is refused when its robot is no longer configured, or belongs to other users', async () => {
    const world = open();
    const [own, mirrored] = [await world.created(webCi()), await world.created(mirror())];

    const without = world.tokensWith({ mirror: { owner: { users: ['carol'] } } });

    await expect(world.use(own, without)).rejects.toMatchObject(REFUSED);
    await expect(world.use(mirrored, without)).rejects.toMatchObject(REFUSED);
    await expect(world.use(own)).resolves.toBeDefined();
  });

  it('is refused by a broker without robots', async () => {
    const world = open();
    const token = await world.created(webCi());

    await expect(world.use(token, world.tokensWith(undefined))).rejects.toMatchObject(REFUSED);
  });
});

it('a robot owns no robot, even if a configuration could say so', async () => {
  const world = open();
  const robots = robotsOf({ 'web-ci': { owner: { groups: ['team-web'] } } });
  world.set({ ...ALICE, username: 'robot:web-ci' }, ['team-web']);

  const problem = await createRobotOwners({ ...world.deps, robots }).creationProblem(webCi());

  expect(problem).toContain('begins with robot:');
});
