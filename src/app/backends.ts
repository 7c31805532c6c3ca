/** From configured backends to the chain that logins walk. */
import { parseNamePattern } from '../core/policy/name-pattern.ts';
import type { NamePattern } from '../core/policy/name-pattern.ts';
import type { BackendDeps } from '../backends/backend.ts';
import { createBackend } from '../backends/index.ts';
import type { BackendConfig } from '../backends/index.ts';
import type { ChainedBackend } from '../flows/chain.ts';

/** @throws Error that names the backend when one cannot be built; those built before it are closed again. */
export async function buildBackends(
  configs: readonly BackendConfig[],
  deps: BackendDeps,
): Promise<readonly ChainedBackend[]> {
  await using unfinished = new AsyncDisposableStack();
  const chain: ChainedBackend[] = [];
  for (const config of configs) {
    const authenticator = unfinished.use(await createBackend(config, deps));
    chain.push({ authenticator, usernames: config.usernames?.map(usernamePattern) });
  }
  unfinished.move();
  return chain;
}

function usernamePattern(text: string): NamePattern {
  const pattern = parseNamePattern(text);
  // INVARIANT: the configuration schema has refused such patterns before.
  if (typeof pattern === 'string') throw new Error(`usernames: ${pattern}`);
  return pattern;
}
