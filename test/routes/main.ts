/**
 * `npm run routes -- [REQUESTS] [SEED]`: random requests (200,000 by default), of which each that `registryRoute` has a
 * route for is sent to distribution 2.8 and 3. Exits 1 when one of them reads another repository from it, redirects it or
 * has no route. The same seed makes the same requests.
 */
import { canBuildDistribution3 } from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY } from '../support/registry.ts';
import { compareRoutes } from './oracle.ts';
import { startTokenRegistry } from './registries.ts';
import type { RegistryVersion } from './registries.ts';

const MAX_REQUESTS = 10_000_000;
const count = Number(process.argv[2] ?? 200_000);
const seed = Number(process.argv[3] ?? 1);
if (!Number.isInteger(count) || count < 1 || count > MAX_REQUESTS || !Number.isInteger(seed)) {
  process.stderr.write(`usage: npm run routes -- [REQUESTS, at most ${MAX_REQUESTS}] [SEED]\n`);
  process.exit(2);
}
const kinds: RegistryVersion[] = [];
if (findPart(DOCKER_REGISTRY) !== undefined) kinds.push('distribution 2.8');
if (canBuildDistribution3()) kinds.push('distribution 3');
let disagreeing = 0;
for (const kind of kinds) {
  await using registry = await startTokenRegistry(kind);
  const started = performance.now();
  const { requests, routed, unrouted, disagreements } = await compareRoutes({ count, seed, port: registry.port });
  const seconds = Math.round((performance.now() - started) / 1000);
  process.stdout.write(
    `${kind}, seed ${seed}: ${requests} requests, ${routed} routed equally, ${unrouted} without a route there, ` +
      `${requests - routed - unrouted - disagreements.length} refused here, ${disagreements.length} disagreements, ${seconds} s\n`,
  );
  for (const disagreement of disagreements) process.stdout.write(`FAIL ${disagreement}\n`);
  disagreeing += disagreements.length;
}
process.exitCode = disagreeing === 0 && kinds.length > 0 ? 0 : 1;
