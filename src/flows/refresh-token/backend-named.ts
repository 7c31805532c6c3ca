import type { ChainedBackend } from '../chain.ts';

/** The backend that vouched for somebody. */
export function backendNamed(backends: readonly ChainedBackend[], wanted: string): ChainedBackend | undefined {
  return backends.find(({ authenticator: { name } }) => name === wanted);
}
