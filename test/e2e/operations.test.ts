/** What operators do to a broker, and what happens to it: files change, directories go, it is told to stop. */
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { allOutput, claimsOf, MAIN, startBroker } from '../support/broker.ts';
import type { Broker, BrokerOptions, Files } from '../support/broker.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { SLAPD } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { startSlapd } from '../support/slapd.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { freePort, waitFor } from '../support/wait.ts';

const SERVICE = 'registry.example.com';
const ASK_WEB = `service=${SERVICE}&scope=repository:web/a:pull,push`;
const ASK_PUBLIC = `service=${SERVICE}&scope=repository:public/a:pull`;
const ALICE = { user: 'alice', password: 'alice-operations-33' } as const;
const READERS_POLICY = TEAM_POLICY.replace('"pull","push"', '"pull"');

const BASE = {
  services: { [SERVICE]: { anonymous: 'allow' } },
  backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
  policy: 'policy.yaml',
} as const;

async function usersYaml(password: string = ALICE.password, groups: readonly string[] = ['team-web']): Promise<string> {
  return JSON.stringify({ users: { alice: { password: await hashPassword(password), groups } } });
}

async function staticBroker(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const files: Files = { 'users.yaml': await usersYaml(), 'policy.yaml': TEAM_POLICY, ...options.files };
  return startBroker({ config: BASE, ...options, files });
}

async function actions(broker: Broker, query = ASK_WEB, login: typeof ALICE | undefined = ALICE): Promise<unknown> {
  const { body } = await broker.token(query, login);
  const [entry] = claimsOf(body['token'])['access'] as readonly { readonly actions: readonly string[] }[];
  return entry?.actions ?? [];
}

describe('files that are wrong', () => {
  it.each([
    ['broker.yaml', { config: { ...BASE, polcy: 'policy.yaml' } }, /broker\.yaml:\d+:\d+: polcy: .*did you mean/],
    [
      'policy.yaml',
      { files: { 'policy.yaml': 'rules:\n  - name: a\n    evryone: true\n' } },
      /policy\.yaml:3:5: rules\.0\.evryone/,
    ],
  ])('a misspelt key in %s ends serve and check with 2 and its place', async (_file, options, message) => {
    await using broker = await staticBroker({ ...options, ready: false });

    const served = await broker.process.exited;
    const checked = await run(process.execPath, [MAIN, 'check', '--config', join(broker.folder, 'broker.yaml')]);

    expect([served.code, checked.code]).toEqual([2, 2]);
    expect(broker.process.stderr()).toMatch(message);
    expect(checked.stderr).toMatch(message);
  });
});

describe('files that change while it runs', () => {
  it('decides by a new policy, and by the old one as long as the new one is bad', async () => {
    await using broker = await staticBroker();
    const atFirst = await actions(broker);

    await broker.write('policy.yaml', 'rules: [{ name: broken, everyone: true, allow: pul }]');
    const line = await broker.waitForLine(
      ({ level, message }) => level === 'error' && message.includes('policy NOT reloaded'),
    );
    const whileBad = await actions(broker);
    await broker.write('policy.yaml', READERS_POLICY);
    await waitFor('the new policy', async () => JSON.stringify(await actions(broker)) === '["pull"]');

    expect([atFirst, whileBad]).toEqual([
      ['pull', 'push'],
      ['pull', 'push'],
    ]);
    expect(String(line['cause'])).toMatch(/policy\.yaml:1:\d+/);
  });

  it('lets new users in and old passwords out', async () => {
    await using broker = await staticBroker();
    expect((await broker.token(ASK_WEB, ALICE)).status).toBe(200);

    await broker.write('users.yaml', await usersYaml('a-new-password-44'));
    await waitFor(
      'the new users',
      async () => (await broker.token(ASK_WEB, { ...ALICE, password: 'a-new-password-44' })).status === 200,
    );

    expect((await broker.token(ASK_WEB, ALICE)).status).toBe(401);
  });

  it('takes the swap of a symbolic link, as Kubernetes does it, for a change', async () => {
    await using broker = await staticBroker({
      config: { ...BASE, policy: 'mounted/policy.yaml' },
      ready: false,
      files: {},
    });
    await broker.process.exited;
    const { folder } = broker;
    for (const [version, policy] of [
      ['v1', TEAM_POLICY],
      ['v2', READERS_POLICY],
    ] as const) {
      await mkdir(join(folder, `mounted/${version}`), { recursive: true });
      await writeFile(join(folder, `mounted/${version}/policy.yaml`), policy);
    }
    await symlink('v1', join(folder, 'mounted/..data'));
    await symlink('..data/policy.yaml', join(folder, 'mounted/policy.yaml'));
    await using mounted = await staticBroker({ config: { ...BASE, policy: join(folder, 'mounted/policy.yaml') } });
    expect(await actions(mounted)).toEqual(['pull', 'push']);

    await symlink('v2', join(folder, 'mounted/..data_tmp'));
    await rename(join(folder, 'mounted/..data_tmp'), join(folder, 'mounted/..data'));

    await waitFor('the mounted policy', async () => JSON.stringify(await actions(mounted)) === '["pull"]');
  });

  it('reads them again when it is told to', async () => {
    await using broker = await staticBroker();

    broker.signal('SIGHUP');

    await broker.waitForLine(({ message }) => message === 'policy reloaded');
    await broker.waitForLine(({ message }) => message === 'backend local reloaded');
  });
});

describe('what operators look at', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;
  let admin: string;

  beforeAll(async () => {
    const port = await freePort();
    admin = `http://127.0.0.1:${port}`;
    broker = resources.use(await staticBroker({ config: { ...BASE, admin: { listen: `127.0.0.1:${port}` } } }));
    await broker.token(ASK_WEB, ALICE);
    await broker.token(ASK_WEB, { ...ALICE, password: 'wrong-password-55' });
  });
  afterAll(() => resources.disposeAsync());

  it('readiness names each backend and the policy in force', async () => {
    const response = await fetch(`${broker.url}/readyz`);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ready',
      backends: { local: 'up' },
      policy: { revision: expect.stringMatching(/^[0-9a-f]{12}$/), stale: false },
    });
  });

  it('metrics count decisions and logins, on the admin listener only', async () => {
    const page = await (await fetch(`${admin}/metrics`)).text();

    expect(page).toContain(`fairlead_decisions_total{service="${SERVICE}",outcome="all"} 1`);
    expect(page).toContain('fairlead_logins_total{backend="local",outcome="rejected",source="backend"} 1');
    expect(page).toMatch(/fairlead_login_seconds_count\{backend="local",outcome="authenticated"\} 1/);
    expect(page).not.toContain('alice');
    expect((await fetch(`${broker.url}/metrics`)).status).toBe(404);
  });

  it('the log has one line for each decision, with all that an audit asks', async () => {
    const line = broker.log().find(({ event }) => event === 'token.issued');

    expect(line).toMatchObject({
      user: 'alice',
      client: '127.0.0.1',
      backend: 'local',
      service: SERVICE,
      asked: ['repository:web/a:pull,push'],
      granted: ['repository:web/a:pull,push'],
      rules: ['teams own their namespace'],
      tokenId: expect.any(String),
      policy: expect.stringMatching(/^[0-9a-f]{12}$/),
      requestId: expect.any(String),
    });
    expect(broker.log().filter(({ event }) => event === 'token.issued')).toHaveLength(1);
  });
});

describe('stopping', () => {
  it('loses no request when it is told to stop under load', async () => {
    await using broker = await staticBroker();
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const outcomes: string[] = [];
    let isOver = false;
    const client = async (): Promise<void> => {
      while (!isOver) outcomes.push(await ask(agent, broker.port));
    };
    const clients = Array.from({ length: 50 }, client);
    await waitFor('load', () => outcomes.length > 500);

    broker.signal('SIGTERM');
    // As a load balancer does: it looks at readiness, and sends nobody there once that is gone.
    await waitFor('unreadiness', async () => (await fetch(`${broker.url}/readyz`)).status === 503);
    const before = outcomes.length;
    await waitFor('requests that are served all the same', () => outcomes.length > before + 200);
    isOver = true;
    await Promise.all(clients);
    agent.destroy();
    const exit = await broker.process.exited;

    expect(exit).toEqual({ code: 0, signal: null });
    expect([...new Set(outcomes)]).toEqual(['200']);
    expect(broker.log().map(({ message }) => message)).toContain('stopped');
  });
});

/** The status, or the code of the error. */
function ask(agent: Agent, port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  request({ agent, host: '127.0.0.1', port, path: `/token?${ASK_PUBLIC}` }, (response) => {
    response.resume();
    response.on('end', () => resolve(String(response.statusCode)));
    response.on('error', (error: NodeJS.ErrnoException) => resolve(`cut: ${error.code}`));
  })
    .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    .end();
  return promise;
}

describe.skipIf(findPart(SLAPD) === undefined)('a directory that goes', () => {
  const resources = new AsyncDisposableStack();
  let slapd: Slapd;
  let broker: Broker;

  beforeAll(async () => {
    slapd = resources.use(await startSlapd());
    broker = resources.use(
      await startBroker({
        config: {
          ...BASE,
          // Nothing remembered: each login reaches the directory.
          shield: { remember: '0s', rememberWrong: '0s', rememberRefused: '0s', wrongPasswords: { max: 0 } },
          backends: [
            {
              name: 'corp',
              type: 'ldap',
              preset: 'openldap',
              urls: [slapd.url],
              tls: { mode: 'none' },
              bind: { dn: slapd.bindDn, password: { file: 'ldap.password' } },
              users: { base: `ou=people,${slapd.baseDn}` },
              groups: { base: `ou=groups,${slapd.baseDn}` },
            },
          ],
        },
        files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': TEAM_POLICY },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  const alice = () => ({ user: slapd.people.alice.username, password: slapd.people.alice.password });

  it('is sent nothing for an empty password, and something for a wrong one', async () => {
    await broker.token(ASK_WEB, alice());
    const before = slapd.operations().binds.length;
    const empty = await broker.token(ASK_WEB, { ...alice(), password: '' });
    const afterEmpty = slapd.operations().binds.length;
    const wrong = await broker.token(ASK_WEB, { ...alice(), password: 'wrong-password-66' });

    expect([empty.status, wrong.status]).toEqual([401, 401]);
    expect(afterEmpty).toBe(before);
    await waitFor('the bind in the log', () => slapd.operations().binds.length > before);
  });

  it('refuses hostile names in the same words and at the same pace, and finds nobody by them', async () => {
    const names = [
      'alice',
      'nobody',
      '*',
      'ali*',
      ')(uid=*',
      'alice)(|(uid=*',
      'x'.repeat(300),
      'al\0ice',
      '\\2a',
      ' alice',
    ];

    const answers = [];
    for (const user of names) answers.push(await broker.token(ASK_WEB, { user, password: 'wrong-password-66' }));

    const words = answers.map(
      ({ status, body }) => `${status} ${JSON.stringify(body).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')}`,
    );
    expect(new Set(words).size).toBe(1);
    expect(answers[0]?.status).toBe(401);
    for (const { took } of answers) expect(took).toBeGreaterThanOrEqual(249);
  });

  it('makes logins 503 within 8 s, never anonymous, and is back within 2 s of its return', async () => {
    expect((await broker.token(ASK_WEB, alice())).status).toBe(200);
    const answers: {
      readonly status: number;
      readonly took: number;
      readonly token: unknown;
      readonly retry: string | null;
    }[] = [];
    let isOver = false;
    const load = Array.from({ length: 10 }, async () => {
      while (!isOver) {
        const { status, took, body, headers } = await broker.token(ASK_WEB, alice());
        answers.push({ status, took, token: body['token'], retry: headers.get('retry-after') });
      }
    });
    await waitFor('load', () => answers.length > 50);

    await slapd.stop();
    await waitFor('refusals', () => answers.filter(({ status }) => status === 503).length > 20);
    const anonymous = await broker.token(ASK_PUBLIC);
    const readiness = await fetch(`${broker.url}/readyz`);
    await slapd.start();
    const returned = performance.now();
    await waitFor('a login', async () => (await broker.token(ASK_WEB, alice())).status === 200, { timeoutMs: 2000 });
    await waitFor('readiness', async () => (await fetch(`${broker.url}/readyz`)).status === 200, { timeoutMs: 2000 });
    const back = performance.now() - returned;
    isOver = true;
    await Promise.all(load);

    expect([...new Set(answers.map(({ status }) => status))].toSorted((a, b) => a - b)).toEqual([200, 503]);
    for (const { status, took, token, retry } of answers) {
      expect(took).toBeLessThan(8500);
      if (status === 503) expect({ token, retry }).toEqual({ token: undefined, retry: expect.stringMatching(/^\d+$/) });
      else expect(claimsOf(token)).toMatchObject({ sub: 'alice' });
    }
    expect(anonymous.status).toBe(200);
    expect(readiness.status).toBe(503);
    expect(back).toBeLessThan(2000);
  });
});

describe('the logs of all brokers of these tests', () => {
  it('hold no password and no token, by a search that would find one', () => {
    const secrets = [
      ALICE.password,
      'wrong-password-55',
      'wrong-password-66',
      'a-new-password-44',
      'reads-the-directory-4',
      'eyJ',
    ];
    const finds = (text: string): readonly string[] => secrets.filter((secret) => text.includes(secret));
    const everything = allOutput.map(({ read }) => read()).join('\n');

    expect(finds(`${everything} ${ALICE.password}`)).toEqual([ALICE.password]);
    expect(everything).toContain('token issued');
    expect(finds(everything)).toEqual([]);
  });
});
