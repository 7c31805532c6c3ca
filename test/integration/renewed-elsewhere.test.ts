/** Signing keys of several brokers: renewed by cert-manager in a Secret, or by each broker under one authority. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../src/platform/signing/authority.ts';
import {
  BUILD_TIMEOUT,
  buildDistribution3,
  canBuildDistribution3,
  startDistribution3,
} from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { startPulls } from '../support/pulls.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { openRotationWorld, signers, waitForSigners } from '../support/rotations.ts';
import { startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { certificateIssuer, secretVolume } from '../support/secret-volume.ts';

const PER_SECOND = 10;
const LEAVES = 5;
const OPENSSL = { program: 'openssl', debian: 'openssl' } as const;
const isOpensslMissing = findPart(OPENSSL) === undefined;

/** An issuer, and a key whose files are in the volume of its Secret. */
async function openSecret(folder: string) {
  const [authority, volume] = [join(folder, 'authority'), join(folder, 'volume')];
  await mkdir(authority);
  const issuer = await certificateIssuer(authority, 'Fairlead token CA fleet');
  const first = await issuer.issue();
  const secret = await secretVolume(volume, first);
  const path = (file: string): string => join(volume, file);
  return {
    issuer,
    first,
    secret,
    key: { keyFile: path('tls.key'), certFile: path('tls.crt'), caFile: path('ca.crt') },
  };
}

beforeAll(async () => {
  if (canBuildDistribution3()) await buildDistribution3();
}, BUILD_TIMEOUT);

describe.each([
  ['distribution-2', startRegistry, findPart(DOCKER_REGISTRY) === undefined],
  ['distribution-3', startDistribution3, !canBuildDistribution3()],
] as const)('while images are pulled from %s', (kind, start, isMissing) => {
  it.skipIf(isMissing || isOpensslMissing)(
    `the Secret with the signing key is replaced ${LEAVES} times without a failed pull, a stale key or a restart`,
    async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-secret-'));
      const { issuer, secret, key } = await openSecret(folder.path);
      await using world = await openRotationWorld(start, kind, key);
      const { pid } = world.registry();
      const pulls = await world.startPulls(PER_SECOND);

      for (let count = 1; count <= LEAVES; count += 1) {
        await secret.replace(await issuer.issue());
        await waitForSigners(world, count);
        await pulls.more(3);
      }
      await pulls.stop();

      expect(pulls.failures()).toEqual([]);
      expect(pulls.succeeded()).toBeGreaterThan(2 * LEAVES);
      expect(signers(world).size).toBe(LEAVES);
      expect(world.registry().pid).toBe(pid);
    },
  );

  it.skipIf(isMissing)(
    'two brokers with one authority sign with a key each, and the registry trusts both',
    async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-authority-'));
      const files = { keyFile: join(folder.path, 'ca.pem'), certFile: join(folder.path, 'ca.crt') };
      const made = await makeAuthority('ES256', 'fleet');
      await writeFile(files.keyFile, made.key, { mode: 0o600 });
      await writeFile(files.certFile, made.certificate);
      await using world = await openRotationWorld(start, kind, { authority: files });
      const keys = [{ name: 'default', authority: files }];
      await using second = await startStaticBroker({ config: { ...STATIC_CONFIG, keys } });
      const registry = world.registry().url;

      const pulls = await Promise.all(
        [world.broker.url, second.url].map((broker) => startPulls({ broker, registry }, PER_SECOND)),
      );
      await Promise.all(pulls.map((one) => one.more(4)));
      await Promise.all(pulls.map((one) => one.stop()));

      expect(pulls.map((one) => one.failures())).toEqual([[], []]);
      for (const one of pulls) expect(one.succeeded()).toBeGreaterThan(3);
      const leaves = [world.broker, second].map(({ folder: own }) =>
        readFile(join(own, 'state/keys/default@leaf.pem')),
      );
      const [mine, other] = await Promise.all(leaves);
      expect(mine?.equals(other ?? Buffer.alloc(0))).toBe(false);
    },
  );
});

it.skipIf(findPart(DOCKER_REGISTRY) === undefined || isOpensslMissing)(
  'a signing key by another authority of the same name is refused, and pulls go on with the old key',
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-secret-'));
    const { first, secret, key } = await openSecret(folder.path);
    await using world = await openRotationWorld(startRegistry, 'distribution-2', key);
    const other = join(folder.path, 'other');
    await mkdir(other);
    const foreign = await (await certificateIssuer(other, 'Fairlead token CA fleet')).issue();
    const pulls = await world.startPulls(PER_SECOND);

    await secret.replace({ ...foreign, 'ca.crt': first['ca.crt'] ?? '' });
    const { cause } = await world.broker.waitForLine(({ message }) => message.startsWith('signing keys NOT reloaded'));
    await pulls.more(4);
    await pulls.stop();

    expect(cause).toMatch(/tls\.crt is not certified by a certificate in .*ca\.crt/);
    expect(pulls.failures()).toEqual([]);
    expect(pulls.succeeded()).toBeGreaterThan(3);
  },
);
