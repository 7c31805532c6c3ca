/** The broker as a whole with tokens for passwords: routing, the grants, the ends of tokens, the log, `check --token`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, claimsOf, MAIN, startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { AUDIENCE, githubClaims, gitlabClaims, kubernetesClaims } from '../support/ci-claims.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProvider } from '../support/openid-provider.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { SLAPD, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { newSigningKey, startCanary, startTokenIssuer } from '../support/token-issuer.ts';
import type { Canary, Claims, TokenIssuer } from '../support/token-issuer.ts';
import { directoryBackend } from '../support/user-sources.ts';

const SERVICE = 'registry.example.com';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const scopeOf = (repository: string): string => `repository:${repository}:pull,push`;

const POLICY = JSON.stringify({
  rules: [
    {
      name: 'repositories own their namespace',
      groups: ['repo:{owner}/{name}'],
      repositories: ['{owner}/{name}/**'],
      allow: ['pull', 'push'],
    },
    {
      name: 'projects own their namespace',
      groups: ['project:{team}/{name}'],
      repositories: ['{team}/{name}/**'],
      allow: ['pull', 'push'],
    },
    {
      name: 'namespaces own theirs',
      groups: ['namespace:{namespace}'],
      repositories: ['{namespace}/**'],
      allow: ['pull', 'push'],
    },
    { name: 'runs own theirs', users: ['*'], repositories: ['runs/{claim:run_id}/**'], allow: ['pull', 'push'] },
    {
      name: 'teams own their namespace',
      groups: ['team-{team}'],
      repositories: ['{team}/**'],
      allow: ['pull', 'push'],
    },
  ],
});

describe.skipIf(findPart(SLAPD) === undefined)('a broker that takes tokens and passwords', () => {
  const resources = new AsyncDisposableStack();
  let github: TokenIssuer;
  let gitlab: TokenIssuer;
  let cluster: TokenIssuer;
  let slapd: Slapd;
  let provider: OpenIdProvider;
  let canary: Canary;
  let broker: Broker;

  beforeAll(async () => {
    github = resources.use(await startTokenIssuer());
    gitlab = resources.use(await startTokenIssuer({ algorithm: 'ES256' }));
    cluster = resources.use(await startTokenIssuer());
    cluster.requireBearer('token-of-the-brokers-own-pod');
    slapd = resources.use(await startSlapd());
    provider = resources.use(await startOpenIdProvider());
    canary = resources.use(await startCanary());
    broker = resources.use(
      await startBroker({
        config: {
          services: { [SERVICE]: { anonymous: 'allow' } },
          shield: { wrongPasswords: { max: 2, maxPerAddress: 3 } },
          backends: [
            directoryBackend(slapd),
            {
              name: 'sso',
              type: 'oidc-password',
              issuer: provider.issuer,
              client: { id: provider.clientId, secret: { env: 'SSO_CLIENT_SECRET' } },
            },
            {
              name: 'github',
              type: 'oidc-token',
              preset: 'github-actions',
              issuer: github.issuer,
              audience: AUDIENCE,
              bound: { repository: 'octo-org/*' },
              caFile: github.caFile,
            },
            {
              name: 'gitlab',
              type: 'oidc-token',
              preset: 'gitlab-ci',
              issuer: gitlab.issuer,
              audience: AUDIENCE,
              bound: { namespace_path: ['shop', 'shop/*'] },
              caFile: gitlab.caFile,
            },
            {
              name: 'cluster',
              type: 'oidc-token',
              preset: 'kubernetes',
              issuer: cluster.issuer,
              audience: AUDIENCE,
              bound: 'everyone',
              caFile: cluster.caFile,
              keys: { url: cluster.jwksUrl, bearer: { file: 'cluster.token' } },
            },
          ],
          policy: 'policy.yaml',
        },
        env: { SSO_CLIENT_SECRET: provider.clientSecret },
        files: {
          'policy.yaml': POLICY,
          'ldap.password': slapd.bindPassword,
          'cluster.token': 'token-of-the-brokers-own-pod',
        },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  const ask = (token: string, repository: string, user = 'ci') =>
    broker.token(`service=${SERVICE}&scope=${scopeOf(repository)}`, { user, password: token });
  const granted = (registryToken: unknown): readonly string[] => {
    const access = claimsOf(registryToken)['access'] as readonly {
      readonly name: string;
      readonly actions: readonly string[];
    }[];
    return access.map(({ name, actions }) => `${name}:${actions.join()}`);
  };
  const post = async (form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${broker.url}/token`, { method: 'POST', headers, body: new URLSearchParams(form) });
    return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
  };

  describe('gives what the token’s repository, project or namespace maps to, and nothing else', () => {
    it.each([
      ['GitHub', () => github.sign(githubClaims()), 'octo-org/octo-app/image', 'octo-org/other/image'],
      [
        'GitHub, for another repository',
        () => github.sign(githubClaims({ repository: 'octo-org/other' })),
        'octo-org/other/image',
        'octo-org/octo-app/image',
      ],
      [
        'GitHub, with upper case',
        () => github.sign(githubClaims({ repository: 'octo-org/Octo-App' })),
        'octo-org/octo-app/image',
        'octo-org/app/image',
      ],
      ['GitHub, by a claim in a pattern', () => github.sign(githubClaims()), 'runs/1234/image', 'runs/1235/image'],
      ['GitLab', () => gitlab.sign(gitlabClaims()), 'shop/web/image', 'shop/api/image'],
      ['Kubernetes', () => cluster.sign(kubernetesClaims()), 'team-web/image', 'team-api/image'],
    ])('%s', async (_what, token, own, others) => {
      const ours = await ask(token(), own);
      const theirs = await ask(token(), others);

      expect([ours.status, theirs.status]).toEqual([200, 200]);
      expect(granted(ours.body['token'])).toEqual([`${own}:pull,push`]);
      expect(granted(theirs.body['token'])).toEqual([]);
    });

    it('whatever name is typed, and none', async () => {
      for (const user of ['', 'oidc', 'alice', 'git\u00FC']) {
        const { status, body } = await ask(github.sign(githubClaims()), 'octo-org/octo-app/image', user);

        expect(status).toBe(200);
        expect(claimsOf(body['token'])['sub']).toBe('github:74');
      }
    });
  });

  describe('ends its token with theirs', () => {
    it('when that is soon', async () => {
      const exp = Math.floor(Date.now() / 1000) + 90;
      const { body } = await ask(github.sign(githubClaims({ exp })), 'octo-org/octo-app/image');

      expect(claimsOf(body['token'])['exp']).toBe(exp);
      expect(Number(body['expires_in'])).toBeLessThanOrEqual(90);
      expect(Number(body['expires_in'])).toBeGreaterThan(80);
    });

    it('and not later than configured when it is not', async () => {
      const exp = Math.floor(Date.now() / 1000) + 7200;
      const { body } = await ask(github.sign(githubClaims({ exp })), 'octo-org/octo-app/image');

      expect(body['expires_in']).toBeCloseTo(900, -1);
    });
  });

  describe('refuses with 401 and a reason of its own in the log', () => {
    const seconds = (from: number): number => Math.floor(Date.now() / 1000) + from;
    const foreign = { ...newSigningKey() };
    const refusals: readonly (readonly [string, (claims: Claims) => string, string])[] = [
      [
        'another audience',
        (claims) => github.sign({ ...claims, aud: 'https://github.com/octo-org' }),
        'wrong-audience',
      ],
      ['a token expired by a minute', (claims) => github.sign({ ...claims, exp: seconds(-60) }), 'token-expired'],
      ['an unsigned token', (claims) => github.unsigned(claims), 'unsigned-token'],
      ['HS256 with the public key', (claims) => github.signWithPublicKey(claims), 'algorithm-not-allowed'],
      ['an unlisted issuer', (claims) => github.sign({ ...claims, iss: canary.url }), 'unlisted-issuer'],
      [
        'a foreign key with its address',
        (claims) =>
          github.sign(claims, { key: foreign, header: { jku: `${canary.url}/jku`, x5u: `${canary.url}/x5u` } }),
        'unknown-key',
      ],
      ['another owner', (claims) => github.sign({ ...claims, repository: 'evil/app' }), 'claim-not-bound'],
    ];

    it.each(refusals)('%s', async (_what, tokenOf, reason) => {
      const { status, headers, body } = await ask(tokenOf(githubClaims()), 'octo-org/octo-app/image');

      expect(status).toBe(401);
      expect(body).toMatchObject({
        errors: [
          { code: 'UNAUTHORIZED', message: expect.stringContaining('the token given as password is not accepted') },
        ],
      });
      const line = await broker.waitForLine(({ requestId, event }) => {
        return event === 'token.refused' && requestId === headers.get('x-request-id');
      });
      expect(line).toMatchObject({ code: 'token_refused', reason, cause: expect.stringMatching(`^${reason}`) });
      expect(canary.calls()).toEqual([]);
    });

    it('and does not count that against anybody’s password or address', async () => {
      for (let sent = 0; sent < 6; sent++) {
        expect((await ask(github.unsigned(githubClaims()), 'octo-org/octo-app/image', 'alice')).status).toBe(401);
      }
      const { username: user, password } = slapd.people.alice;

      expect((await broker.token(`service=${SERVICE}`, { user, password })).status).toBe(200);
    });

    it('and keeps a token that stands where the name belongs out of the log', async () => {
      const { headers } = await broker.token(`service=${SERVICE}`, {
        user: github.sign(githubClaims()),
        password: 'x',
      });
      const id = headers.get('x-request-id');

      expect(
        await broker.waitForLine(({ requestId, event }) => event === 'token.refused' && requestId === id),
      ).toMatchObject({
        user: '[token]',
      });
    });
  });

  describe('keeps tokens from directory and password grant', () => {
    it.each([
      ['right', () => github.sign(githubClaims())],
      ['wrong', () => github.unsigned(githubClaims())],
      ['unlisted', () => github.sign({ ...githubClaims(), iss: 'https://elsewhere.example' })],
      ['malformed', () => `${github.sign(githubClaims())}\n`],
    ])('%s ones', async (what, token) => {
      const user = `token-${what}`;
      await ask(token(), 'octo-org/octo-app/image', user);

      const { searches } = await slapd.settled();
      expect(searches.filter((filter) => filter.includes(user))).toEqual([]);
      expect(provider.requests().filter(({ username }) => username === user)).toEqual([]);
    });

    it('which passwords reach', async () => {
      const { status } = await ask('a.pass.word', 'octo-org/octo-app/image', 'with-password');

      expect(status).toBe(401);
      const { searches } = await slapd.settled();
      expect(searches.some((filter) => filter.includes('with-password'))).toBe(true);
      expect(provider.requests().some(({ username }) => username === 'with-password')).toBe(true);
    });
  });

  describe('by POST', () => {
    const form = { service: SERVICE, scope: scopeOf('octo-org/octo-app/image') };

    it('exchanges a token (RFC 8693)', async () => {
      for (const type of [ID_TOKEN, 'urn:ietf:params:oauth:token-type:jwt']) {
        const exchange = {
          ...form,
          grant_type: EXCHANGE,
          subject_token: github.sign(githubClaims()),
          subject_token_type: type,
        };
        const { status, body } = await post(exchange);

        expect(status).toBe(200);
        expect(body).toMatchObject({
          token_type: 'Bearer',
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          scope: form.scope,
        });
        expect(body['refresh_token']).toBeUndefined();
        expect(granted(body['access_token'])).toEqual(['octo-org/octo-app/image:pull,push']);
      }
    });

    it('takes the service from the audience of an exchange', async () => {
      const { status } = await post({
        grant_type: EXCHANGE,
        audience: SERVICE,
        subject_token: github.sign(githubClaims()),
        subject_token_type: ID_TOKEN,
      });

      expect(status).toBe(200);
    });

    it('takes an assertion (RFC 7523)', async () => {
      const { status, body } = await post({ ...form, grant_type: BEARER, assertion: gitlab.sign(gitlabClaims()) });

      expect(status).toBe(200);
      expect(claimsOf(body['access_token'])['sub']).toBe('gitlab:20');
      expect([body['issued_token_type'], body['refresh_token']]).toEqual([undefined, undefined]);
    });

    it('takes a token in the password grant, and gives no refresh token that is asked for', async () => {
      const password = github.sign(githubClaims());
      const { status, body } = await post({
        ...form,
        grant_type: 'password',
        username: 'ci',
        password,
        access_type: 'offline',
      });
      const got = await broker.token(`service=${SERVICE}&offline_token=true`, { user: 'ci', password });

      expect([status, got.status]).toEqual([200, 200]);
      expect([body['refresh_token'], got.body['refresh_token']]).toEqual([undefined, undefined]);
    });

    const good = (): string => github.sign(githubClaims());
    it.each([
      ['without a token', () => ({ grant_type: EXCHANGE, subject_token_type: ID_TOKEN }), 400, 'invalid_request'],
      ['without an assertion', () => ({ grant_type: BEARER }), 400, 'invalid_request'],
      ['without the kind of token', () => ({ grant_type: EXCHANGE, subject_token: good() }), 400, 'invalid_request'],
      [
        'with another kind of token',
        () => ({
          grant_type: EXCHANGE,
          subject_token: good(),
          subject_token_type: 'urn:ietf:params:oauth:token-type:saml2',
        }),
        400,
        'invalid_request',
      ],
      [
        'that wants a refresh token',
        () => ({
          grant_type: EXCHANGE,
          subject_token: good(),
          subject_token_type: ID_TOKEN,
          requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token',
        }),
        400,
        'invalid_request',
      ],
      [
        'on behalf of somebody else',
        () => ({ grant_type: EXCHANGE, subject_token: good(), subject_token_type: ID_TOKEN, actor_token: good() }),
        400,
        'invalid_request',
      ],
      [
        'of a password',
        () => ({ grant_type: EXCHANGE, subject_token: 'alice', subject_token_type: ID_TOKEN }),
        401,
        'invalid_grant',
      ],
      [
        'of a wrong token',
        () => ({ grant_type: BEARER, assertion: github.unsigned(githubClaims()) }),
        401,
        'invalid_grant',
      ],
    ])('refuses a grant %s', async (_what, fields, status, error) => {
      expect(await post({ ...form, ...fields() })).toMatchObject({ status, body: { error } });
    });

    it('refuses a grant with an Authorization header, which is another credential', async () => {
      const header = basic({ user: slapd.people.alice.username, password: slapd.people.alice.password });

      expect(await post({ ...form, grant_type: BEARER, assertion: good() }, header)).toMatchObject({ status: 400 });
    });
  });

  describe('check --token', () => {
    const check = (token: string, ...more: readonly string[]) =>
      run(process.execPath, [MAIN, 'check', '--config', `${broker.folder}/broker.yaml`, '--token', ...more], {
        stdin: `${token}\n`,
        env: { ...process.env, SSO_CLIENT_SECRET: provider.clientSecret },
      });
    const signatureOf = (token: string): string => token.split('.')[2] ?? '';

    it('explains a right one, claim by claim', async () => {
      const token = github.sign(githubClaims());
      const { code, stdout, stderr } = await check(token);

      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(stdout).toContain('header alg: "RS256"\n');
      expect(stdout).toContain('claim repository: "octo-org/octo-app"\n');
      expect(stdout).toMatch(/claim exp: \d+ \(20\d\d-.*Z, in \d+ s\)\n/);
      expect(stdout).toContain('ok: backend github: its audience is registry.example.com\n');
      expect(stdout).toContain('ok: backend github: the user is github:74\n');
      expect(stdout).toContain(
        'repo:octo-org/octo-app repo-id:74 event:octo-org/octo-app@push ref:octo-org/octo-app@refs/heads/main\n',
      );
      expect(stdout).not.toContain(signatureOf(token));
    });

    it.each([
      [
        'another audience',
        () => github.sign(githubClaims({ aud: 'x' })),
        'backend github: wrong-audience: the audience is "x"',
      ],
      ['the past', () => gitlab.sign(gitlabClaims({ exp: 1_700_000_000 })), 'backend gitlab: token-expired: it ended'],
      [
        'another issuer',
        () => github.sign({ ...githubClaims(), iss: 'https://x.example' }),
        'unlisted-issuer: no backend',
      ],
      ['something else', () => 'password', 'the input is not a token'],
      ['nothing', () => '', 'the input is not a token'],
    ])('names the first thing that fails with a token of %s', async (_what, token, problem) => {
      const { code, stdout } = await check(token());

      expect(code).toBe(1);
      const failed = stdout.split('\n').filter((line) => line.startsWith('FAILED'));
      expect(failed).toEqual([expect.stringContaining(problem)]);
    });

    it('shows no terminal what a token wants it to do', async () => {
      const { stdout } = await check(github.sign({ ...githubClaims(), '\u001B[2J': '\u001B]0;title\u0007' }));

      expect(stdout).toContain('title');
      expect(stdout).not.toContain('\u001B');
    });

    it('gives programs the same answer', async () => {
      const token = github.sign(githubClaims());
      const { stdout } = await check(token, '--format', 'json');

      const report = JSON.parse(stdout) as {
        readonly token: readonly string[];
        readonly steps: readonly { readonly ok: boolean }[];
      };
      expect(report.token).toContain('header alg: "RS256"');
      expect(report.steps.every(({ ok }) => ok)).toBe(true);
      expect(stdout).not.toContain(signatureOf(token));
    });
  });
});
