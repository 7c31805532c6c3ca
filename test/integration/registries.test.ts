/** Which tokens which registry believes: each key, each header, each way of trusting, with real registries. */
import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryBlock } from '../../src/core/registry-config.ts';
import type { RegistryFacts } from '../../src/core/registry-config.ts';
import type { TokenClaims } from '../../src/core/token.ts';
import type { KeyAlgorithm, KeyHeader } from '../../src/platform/signing/config.ts';
import { createSigner } from '../../src/platform/signing/jwt-signer.ts';
import { certificateBundle, jwks, loadKeys, readKeys } from '../../src/platform/signing/keyset.ts';
import type { SigningKey } from '../../src/platform/signing/keyset.ts';
import { recordingLog } from '../support/fakes.ts';
import {
  BUILD_TIMEOUT,
  buildDistribution3,
  canBuildDistribution3,
  startDistribution3,
} from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry, RegistryTrust } from '../support/registry.ts';
import {
  ecKeyWithLeadingZero,
  makeAuthority,
  namedEcKey,
  makeCertificate,
  pkcs8,
} from '../support/signing-certificate.ts';

const SERVICE = 'registry.example.com';
const ISSUER = 'fairlead';
const REALM = 'http://localhost:1/token';
const ALGORITHMS: readonly KeyAlgorithm[] = ['ES256', 'RS256', 'EdDSA'];
const HEADERS: readonly KeyHeader[] = ['x5c', 'kid', 'kid-rfc7638'];

const folder = await mkdtemp(join(tmpdir(), 'fairlead-registries-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A key as the broker makes it on its first start; the same one each time. */
async function keyFor(algorithm: KeyAlgorithm): Promise<SigningKey> {
  const [key] = await loadKeys([{ name: algorithm.toLowerCase(), algorithm }], folder, recordingLog());
  return key;
}

let files = 0;
async function fileOf(text: string): Promise<string> {
  const path = join(folder, `file-${++files}`);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

async function givenKey(pem: string, certificates: string): Promise<SigningKey> {
  const [keyFile, certFile] = [{ path: await fileOf(pem) }, { path: await fileOf(certificates) }];
  const [key] = await readKeys([{ name: 'given', algorithm: 'ES256', keyFile, certFile }], folder);
  return key;
}

const bundleOf = (...keys: readonly SigningKey[]): Promise<string> => fileOf(certificateBundle(keys));
const keySetOf = (...keys: readonly SigningKey[]): Promise<string> => fileOf(jwks(keys));

function trusting(more: Partial<RegistryTrust>): { readonly trust: RegistryTrust } {
  return { trust: { realm: REALM, service: SERVICE, issuer: ISSUER, ...more } };
}

function claims(): TokenClaims {
  const now = Math.floor(Date.now() / 1000);
  const access = [{ type: 'repository', name: 'web/shop', actions: ['pull'] as const }];
  return { iss: ISSUER, sub: 'alice', aud: SERVICE, exp: now + 300, nbf: now - 30, iat: now - 30, jti: 'id', access };
}

function tokenOf(key: SigningKey, header: KeyHeader, change: Partial<TokenClaims> = {}): Promise<string> {
  return createSigner([key], [{ service: SERVICE, header }]).sign(SERVICE, { ...claims(), ...change });
}

/** A token as no signer of ours makes it; ES256. */
function forged(key: KeyObject, header: object, body: object): string {
  const text = [{ typ: 'JWT', alg: 'ES256', ...header }, body]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const BELIEVED = 'believed';
const REFUSED = 'refused';

/** What the registry makes of a token, at its root and at a repository that is not there. */
async function verdict({ url }: Registry, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const asked = ['/v2/', '/v2/web/shop/tags/list'].map(async (path) => (await fetch(url + path, { headers })).status);
  const statuses = (await Promise.all(asked)).join(' ');
  return statuses === '200 404' ? BELIEVED : statuses === '401 401' ? REFUSED : statuses;
}

async function verdicts(registry: Registry, key: SigningKey): Promise<Readonly<Record<string, string>>> {
  const rows = HEADERS.map(async (header) => [header, await verdict(registry, await tokenOf(key, header))] as const);
  return Object.fromEntries(await Promise.all(rows));
}

function facts(key: SigningKey, header: KeyHeader): RegistryFacts {
  const certificateFile = join(folder, 'keys', `${key.name}.crt`);
  return {
    realm: REALM,
    service: SERVICE,
    issuer: ISSUER,
    algorithm: key.algorithm,
    header,
    certificateFile,
    jwksUrl: 'http://localhost:1/jwks',
  };
}

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined)('distribution 2.8', () => {
  it.each(['ES256', 'RS256'] as const)(
    'believes %s tokens by certificate and by libtrust key id',
    async (algorithm) => {
      const key = await keyFor(algorithm);
      await using registry = await startRegistry(trusting({ rootCertBundle: await bundleOf(key) }));

      expect(await verdicts(registry, key)).toEqual({ x5c: BELIEVED, kid: BELIEVED, 'kid-rfc7638': REFUSED });
    },
  );

  it('does not start with an Ed25519 key', async () => {
    const rootCertBundle = await bundleOf(await keyFor('EdDSA'));

    await expect(startRegistry(trusting({ rootCertBundle }))).rejects.toThrow(/ed25519\.PublicKey is not supported/);
  });

  it.each(['ES256', 'RS256'] as const)('starts with what registry-config prints and believes %s', async (algorithm) => {
    const key = await keyFor(algorithm);
    for (const header of ['x5c', 'kid'] as const) {
      await using registry = await startRegistry({ trust: textOf('distribution-2', facts(key, header)) });

      expect(await verdict(registry, await tokenOf(key, header))).toBe(BELIEVED);
    }
  });

  it('takes an audience that is a string, and no array', async () => {
    const key = await keyFor('ES256');
    await using registry = await startRegistry(trusting({ rootCertBundle: await bundleOf(key) }));
    const withAudience = (aud: unknown): string =>
      forged(key.privateKey, { kid: key.libtrustKeyId }, { ...claims(), aud });

    expect(await verdict(registry, withAudience(SERVICE))).toBe(BELIEVED);
    expect(await verdict(registry, withAudience([SERVICE]))).toBe(REFUSED);
  });
});

describe.skipIf(!canBuildDistribution3())('distribution 3.1', () => {
  beforeAll(async () => {
    await buildDistribution3();
  }, BUILD_TIMEOUT);

  it.each(ALGORITHMS)(
    'believes %s tokens by certificate and RFC 7638 key id, given certificates',
    async (algorithm) => {
      const key = await keyFor(algorithm);
      await using registry = await startDistribution3(trusting({ rootCertBundle: await bundleOf(key) }));

      expect(await verdicts(registry, key)).toEqual({ x5c: BELIEVED, kid: REFUSED, 'kid-rfc7638': BELIEVED });
    },
  );

  it.each(ALGORITHMS)('believes %s tokens by either key id, given the key set', async (algorithm) => {
    const key = await keyFor(algorithm);
    await using registry = await startDistribution3(trusting({ jwks: await keySetOf(key) }));

    expect(await verdicts(registry, key)).toEqual({ x5c: REFUSED, kid: BELIEVED, 'kid-rfc7638': BELIEVED });
  });

  it.each(ALGORITHMS)('believes %s tokens with any header, given both', async (algorithm) => {
    const key = await keyFor(algorithm);
    const [rootCertBundle, set] = [await bundleOf(key), await keySetOf(key)];
    await using registry = await startDistribution3(trusting({ rootCertBundle, jwks: set }));

    expect(await verdicts(registry, key)).toEqual({ x5c: BELIEVED, kid: BELIEVED, 'kid-rfc7638': BELIEVED });
  });

  it.each(ALGORITHMS)('starts with what registry-config prints and believes %s', async (algorithm) => {
    const key = await keyFor(algorithm);
    const set = await keySetOf(key);
    for (const header of HEADERS) {
      const text = textOf('distribution-3', facts(key, header)).replace('/etc/distribution/fairlead.jwks.json', set);
      await using registry = await startDistribution3({ trust: text });

      expect(await verdict(registry, await tokenOf(key, header))).toBe(BELIEVED);
    }
  });

  it('does not know an EC key with a leading zero by its thumbprint unless it is given the key set', async () => {
    const pem = ecKeyWithLeadingZero();
    const key = await givenKey(pkcs8(pem), await makeCertificate({ key: pem }));
    await using certain = await startDistribution3(trusting({ rootCertBundle: await bundleOf(key) }));
    await using set = await startDistribution3(trusting({ jwks: await keySetOf(key) }));

    expect(await verdicts(certain, key)).toEqual({ x5c: BELIEVED, kid: REFUSED, 'kid-rfc7638': REFUSED });
    expect(await verdicts(set, key)).toEqual({ x5c: REFUSED, kid: BELIEVED, 'kid-rfc7638': BELIEVED });
  });

  it('refuses a certificate that an authority gave, where only the key set is given', async () => {
    const { key } = await fromAuthority();
    await using registry = await startDistribution3(trusting({ jwks: await keySetOf(key) }));

    expect(await verdicts(registry, key)).toEqual({ x5c: REFUSED, kid: BELIEVED, 'kid-rfc7638': BELIEVED });
  });
});

describe.each([
  { name: 'distribution 2.8', isHere: () => findPart(DOCKER_REGISTRY) !== undefined, start: startRegistry },
  { name: 'distribution 3.1', isHere: canBuildDistribution3, start: startDistribution3 },
])('any registry: $name', ({ name, isHere, start }) => {
  describe.skipIf(!isHere())('where it is here', () => {
    const kind = name === 'distribution 2.8' ? 'distribution-2' : 'distribution-3';
    const believedKid = name === 'distribution 2.8' ? 'kid' : 'kid-rfc7638';
    beforeAll(async () => {
      if (kind === 'distribution-3') await buildDistribution3();
    }, BUILD_TIMEOUT);

    it('refuses what is for others, from others, too old, too new, or signed by others', async () => {
      const key = await keyFor('ES256');
      const other = await fromAuthority();
      const now = Math.floor(Date.now() / 1000);
      await using registry = await start(trusting({ rootCertBundle: await bundleOf(key) }));
      const of = async (change: Partial<TokenClaims>): Promise<string> =>
        verdict(registry, await tokenOf(key, 'x5c', change));

      expect(await of({})).toBe(BELIEVED);
      expect(await of({ aud: 'other.example.com' })).toBe(REFUSED);
      expect(await of({ iss: 'somebody else' })).toBe(REFUSED);
      expect(await of({ exp: now - 70 })).toBe(REFUSED);
      expect(await of({ nbf: now + 70 })).toBe(REFUSED);
      expect(await verdict(registry, await tokenOf(other.key, 'x5c'))).toBe(REFUSED);
      // The trusted key's id on another key's signature.
      const named = believedKid === 'kid' ? key.libtrustKeyId : key.thumbprint;
      expect(await verdict(registry, forged(key.privateKey, { kid: named }, claims()))).toBe(BELIEVED);
      expect(await verdict(registry, forged(other.key.privateKey, { kid: named }, claims()))).toBe(REFUSED);
    });

    it('refuses a token that names no key', async () => {
      const key = await keyFor('ES256');
      await using registry = await start(trusting({ rootCertBundle: await bundleOf(key) }));

      expect(await verdict(registry, forged(key.privateKey, {}, claims()))).toBe(REFUSED);
    });

    it('believes a certificate that an authority gave, whether it trusts the authority or the certificate', async () => {
      const { key, authority, leaf } = await fromAuthority();

      for (const trusted of [authority, leaf, certificateBundle([key])]) {
        await using registry = await start(trusting({ rootCertBundle: await fileOf(trusted) }));
        expect(await verdict(registry, await tokenOf(key, 'x5c'))).toBe(BELIEVED);
      }
    });

    it('refuses a certificate that has expired, which is why the broker does not start with one', async () => {
      const good = await keyFor('ES256');
      const expired = await makeCertificate({ key: good.privateKey, fromDays: -10, untilDays: -1 });
      const x5c = [expired.replaceAll(/-----[A-Z ]+-----|\s/g, '')];
      await using registry = await start(trusting({ rootCertBundle: await fileOf(expired) }));

      expect(await verdict(registry, forged(good.privateKey, { x5c }, claims()))).toBe(REFUSED);
      expect(await verdict(registry, await tokenOf(good, believedKid))).toBe(BELIEVED);
    });

    it('trusts a key before it signs, with all certificates in one file as registry-config says', async () => {
      const [now, next, third] = await Promise.all([keyFor('ES256'), keyFor('RS256'), keyFor('EdDSA')]);
      const announced = [next, third].map((key) => facts(key, 'x5c'));
      const made = registryBlock(kind, { ...facts(now, 'x5c'), announced });
      if (typeof made === 'string') throw new Error(made);
      const { paths, target } = /: cat (?<paths>.+) > (?<target>.+)$/.exec(made.notes[0] ?? '')?.groups ?? {};
      const certificates = await Promise.all((paths ?? '').split(' ').map((path) => readFile(path, 'utf8')));
      const bundle = await fileOf(certificates.join(''));
      await using registry = await start({ trust: made.text.replace(target ?? '', bundle) });

      expect(await verdict(registry, await tokenOf(now, 'x5c'))).toBe(BELIEVED);
      expect(await verdict(registry, await tokenOf(next, 'x5c'))).toBe(BELIEVED);
      expect(await verdict(registry, await tokenOf(third, 'x5c'))).toBe(kind === 'distribution-2' ? REFUSED : BELIEVED);
    });

    it('takes service and issuer with spaces and quotes from what registry-config prints', async () => {
      const key = await keyFor('ES256');
      const [aud, iss] = ['Docker "registry"', "Acme: auth's #1"];
      const text = textOf(kind, { ...facts(key, 'x5c'), service: aud, issuer: iss });
      await using registry = await start({ trust: text });

      expect(await verdict(registry, await tokenOf(key, 'x5c', { aud, iss }))).toBe(BELIEVED);
      expect(await verdict(registry, await tokenOf(key, 'x5c'))).toBe(REFUSED);
    });
  });
});

function textOf(kind: 'distribution-2' | 'distribution-3', about: RegistryFacts): string {
  const made = registryBlock(kind, about);
  if (typeof made === 'string') throw new Error(made);
  return made.text;
}

async function fromAuthority(): Promise<{ key: SigningKey; authority: string; leaf: string }> {
  const authority = await makeAuthority('private authority');
  const own = namedEcKey();
  const leaf = await makeCertificate({ key: own, authority });
  return {
    key: await givenKey(pkcs8(own), leaf + authority.certificate),
    authority: authority.certificate,
    leaf,
  };
}
