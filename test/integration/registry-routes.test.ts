/** Which repositories a request reads: what forward-auth authorises, compared with what a real registry would. */
import { describe, expect, it } from 'vitest';
import { registryRoute } from '../../src/core/registry-route.ts';
import type { RegistryRequest } from '../../src/core/registry-route.ts';
import { formatScope } from '../../src/core/scope.ts';
import { answerTo, challengeScopes, compareRoutes, strictRoute } from '../routes/oracle.ts';
import { startTokenRegistry } from '../routes/registries.ts';
import { BUILD_TIMEOUT, canBuildDistribution3 } from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY } from '../support/registry.ts';

const COUNT = 4000;

describe.each([
  ['distribution 2.8', findPart(DOCKER_REGISTRY) !== undefined],
  ['distribution 3', canBuildDistribution3()],
] as const)('%s', (version, isHere) => {
  it.runIf(isHere)(
    'reads the same repositories from each request that has a route, and redirects none',
    { timeout: BUILD_TIMEOUT },
    async () => {
      await using registry = await startTokenRegistry(version);

      const { routed, unrouted, disagreements } = await compareRoutes({ count: COUNT, seed: 18, port: registry.port });

      expect(disagreements).toEqual([]);
      expect(routed).toBeGreaterThan(COUNT / 4);
      expect(unrouted).toBeGreaterThan(0);
    },
  );

  it.runIf(isHere)('reads a mount from a form too, so forms have no route', { timeout: BUILD_TIMEOUT }, async () => {
    await using registry = await startTokenRegistry(version);
    const form = {
      method: 'POST',
      target: '/v2/web/shop/blobs/uploads/',
      contentTypes: ['application/x-www-form-urlencoded'],
    };
    const body = `mount=sha256:${'a'.repeat(64)}&from=secret/base`;

    const { headers } = await answerTo(form, registry.port, undefined, body);

    expect(challengeScopes(headers).map(formatScope)).toContain('repository:secret/base:pull');
    expect(registryRoute(form, { allowRoutes: [], mountAnywhere: true })).toBeUndefined();
  });

  it.runIf(isHere)('shows a reader that decodes and cleans paths as wrong', { timeout: BUILD_TIMEOUT }, async () => {
    await using registry = await startTokenRegistry(version);
    const routeOf = (request: RegistryRequest) => strictRoute({ ...request, target: cleaned(request.target) });

    const { disagreements } = await compareRoutes({ count: COUNT, seed: 18, port: registry.port, routeOf });

    expect(disagreements.join()).toContain('status 301');
  });
});

/** The target as many frameworks read it: decoded, without `.`, `..` and empty segments. */
function cleaned(target: string): string {
  const url = URL.parse(target.replaceAll('%2f', '/').replaceAll('%2F', '/'), 'http://registry');
  return url === null ? target : url.pathname.replaceAll(/\/+/g, '/') + url.search;
}
