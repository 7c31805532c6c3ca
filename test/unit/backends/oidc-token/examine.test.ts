/** What a token is refused for and what is advised, with keys in a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCluster } from '../../../../src/backends/oidc-token/cluster.ts';
import { deadlineIn } from '../../../../src/core/deadline.ts';
import { Secret } from '../../../../src/core/identity.ts';
import { buildkite } from '../../../../src/backends/oidc-token/presets/buildkite.ts';
import { realClock } from '../../../support/fakes.ts';
import { SYSTEMS, withClaim } from '../../../support/preset-tokens.ts';
import { createTokenBackend } from '../../../support/token-backend.ts';
import { newSigningKey, signWith } from '../../../support/token-issuer.ts';
import type { Claims } from '../../../support/token-issuer.ts';

const AUDIENCE = 'registry.example.com';
const ISSUER = 'https://ci.example.com/Path';
const KEY = newSigningKey('ES256');
const PUBLIC = { ...KEY.publicKey.export({ format: 'jwk' }), kid: KEY.kid };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-examine-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Options {
  readonly config?: object;
  readonly header?: Claims;
  /** Members of the key in the file. */
  readonly key?: object;
}

/** The last step of the examination. */
async function lastStep(claims: Claims, { config = {}, header = {}, key = {} }: Options = {}): Promise<string> {
  const file = join(folder, 'keys.json');
  await writeFile(file, JSON.stringify({ keys: [{ ...PUBLIC, ...key }] }));
  await using backend = await createTokenBackend({ config: { issuer: ISSUER, keys: { file }, groups: [], ...config } });
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, aud: AUDIENCE, sub: 'job', iat: now, exp: now + 300, ...claims };
  const token = signWith(KEY, all, header);
  const { steps = [] } = (await backend.explainToken?.(new Secret(token), deadlineIn(realClock, 5000))) ?? {};
  return steps.findLast(({ text }) => text !== 'no group')?.text ?? '';
}

describe('a token of another issuer', () => {
  it.each([
    [`${ISSUER}/`, 'they differ by a / at the end'],
    ['https://CI.example.com/Path', 'they differ in upper and lower case'],
    ['https://ci.example.com/path', 'they differ in upper and lower case'],
    ['https://evil.example', `its issuer is "https://evil.example", not ${ISSUER}`],
  ])('is not of this backend, and the step says how they differ: %s', async (iss, text) => {
    expect(await lastStep({ iss })).toContain(text);
  });
});

describe('a claim that is missing', () => {
  it('comes with how a job asks for it', async () => {
    const { sample } = buildkite;
    const config = { preset: 'buildkite', issuer: sample['iss'], bound: { organization_id: '1' } };

    expect(await lastStep(withClaim(sample, 'organization_id', undefined), { config })).toBe(
      'claim-not-bound: the claim organization_id is missing, expected 1; how to get it: --claim organization_id',
    );
  });

  it.each([
    [
      'https://sts.amazonaws.com/org_id',
      { 'https://sts.amazonaws.com/': { org_id: 'o-1' } },
      '/https:~1~1sts.amazonaws.com~1/org_id',
    ],
    ['namespace', { 'kubernetes.io': { namespace: 'x' } }, '/kubernetes.io/namespace'],
    ['/claims/team', { team: 'x' }, 'team'],
  ])('comes with the claim of the same name in another place: %s', async (claim, claims, place) => {
    const text = await lastStep(claims, { config: { bound: { [claim]: 'x', sub: 'job' } } });

    expect(text).toContain(`the claim ${claim} is missing, expected x; the token has ${place}`);
  });

  it('comes with nothing where nothing is known', async () => {
    const text = await lastStep({}, { config: { bound: { team: 'x', sub: 'job' } } });

    expect(text).toBe('claim-not-bound: the claim team is missing, expected x');
  });

  it('of the user name comes with how a job asks for it', async () => {
    const config = { preset: 'google', issuer: 'https://accounts.google.com', username: 'google:{claim:email}' };

    expect(await lastStep({ iss: config.issuer }, { config })).toContain(
      'the claim email is missing, which the user name is made of; how to get it: --include-email',
    );
  });
});

describe('a user name', () => {
  it.each([
    ['x'.repeat(300), 'gives a user name of 300 characters, 256 are the most; set username to a template of'],
    [['a', 'b'], 'gives 2 user names; set username to a template of'],
    [' a', 'gives a user name that is empty, or has control characters or space around it; set username'],
  ])('that cannot be used is refused with what to do: %j', async (sub, text) => {
    expect(await lastStep({ sub })).toContain(`unusable-claims: {claim:sub} ${text}`);
  });

  it('of a preset does not depend on the length of a branch', async () => {
    for (const preset of SYSTEMS) {
      const { sample, claims, name } = preset;
      if (!claims.callerShaped.includes('sub')) continue;
      const config = { preset: name, issuer: sample['iss'], groups: undefined };
      const long = withClaim(sample, 'sub', `${String(sample['sub'])}${'x'.repeat(300)}`);
      expect([name, await lastStep(long, { config })]).toEqual([name, expect.stringContaining('the groups are')]);
    }
  });
});

describe('a token of SPIFFE', () => {
  const sub = 'spiffe://example.org/ns/web';
  const config = { preset: 'spiffe', bound: { sub: 'spiffe://example.org/*' } };
  const domain = { ...config, issuer: 'spiffe://example.org' };

  it.each(['JWT', 'JOSE', 'jose', undefined])('may have the type %s', async (typ) => {
    expect(await lastStep({ sub }, { config, header: { typ } })).toBe(`the user is spiffe:${sub}`);
  });

  it.each(['at+jwt', 'JOSE+JSON', 'logout+jwt', ''])('may not have the type %s', async (typ) => {
    expect(await lastStep({ sub }, { config, header: { typ } })).toContain('malformed-token');
  });

  it('may be signed with a key of a trust bundle', async () => {
    expect(await lastStep({ sub }, { config, key: { use: 'jwt-svid' } })).toBe(`the user is spiffe:${sub}`);
    expect(await lastStep({ sub }, { config, key: { use: 'x509-svid' } })).toContain('unknown-key');
    expect(await lastStep({ sub }, { config, key: { use: 'enc' } })).toContain('unknown-key');
  });

  it('without an issuer belongs to the trust domain of its subject', async () => {
    expect(await lastStep({ sub, iss: undefined }, { config: domain })).toBe(`the user is spiffe:${sub}`);
  });

  it.each([
    ['another trust domain', { sub: 'spiffe://example.com/ns/web', iss: undefined }],
    ['a trust domain that begins with this one', { sub: 'spiffe://example.org.evil/ns/web', iss: undefined }],
    ['an issuer', { sub, iss: 'https://oidc.spire.example.org' }],
    ['the trust domain as its issuer', { sub, iss: 'spiffe://example.org' }],
    ['no subject', { sub: undefined, iss: undefined }],
  ])('with %s does not', async (_what, claims) => {
    expect(await lastStep(claims, { config: domain })).toContain('not spiffe://example.org');
  });

  it.each([
    [{ preset: 'spiffe', keys: {} }, 'expected url or file'],
    [{ preset: 'generic' }, 'expected preset: spiffe with it'],
  ])('needs preset and keys for a trust domain: %j', async (changed, message) => {
    await expect(lastStep({ sub }, { config: { ...domain, ...changed } })).rejects.toThrow(message);
  });
});

describe('the cluster that the broker runs in', () => {
  async function readIssuer(text: string): Promise<string> {
    const bearerFile = join(folder, 'token');
    await writeFile(bearerFile, text);
    return (await readCluster({ keysUrl: 'https://a/keys', caFile: '/ca', bearerFile })).issuer;
  }

  it.each([
    'https://kubernetes.default.svc.cluster.local',
    'https://kubernetes.default.svc',
    'https://oidc.eks.eu-west-1.amazonaws.com/id/0123',
    'https://container.googleapis.com/v1/projects/p/locations/l/clusters/c',
    'https://westeurope.oic.prod-aks.azure.com/1111/2222/',
  ])('has the issuer of the token of its pod: %s', async (iss) => {
    expect(await readIssuer(`${signWith(KEY, { iss, sub: 'system:serviceaccount:a:b' }, {})}\n`)).toBe(iss);
  });

  it.each([
    ['a token of the time before 1.24', signWith(KEY, { iss: 'kubernetes/serviceaccount' }, {})],
    ['a token without issuer', signWith(KEY, {}, {})],
    ['a text that is no token', 'secret-text'],
    ['nothing', ''],
  ])('is not found in %s', async (_what, text) => {
    const problem = await readIssuer(text).catch((error: unknown) => String(error));

    expect(problem).toContain('token: names no issuer that is a URL; configure issuer and keys');
    expect(problem).not.toContain('secret-text');
  });

  it('is not found outside a pod', async () => {
    const access = { keysUrl: 'https://a/keys', caFile: '/ca', bearerFile: join(folder, 'absent') };

    await expect(readCluster(access)).rejects.toThrow('absent: cannot be read; configure issuer and keys');
  });
});
