/** What issuing and exchanging refresh tokens share. */
import type { Secret } from '../../core/identity.ts';
import type { Audit, Clock } from '../../core/ports.ts';
import type { RefreshToken } from '../../core/refresh-token.ts';
import type { ListableStore } from '../../core/store.ts';
import type { Timer } from '../../core/timer.ts';
import type { ChainedBackend } from '../chain.ts';

/** Makes the tokens themselves, and what is kept in their place. */
export interface RefreshTokenSecrets {
  /** A new unguessable token, such that `isRefreshToken`. */
  make(): Secret;
  /** A digest from which the token cannot be found. */
  digest(token: Secret): string;
}

export interface RefreshTokenDeps {
  readonly backends: readonly ChainedBackend[];
  /** By the digest of the token. */
  readonly store: ListableStore<RefreshToken>;
  readonly secrets: RefreshTokenSecrets;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly audit: Audit;
}
