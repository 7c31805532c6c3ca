/** Real registries accept exactly the tokens that the vectors say they accept. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Registry as RegistryVersion } from '../../src/conformance/tokens/registries.ts';
import type { TokenVector } from '../../src/conformance/vectors.ts';
import { BUILD_TIMEOUT, buildDistribution3, canBuildDistribution3 } from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistryProgram } from '../support/registry.ts';
import type { Registry } from '../support/registry.ts';
import { ISSUER, makeToken, SERVICE } from '../support/token-vectors.ts';
import type { TrustFiles } from '../support/token-vectors.ts';
import { tokenVectors } from '../support/vectors.ts';

/** distribution 2.8 does not start without a bundle, and not with a key that it cannot read. */
const startsWith2 = ({ trust, key }: TokenVector): boolean => trust.startsWith('bundle') && key !== 'ed25519';

describeRegistry('distribution-2.8', findPart(DOCKER_REGISTRY) !== undefined, startsWith2, async () =>
  String(findPart(DOCKER_REGISTRY)),
);
describeRegistry('distribution-3.1', canBuildDistribution3(), () => true, buildDistribution3);

function describeRegistry(
  version: RegistryVersion,
  isThere: boolean,
  starts: (vector: TokenVector) => boolean,
  program: () => Promise<string>,
): void {
  describe.runIf(isThere)(`a registry of ${version}`, () => {
    const resources = new AsyncDisposableStack();
    const registries = new Map<string, Promise<Registry>>();
    let folder: string;
    let executable: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fairlead-vectors-'));
      resources.defer(() => rm(folder, { recursive: true, force: true }));
      executable = await program();
    }, BUILD_TIMEOUT);
    afterAll(() => resources.disposeAsync());

    /** One registry for each configuration. */
    function registryFor(files: TrustFiles): Promise<Registry> {
      const key = JSON.stringify(files);
      const known = registries.get(key) ?? startFor(files, String(registries.size));
      registries.set(key, known);
      return known;
    }

    async function startFor({ bundle, keySet }: TrustFiles, name: string): Promise<Registry> {
      const paths = { rootCertBundle: join(folder, `${name}.pem`), jwks: join(folder, `${name}.json`) };
      if (bundle !== undefined) await writeFile(paths.rootCertBundle, bundle);
      if (keySet !== undefined) await writeFile(paths.jwks, keySet);
      const trust = {
        realm: 'http://localhost/token',
        service: SERVICE,
        issuer: ISSUER,
        ...(bundle === undefined ? {} : { rootCertBundle: paths.rootCertBundle }),
        ...(keySet === undefined ? {} : { jwks: paths.jwks }),
      };
      return resources.use(await startRegistryProgram(executable, { trust }));
    }

    it.each(tokenVectors.filter(starts))('accepts or refuses the token $id as the vector says', async (vector) => {
      const { text, files } = await makeToken(vector);
      const registry = await registryFor(files);

      const { status } = await fetch(`${registry.url}/v2/`, { headers: { Authorization: `Bearer ${text}` } });
      expect(status).toBe(vector.accepted[version] ? 200 : 401);
    });
  });
}
