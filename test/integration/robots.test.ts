/** Robots of a broker with a directory: who creates their tokens, who leaves, and what the log says. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsOf, MAIN, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { run } from '../support/process.ts';
import { postForm } from '../support/refresh-tokens.ts';
import { noteSecret } from '../support/secrets.ts';
import { GROUPS_DN, PEOPLE, PEOPLE_DN } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { directoryBackend } from '../support/user-sources.ts';

const SERVICE = 'registry.example.com';
const ALICE_DN = `uid=alice,${PEOPLE_DN}`;
const TEAM_WEB = `cn=team-web,${GROUPS_DN}`;
const ROBOTS = {
  'web-ci': { owner: { groups: ['Team-Web'] } },
  'web-dn': { owner: { groups: [`CN=team-web, ${GROUPS_DN.toUpperCase()}`] } },
  mirror: { owner: { users: ['Alice'] } },
};
const POLICY = `rules:
  - { name: builds, users: ["robot:*"], repositories: ["web/**"], allow: [pull, push] }
  - { name: users, users: ["*"], repositories: ["home/**"], allow: [pull] }
`;

type Four = [string, string, string, string];

interface Access {
  readonly name: string;
  readonly actions: readonly string[];
}

describe.skipIf(!canRunSlapd())('robots whose owners are in a directory', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let broker: Broker;
  let stateDir: string;
  let [build, byDn, limited, mirror]: Four = ['', '', '', ''];

  const start = (robots: object): Promise<Broker> =>
    startBroker({
      config: {
        stateDir,
        services: { [SERVICE]: {} },
        personalTokens: {},
        robots,
        backends: [directoryBackend(slapd)],
        policy: 'policy.yaml',
        shield: { remember: '0s' },
      },
      files: { 'policy.yaml': POLICY, 'ldap.password': slapd.bindPassword },
    });

  beforeAll(async () => {
    slapd = resources.use(await startSlapd());
    noteSecret(slapd.bindPassword);
    stateDir = await mkdtemp(join(tmpdir(), 'fairlead-robots-'));
    resources.defer(() => rm(stateDir, { recursive: true, force: true }));
    broker = resources.use(await start(ROBOTS));
    const orders = [
      ['--robot', 'web-ci'],
      ['--robot', 'web-dn'],
      ['--robot', 'web-ci', '--name', 'nightly', '--limit', `${SERVICE} web/** pull`],
      ['--robot', 'mirror'],
    ].map((order) => create(...order, '--by', 'alice'));
    [build, byDn, limited, mirror] = (await Promise.all(orders)).map(({ token }) => token) as Four;
  });
  afterAll(() => resources.disposeAsync());

  const create = async (...args: readonly string[]) => {
    const found = await run(process.execPath, [
      MAIN,
      'tokens',
      'create',
      '--config',
      join(broker.folder, 'broker.yaml'),
      ...args,
    ]);
    const token = found.stdout.trim();
    noteSecret(token);
    return { ...found, token };
  };
  const ask = async (token: string, scope = 'repository:web/a:pull,push', user = 'robot:web-ci') => {
    const { status, body } = await broker.token(`service=${SERVICE}&scope=${scope}`, { user, password: token });
    const claims = status === 200 ? claimsOf(body['token']) : {};
    const access = (claims['access'] ?? []) as readonly Access[];
    return { status, access: access.map(({ name, actions }) => `${name}: ${actions.join()}`) };
  };

  it('have tokens that members of the group create, by its name or its DN in another spelling', async () => {
    expect(await ask(build)).toEqual({ status: 200, access: ['web/a: pull,push'] });
    expect(await ask(byDn)).toEqual({ status: 200, access: ['web/a: pull,push'] });

    const { code, stderr } = await create('--robot', 'web-ci', '--by', 'bob');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('bob does not own the robot web-ci, which belongs to group Team-Web') as string,
    });
  });

  it('get what rules give robots, within the limits of the token, and nothing that is for any user', async () => {
    expect(await ask(limited)).toEqual({ status: 200, access: ['web/a: pull'] });
    expect(await ask(limited, 'repository:web/a:push')).toEqual({ status: 200, access: [] });
    expect(await ask(build, 'repository:home/a:pull')).toEqual({ status: 200, access: [] });
  });

  it('are named in the log, with the token and the user who created it', async () => {
    await ask(limited);

    const line = await broker.waitForLine(
      (one) => one['event'] === 'token.issued' && (one['via'] as { name?: string } | undefined)?.name === 'nightly',
    );

    expect(line).toMatchObject({
      user: 'robot:web-ci',
      backend: 'robots',
      groups: [],
      rules: ['builds'],
      limited: ['repository:web/a:push'],
      via: { kind: 'personal-token', name: 'nightly', createdBy: 'alice' },
    });
  });

  it('log in by any user name with the token, also by the whole name of the robot, which has a colon', async () => {
    for (const user of ['', 'robot', 'alice', 'robot:web-ci']) {
      expect(await ask(build, 'repository:web/a:pull', user)).toMatchObject({ status: 200 });
    }
    const damaged = await ask('flp_damaged', 'repository:web/a:pull', 'robot:web-ci');
    expect(damaged.status).toBe(401);
    expect((await slapd.settled()).searches.join()).not.toContain('robot');
  });

  it('are not the users of a directory that have their name: such a user is refused', async () => {
    const password = 'robot-binds-with-this-6';
    noteSecret(password);
    await slapd.change(`dn: uid=Robot:web-ci,${PEOPLE_DN}
changetype: add
objectClass: inetOrgPerson
uid: Robot:web-ci
cn: posing
sn: posing
userPassword: ${password}
`);
    const form = { grant_type: 'password', username: 'robot:web-ci', password, service: SERVICE };

    const answer = await postForm(broker, form);

    expect(answer.status).toBe(401);
    expect(await broker.waitForLine((line) => line['reason'] === 'ambiguous')).toMatchObject({
      event: 'token.refused',
    });
  });

  it('survive a leaver where they belong to a group, and end with the user where they belong to users', async () => {
    expect(await ask(mirror)).toMatchObject({ status: 200 });

    await slapd.change(`dn: ${TEAM_WEB}\nchangetype: modify\nreplace: member\nmember: uid=carol,${PEOPLE_DN}\n`);
    const [former, current] = await Promise.all(
      ['alice', 'carol'].map((user) => create('--robot', 'web-ci', '--by', user)),
    );
    await slapd.change(`dn: ${ALICE_DN}\nchangetype: delete\n`);

    expect(former?.stderr).toContain('alice does not own the robot web-ci');
    expect(current?.code).toBe(0);
    expect(await ask(build)).toEqual({ status: 200, access: ['web/a: pull,push'] });
    expect(await ask(mirror)).toMatchObject({ status: 401 });
    // An account with the name of the one that left is another account.
    await slapd.change(`dn: ${ALICE_DN}
changetype: add
objectClass: inetOrgPerson
uid: alice
cn: alice
sn: alice
userPassword: ${PEOPLE.alice.password}
`);
    expect(await ask(mirror)).toMatchObject({ status: 401 });
  });

  it('have no token that is accepted when their entry is removed from the configuration', async () => {
    const { 'web-ci': _, ...others } = ROBOTS;
    await using again = await start(others);

    const { status } = await again.token(`service=${SERVICE}`, { user: '', password: build });

    expect(status).toBe(401);
    expect(await again.waitForLine((line) => line['event'] === 'personal-token')).toMatchObject({
      user: 'robot:web-ci',
      outcome: 'refused',
      cause: 'the robot web-ci is not configured',
    });
  });
});
