/** The backend `oidc-token` against an issuer of the test, which speaks HTTPS with a certificate of a private authority. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/identity.ts';
import type { Identity } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock } from '../../src/core/ports.ts';
import { AUDIENCE, githubClaims, gitlabClaims, kubernetesClaims } from '../support/ci-claims.ts';
import { realClock, recordingLog } from '../support/fakes.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { createTokenBackend, present } from '../support/token-backend.ts';
import { newSigningKey, startCanary, startTokenIssuer } from '../support/token-issuer.ts';
import type { Canary, TokenIssuer } from '../support/token-issuer.ts';

const BUDGET_MS = 8000;
const PROMPT_MS = 3000;

function identityOf(outcome: AuthnOutcome): Identity {
  if (outcome.kind !== 'authenticated') throw new Error(`expected authenticated, found ${inspect(outcome)}`);
  return outcome.identity;
}

const plain = ({ groups }: Identity): readonly string[] => [...groups].toSorted();
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** The clock of this machine, and a hand on it. */
function shiftableClock(): Clock & { advance(seconds: number): void } {
  let offset = 0;
  return {
    now: realClock.now,
    monotonic: () => realClock.monotonic() + offset * 1000,
    advance: (seconds) => {
      offset += seconds;
    },
  };
}

describe('acceptance 19: the ID token of a CI system or cluster as the password', () => {
  const resources = new AsyncDisposableStack();
  let issuer: TokenIssuer;
  let canary: Canary;
  const log = recordingLog();

  beforeAll(async () => {
    issuer = resources.use(await startTokenIssuer());
    canary = resources.use(await startCanary());
  });
  afterAll(() => resources.disposeAsync());

  const open = async (config: Readonly<Record<string, unknown>> = {}): Promise<Authenticator> =>
    resources.use(
      await createTokenBackend({ log, config: { issuer: issuer.issuer, caFile: issuer.caFile, ...config } }),
    );

  describe('a right one', () => {
    it('of GitHub Actions is the job’s identity, its repository a group like any other', async () => {
      const backend = await open({ preset: 'github-actions', bound: { repository_owner_id: 65 } });

      const identity = identityOf(await present(backend, issuer.sign(githubClaims({ environment: 'production' }))));

      expect(identity).toMatchObject({ username: 'github:74', backend: 'ci' });
      expect(plain(identity)).toEqual([
        'environment:octo-org/octo-app@production',
        'event:octo-org/octo-app@push',
        'ref:octo-org/octo-app@refs/heads/main',
        'repo-id:74',
        'repo:octo-org/octo-app',
      ]);
      expect(identity.attributes.get('claim:repository_owner_id')).toEqual(['65']);
      expect(identity.attributes.has('claim:actor')).toBe(false);
      expect(identity.attributes.has('claim:aud')).toBe(false);
    });

    it('of GitLab CI is the job’s identity', async () => {
      const backend = await open({ preset: 'gitlab-ci', bound: { namespace_path: ['shop', 'shop/*'] } });

      const identity = identityOf(await present(backend, issuer.sign(gitlabClaims({ project_path: 'shop/eu/web' }))));

      expect(identity.username).toBe('gitlab:20');
      expect(plain(identity)).toEqual(['project-id:20', 'project:shop/eu/web', 'ref:shop/eu/web@branch/main']);
    });

    it('of Kubernetes is the service account’s identity, whose claims stand in objects', async () => {
      const backend = await open({ preset: 'kubernetes' });

      const identity = identityOf(await present(backend, issuer.sign(kubernetesClaims())));

      expect(identity.username).toBe('system:serviceaccount:team-web:builder');
      expect(plain(identity)).toEqual(['namespace:team-web', 'serviceaccount:team-web/builder']);
      expect(identity.attributes.get('claim:/kubernetes.io/namespace')).toEqual(['team-web']);
      expect(identity.attributes.get('claim:/kubernetes.io/serviceaccount/uid')).toEqual(['14ee3fa4']);
    });

    it('of a real OpenID provider is taken as any other', async () => {
      await using provider = await startOpenIdProvider();
      await using backend = await createTokenBackend({
        config: {
          issuer: provider.issuer,
          audience: provider.clientId,
          username: 'sso:{claim:preferred_username}',
          groups: ['{claim:groups}'],
        },
      });
      const { username, password } = provider.people[0] ?? { username: '', password: '' };
      const answer = await fetch(`${provider.issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${provider.clientId}:${provider.clientSecret}`)}` },
        body: new URLSearchParams({ grant_type: 'password', username, password, scope: 'openid profile' }),
      });
      const { id_token: token } = (await answer.json()) as { readonly id_token: string };

      const identity = identityOf(await present(backend, token));

      expect(identity.username).toBe('sso:alice');
      expect(plain(identity)).toEqual(['team-web']);
    });

    it('may be signed with an elliptic curve, without a key id, and name several audiences', async () => {
      await using curves = await startTokenIssuer({ algorithm: 'ES256' });
      await using backend = await createTokenBackend({ config: { issuer: curves.issuer, caFile: curves.caFile } });
      curves.rotate();
      const claims = { sub: 'job', aud: ['another', AUDIENCE] };

      for (const header of [{}, { kid: undefined }]) {
        expect(identityOf(await present(backend, curves.sign(claims, { header }))).username).toBe('job');
      }
    });

    it('ends no later than the token, and says so', async () => {
      const end = inSeconds(77);

      expect(identityOf(await present(await open(), issuer.sign({ ...githubClaims(), exp: end }))).notAfter).toBe(end);
    });

    it('may come from an issuer with a path, whatever address its keys have', async () => {
      await using tenant = await startTokenIssuer({ path: '/realms/corp' });
      const config = { issuer: tenant.issuer, caFile: tenant.caFile };
      await using discovered = await createTokenBackend({ config });
      await using configured = await createTokenBackend({ config: { ...config, keys: { url: tenant.jwksUrl } } });

      for (const backend of [discovered, configured]) {
        expect((await present(backend, tenant.sign(githubClaims()))).kind).toBe('authenticated');
      }
      expect(tenant.calls()).toEqual([
        '/realms/corp/.well-known/openid-configuration',
        '/realms/corp/keys',
        '/realms/corp/keys',
      ]);
    });
  });

  describe('a wrong one is refused, each with its own reason, and nothing that it names is asked', () => {
    let backend: Authenticator;
    beforeAll(async () => {
      backend = await open({ preset: 'github-actions', bound: { repository: 'octo-org/*', ref_protected: true } });
      // Warm: what follows needs no more of the issuer.
      expect((await present(backend, issuer.sign(githubClaims()))).kind).toBe('authenticated');
    });
    afterEach(() => {
      expect(canary.calls()).toEqual([]);
    });

    const refusals: readonly (readonly [string, () => string, string])[] = [
      [
        'for another audience',
        () => issuer.sign(githubClaims({ aud: 'https://github.com/octo-org' })),
        'wrong-audience',
      ],
      ['for several others', () => issuer.sign(githubClaims({ aud: ['a', `${AUDIENCE}.evil`] })), 'wrong-audience'],
      ['for no audience', () => issuer.sign(githubClaims({ aud: undefined })), 'wrong-audience'],
      ['expired by a minute', () => issuer.sign(githubClaims({ exp: inSeconds(-60) })), 'token-expired'],
      ['about to expire', () => issuer.sign(githubClaims({ exp: inSeconds(5) })), 'token-expired'],
      ['without an end', () => issuer.sign(githubClaims({ exp: undefined })), 'unusable-claims'],
      ['from the future', () => issuer.sign(githubClaims({ nbf: inSeconds(120) })), 'token-not-yet-valid'],
      ['unsigned', () => issuer.unsigned(githubClaims()), 'unsigned-token'],
      ['HS256 signed with the public key', () => issuer.signWithPublicKey(githubClaims()), 'algorithm-not-allowed'],
      ['signed with a foreign key under a known id', () => foreign(), 'bad-signature'],
      ['with a signature that is cut off', () => issuer.sign(githubClaims()).slice(0, -8), 'bad-signature'],
      ['with claims of another token', () => withClaimsOf(githubClaims({ repository: 'octo-org/b' })), 'bad-signature'],
      ['with a key nobody has', () => issuer.sign(githubClaims(), { key: newSigningKey() }), 'unknown-key'],
      ['of somebody else’s repository', () => issuer.sign(githubClaims({ repository: 'evil/app' })), 'claim-not-bound'],
      [
        'of a repository whose name begins with the same text',
        () => issuer.sign(githubClaims({ repository: 'octo-org-2/a' })),
        'claim-not-bound',
      ],
      ['without a bound claim', () => issuer.sign(githubClaims({ ref_protected: undefined })), 'claim-not-bound'],
      [
        'without the claim of the user name',
        () => issuer.sign(githubClaims({ repository_id: undefined })),
        'unusable-claims',
      ],
      [
        'with a user name of control characters',
        () => issuer.sign(githubClaims({ repository_id: 'a\0b' })),
        'unusable-claims',
      ],
      [
        'that lives for ten years',
        () => issuer.sign(githubClaims({ exp: inSeconds(315_360_000) })),
        'token-lifetime-too-long',
      ],
      [
        'with a group that could be another',
        () => issuer.sign(githubClaims({ repository: 'octo-org/a@b' })),
        'unusable-claims',
      ],
      ['with extensions', () => issuer.sign(githubClaims(), { header: { crit: ['x'], x: 1 } }), 'malformed-token'],
      ['that is an access token', () => issuer.sign(githubClaims(), { header: { typ: 'at+jwt' } }), 'malformed-token'],
      ['with a line break behind it', () => `${issuer.sign(githubClaims())}\n`, 'malformed-token'],
      ['that is encrypted', () => `${issuer.sign(githubClaims())}.a.b`, 'malformed-token'],
      ['of 17 KiB', () => issuer.sign(githubClaims({ note: 'x'.repeat(13_000) })), 'malformed-token'],
    ];

    /** Signed by somebody else, who says where to find the key. */
    function foreign(): string {
      const key = { ...newSigningKey(), kid: kidOf(issuer.sign({})) };
      const header = {
        jku: `${canary.url}/jku`,
        x5u: `${canary.url}/x5u`,
        jwk: key.publicKey.export({ format: 'jwk' }),
      };
      return issuer.sign(githubClaims(), { key, header });
    }

    function withClaimsOf(claims: Readonly<Record<string, unknown>>): string {
      const [header, , signature] = issuer.sign(githubClaims()).split('.');
      return [header, issuer.sign(claims).split('.')[1], signature].join('.');
    }

    it.each(refusals)('%s', async (_what, token, reason) => {
      const outcome = await present(backend, token());

      expect(outcome).toMatchObject({ kind: 'rejected', reason, detail: expect.any(String) });
    });

    it('of an unlisted issuer: another backend may know it, and its own address is not asked', async () => {
      const token = issuer.sign({ ...githubClaims(), iss: canary.url });

      expect(await present(backend, token)).toEqual({ kind: 'unknown-user' });
    });

    it.each([
      ['a slash behind it', () => `${issuer.issuer}/`],
      ['upper case', () => issuer.issuer.toUpperCase()],
      ['a path', () => `${issuer.issuer}/x`],
    ])('of an issuer that differs by %s', async (_what, iss) => {
      expect(await present(backend, issuer.sign({ ...githubClaims(), iss: iss() }))).toEqual({ kind: 'unknown-user' });
    });

    it('and the right one is taken all the while', async () => {
      expect((await present(backend, issuer.sign(githubClaims()))).kind).toBe('authenticated');
    });

    it('with no part of it in outcome or log', async () => {
      for (const [, token] of refusals) {
        const text = token();
        const output = inspect([await present(backend, text), log.lines], {
          depth: Infinity,
          maxStringLength: Infinity,
        });
        for (const part of text
          .trim()
          .split('.')
          .filter(({ length }) => length > 40))
          expect(output).not.toContain(part);
      }
    });
  });

  it('the address that was never asked would have shown a request', async () => {
    await using other = await startCanary();

    await fetch(`${other.url}/jku`);

    expect(other.calls()).toEqual(['/jku']);
  });

  describe('the keys', () => {
    const own = new AsyncDisposableStack();
    const clock = shiftableClock();
    let rotating: TokenIssuer;
    let backend: Authenticator;

    beforeEach(async () => {
      rotating = own.use(await startTokenIssuer());
      const config = { issuer: rotating.issuer, caFile: rotating.caFile, timeout: '2s' };
      backend = own.use(await createTokenBackend({ clock, config }));
    });
    afterAll(() => own.disposeAsync());

    const arrive = async (token = rotating.sign(githubClaims())): Promise<AuthnOutcome> =>
      backend.authenticate({ username: '', password: new Secret(token) }, deadlineIn(clock, BUDGET_MS));

    it('are fetched once for many', async () => {
      await Promise.all(Array.from({ length: 10 }, () => arrive()));
      await arrive();

      expect(rotating.calls()).toEqual(['/.well-known/openid-configuration', '/keys']);
    });

    it('that are new are taken at once, and withdrawn ones when they are noticed', async () => {
      const old = rotating.sign(githubClaims());
      expect((await arrive(old)).kind).toBe('authenticated');

      rotating.rotate({ keep: false });
      expect((await arrive()).kind).toBe('authenticated');
      expect(await arrive(old)).toMatchObject({ kind: 'rejected', reason: 'unknown-key' });
    });

    it('are not asked for over and over because somebody invents their ids', async () => {
      await arrive();
      for (let sent = 0; sent < 20; sent++) {
        expect(await arrive(rotating.sign(githubClaims(), { key: newSigningKey('ES256') }))).toMatchObject({
          reason: 'unknown-key',
        });
      }

      expect(rotating.calls().filter((path) => path === '/keys').length).toBeLessThanOrEqual(4);
    });

    it.each(['error', 'hang', 'html', 'redirect'] as const)(
      'are kept while the issuer is down (%s), long after they should be renewed',
      async (how) => {
        expect((await arrive()).kind).toBe('authenticated');
        rotating.behave(how);
        clock.advance(3600);

        expect((await arrive()).kind).toBe('authenticated');
        expect(await backend.probe(deadlineIn(clock, BUDGET_MS))).toEqual({ state: 'up' });
        expect(rotating.calls()).not.toContain('/elsewhere');
      },
    );

    it.each(['error', 'hang', 'html', 'redirect'] as const)(
      'that were never had (%s) are an outage and no refusal, and are had once the issuer is back',
      async (how) => {
        rotating.behave(how);
        const started = performance.now();
        await expect(arrive()).rejects.toMatchObject({ name: 'BrokerError', code: 'backend_unavailable' });
        expect(performance.now() - started).toBeLessThan(5000);
        expect(await backend.probe(deadlineIn(clock, BUDGET_MS))).toMatchObject({ state: 'down' });

        rotating.behave('well');
        expect((await arrive()).kind).toBe('authenticated');
        expect(await backend.probe(deadlineIn(clock, BUDGET_MS))).toEqual({ state: 'up' });
      },
    );

    it('of an unknown id are an outage, too, while nobody knows which ones are valid', async () => {
      await arrive();
      rotating.rotate();
      rotating.behave('error');

      await expect(arrive()).rejects.toMatchObject({ code: 'backend_unavailable' });
    });

    it('come from nobody but whom the authority vouches for', async () => {
      await using unchecked = await createTokenBackend({ config: { issuer: rotating.issuer } });

      await expect(present(unchecked, rotating.sign(githubClaims()))).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringMatching(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/),
      });
    });

    it('may want a token of the broker’s own, which only their address gets', async () => {
      rotating.requireBearer('token-of-the-broker-77');
      const keys = { url: rotating.jwksUrl, bearer: { env: 'CLUSTER_TOKEN' } };
      const config = { preset: 'kubernetes', issuer: rotating.issuer, caFile: rotating.caFile, keys };
      await using cluster = await createTokenBackend({ config, bearer: 'token-of-the-broker-77' });
      await using without = await createTokenBackend({ config, bearer: 'another' });

      expect((await present(cluster, rotating.sign(kubernetesClaims()))).kind).toBe('authenticated');
      await expect(present(without, rotating.sign(kubernetesClaims()))).rejects.toMatchObject({
        code: 'backend_unavailable',
        message: expect.stringContaining('answered 401'),
      });
    });
  });

  describe('files', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
      resources.defer(() => rm(folder, { recursive: true, force: true }));
    });

    it('with keys replace the network, and are read again', async () => {
      await using offline = await startTokenIssuer();
      const file = join(folder, 'keys.json');
      const key = newSigningKey();
      const write = (keys: readonly (typeof key)[]): Promise<void> =>
        writeFile(
          file,
          JSON.stringify({ keys: keys.map(({ publicKey, kid }) => ({ ...publicKey.export({ format: 'jwk' }), kid })) }),
        );
      await write([key]);
      await using backend = await createTokenBackend({ config: { issuer: offline.issuer, keys: { file } } });
      const token = offline.sign(githubClaims(), { key });

      expect(backend.watches).toEqual([file]);
      expect((await present(backend, token)).kind).toBe('authenticated');

      await write([newSigningKey()]);
      await backend.reload?.();
      expect(await present(backend, token)).toMatchObject({ kind: 'rejected', reason: 'unknown-key' });

      await writeFile(file, '{}');
      await expect(backend.reload?.()).rejects.toThrow('keys.json: expected a JSON Web Key Set');
      expect(offline.calls()).toEqual([]);
    });

    it.each([
      ['no JSON', 'keys', 'expected a JSON object'],
      ['no keys', '{"keys": []}', 'found no public key'],
      ['symmetric keys only', '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', 'found no public key'],
    ])('with %s are reported at start', async (_what, text, problem) => {
      const file = join(folder, 'bad.json');
      await writeFile(file, text);

      await expect(
        createTokenBackend({ config: { issuer: 'https://ci.example.com', keys: { file } } }),
      ).rejects.toThrow(problem);
    });

    it('with authorities are read again', async () => {
      const file = join(folder, 'ca.pem');
      await using other = await startTokenIssuer();
      await writeFile(file, await readFile(other.caFile));
      await using backend = await createTokenBackend({ config: { issuer: issuer.issuer, caFile: file } });
      const token = issuer.sign(githubClaims());
      await expect(present(backend, token)).rejects.toMatchObject({ code: 'backend_unavailable' });

      await writeFile(file, await readFile(issuer.caFile));
      await backend.reload?.();

      expect((await present(backend, token)).kind).toBe('authenticated');
    });
  });

  describe('the backend', () => {
    it('takes tokens and says so', async () => {
      expect((await open()).accepts).toBe('tokens');
    });

    it.each(['', ' ', '\0', 'password', 'a.b.c', 'x'.repeat(65_536)])('never authenticates %j', async (text) => {
      expect(await present(await open(), text)).toMatchObject({ kind: 'rejected', reason: 'malformed-token' });
    });

    it.each([0, -1000])('answers promptly when the deadline is %d ms away', async (budget) => {
      const backend = await open();
      const started = performance.now();
      const late = present(backend, issuer.sign(githubClaims()), budget);

      await expect(late).rejects.toMatchObject({ name: 'BrokerError', code: 'backend_unavailable' });
      expect(performance.now() - started).toBeLessThan(PROMPT_MS);
    });

    it('may be disposed of twice', async () => {
      const backend = await createTokenBackend({ config: { issuer: issuer.issuer, caFile: issuer.caFile } });

      await backend[Symbol.asyncDispose]();
      await expect(backend[Symbol.asyncDispose]()).resolves.toBeUndefined();
    });

    it('explains what it does, up to what fails', async () => {
      const backend = await open({ preset: 'github-actions', bound: { repository: 'octo-org/*' } });
      const explain = async (token: string) =>
        backend.explainToken?.(new Secret(token), deadlineIn(realClock, BUDGET_MS));

      const right = await explain(issuer.sign(githubClaims()));
      const wrong = await explain(issuer.sign(githubClaims({ repository: 'evil/app' })));
      const other = await explain(issuer.sign({ ...githubClaims(), iss: 'https://elsewhere.example' }));

      expect(right?.steps.every(({ ok }) => ok)).toBe(true);
      expect(right?.steps.map(({ text }) => text).join('\n')).toContain('the groups are repo:octo-org/octo-app');
      expect(wrong?.steps.at(-1)).toEqual({
        ok: false,
        text: 'claim-not-bound: the claim repository is "evil/app", expected octo-org/*',
      });
      expect(other?.isOwn).toBe(false);
    });
  });
});

function kidOf(token: string): string {
  const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
    readonly kid: string;
  };
  return kid;
}
