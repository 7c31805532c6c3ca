/** Which tokens which registry believes: each key, each header, each way of trusting, with real registries. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryBlock } from '../../src/core/registry-config.ts';
import type { RegistryKind } from '../../src/core/registry-config.ts';
import type { TokenClaims } from '../../src/core/token.ts';
import type { KeyAlgorithm, KeyHeader } from '../../src/platform/signing/config.ts';
import { createSigner } from '../../src/platform/signing/jwt-signer.ts';
import { certificateBundle, jwks, loadKeys } from '../../src/platform/signing/keyset.ts';
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

const SERVICE = 'registry.example.com';
const ISSUER = 'fairlead';
const ALGORITHMS: readonly KeyAlgorithm[] = ['ES256', 'RS256', 'EdDSA'];
const HEADERS: readonly KeyHeader[] = ['x5c', 'kid', 'kid-rfc7638'];

const folder = await mkdtemp(join(tmpdir(), 'fairlead-keys-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Signing {
  readonly bundle: string;
  readonly jwks: string;
  token(header: KeyHeader, change?: Partial<TokenClaims>): Promise<string>;
}

/** A key of this kind on disk, what registries are given of it, and tokens that it signs. */
async function signing(algorithm: KeyAlgorithm): Promise<Signing> {
  const keyset = await loadKeys([{ name: algorithm.toLowerCase(), algorithm }], folder, recordingLog());
  const signer = createSigner(
    keyset,
    HEADERS.map((header) => ({ service: header, header })),
  );
  const bundle = join(folder, `${algorithm}.crt`);
  const set = join(folder, `${algorithm}.jwks.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(bundle, certificateBundle(keyset));
  await writeFile(set, jwks(keyset));
  return { bundle, jwks: set, token: (header, change) => signer.sign(header, { ...claims(), ...change }) };
}

function claims(): TokenClaims {
  const now = Math.floor(Date.now() / 1000);
  const access = [{ type: 'repository', name: 'web/shop', actions: ['pull'] as const }];
  return { iss: ISSUER, sub: 'alice', aud: SERVICE, exp: now + 300, nbf: now - 30, iat: now - 30, jti: 'id', access };
}

function trust(more: Partial<RegistryTrust>): RegistryTrust {
  return { realm: 'http://localhost:1/token', service: SERVICE, issuer: ISSUER, ...more };
}

/** 404 means that the token was believed and the repository is not there; 401 that it was not believed. */
async function statusFor(registry: Registry, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${registry.url}/v2/web/shop/tags/list`, { headers })).status;
}

async function statuses(registry: Registry, { token }: Signing): Promise<Readonly<Record<string, number>>> {
  const rows = HEADERS.map(async (header) => [header, await statusFor(registry, await token(header))] as const);
  return Object.fromEntries(await Promise.all(rows));
}

const BELIEVED = 404;
const REFUSED = 401;

describe.skipIf(findPart(DOCKER_REGISTRY) === undefined)('distribution 2.8', () => {
  it.each(['ES256', 'RS256'] as const)(
    'believes %s tokens by certificate and by libtrust key id',
    async (algorithm) => {
      const signer = await signing(algorithm);
      await using registry = await startRegistry({ trust: trust({ rootCertBundle: signer.bundle }) });

      expect(await statuses(registry, signer)).toEqual({ x5c: BELIEVED, kid: BELIEVED, 'kid-rfc7638': REFUSED });
    },
  );

  it('does not start with an Ed25519 key, which registry-config says before', async () => {
    const { bundle } = await signing('EdDSA');

    await expect(startRegistry({ trust: trust({ rootCertBundle: bundle }) })).rejects.toThrow(/ed25519.PublicKey/);
    expect(registryBlock('distribution-2', facts('EdDSA', 'x5c', bundle))).toMatch(/cannot read Ed25519/);
  });

  it('refuses what is for others, from others, too old or too new', async () => {
    const signer = await signing('ES256');
    const now = Math.floor(Date.now() / 1000);
    await using registry = await startRegistry({ trust: trust({ rootCertBundle: signer.bundle }) });
    const status = async (change: Partial<TokenClaims>): Promise<number> =>
      statusFor(registry, await signer.token('x5c', change));

    expect(await status({})).toBe(BELIEVED);
    expect(await status({ aud: 'other.example.com' })).toBe(REFUSED);
    expect(await status({ iss: 'somebody else' })).toBe(REFUSED);
    expect(await status({ exp: now - 70 })).toBe(REFUSED);
    expect(await status({ nbf: now + 70 })).toBe(REFUSED);
  });
});

describe.skipIf(!canBuildDistribution3())('distribution 3.1', () => {
  beforeAll(async () => {
    await buildDistribution3();
  }, BUILD_TIMEOUT);

  it.each(ALGORITHMS)(
    'believes %s tokens by certificate and by RFC 7638 key id, given certificates',
    async (algorithm) => {
      const signer = await signing(algorithm);
      await using registry = await startDistribution3({ trust: trust({ rootCertBundle: signer.bundle }) });

      expect(await statuses(registry, signer)).toEqual({ x5c: BELIEVED, kid: REFUSED, 'kid-rfc7638': BELIEVED });
    },
  );

  it.each(ALGORITHMS)('believes %s tokens by either key id, given the key set', async (algorithm) => {
    const signer = await signing(algorithm);
    await using registry = await startDistribution3({ trust: trust({ jwks: signer.jwks }) });

    expect(await statuses(registry, signer)).toEqual({ x5c: REFUSED, kid: BELIEVED, 'kid-rfc7638': BELIEVED });
  });

  it('believes every header, given both', async () => {
    const signer = await signing('ES256');
    await using registry = await startDistribution3({
      trust: trust({ rootCertBundle: signer.bundle, jwks: signer.jwks }),
    });

    expect(await statuses(registry, signer)).toEqual({ x5c: BELIEVED, kid: BELIEVED, 'kid-rfc7638': BELIEVED });
  });
});

describe('registry-config', () => {
  const kinds: readonly RegistryKind[] = ['distribution-2', 'distribution-3', 'zot'];

  it('gives a block for each registry and key, or says why there is none', () => {
    const blocks = kinds.flatMap((kind) =>
      ALGORITHMS.flatMap((algorithm) =>
        HEADERS.map(
          (header) => [kind, algorithm, header, registryBlock(kind, facts(algorithm, header, '/c.crt'))] as const,
        ),
      ),
    );

    const refused = blocks
      .filter(([, , , block]) => typeof block === 'string')
      .map(([kind, algorithm, header]) => `${kind} ${algorithm} ${header}`);
    expect(refused).toEqual([
      'distribution-2 ES256 kid-rfc7638',
      'distribution-2 RS256 kid-rfc7638',
      'distribution-2 EdDSA x5c',
      'distribution-2 EdDSA kid',
      'distribution-2 EdDSA kid-rfc7638',
    ]);
  });
});

function facts(algorithm: KeyAlgorithm, header: KeyHeader, certificateFile: string) {
  const jwksUrl = 'http://localhost:1/.well-known/jwks.json';
  return {
    realm: 'http://localhost:1/token',
    service: SERVICE,
    issuer: ISSUER,
    algorithm,
    header,
    certificateFile,
    jwksUrl,
  };
}
