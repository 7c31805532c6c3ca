/** Which repositories a request reads: what forward-auth authorises, compared with what a real registry would. */
import { describe, expect, it } from 'vitest';
import { registryRoute } from '../../src/core/registry-route.ts';
import { formatScope } from '../../src/core/scope.ts';
import { answerTo, challengeScopes, compareRoutes } from '../routes/oracle.ts';
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

  it.runIf(isHere)(
    'redirects what is not read strictly, which the comparison finds',
    { timeout: BUILD_TIMEOUT },
    async () => {
      await using registry = await startTokenRegistry(version);
      const target = '/v2/public/app/../../web/app/tags/list';

      const { status, headers } = await answerTo({ method: 'GET', target, contentTypes: [] }, registry.port);

      expect([status, headers.location]).toEqual([301, '/v2/web/app/tags/list']);
    },
  );
});
