/** Dependencies of issuing and of exchanging refresh tokens. */
import type { Audit, ListableStore, RefreshTokenSecrets, Timer } from '../../core/ports.ts';
import type { RefreshToken } from '../../core/refresh-token.ts';
import type { Chain } from '../walk-chain.ts';

export interface RefreshTokenDeps extends Chain {
  /** The stored records, by the digest of the token. */
  readonly store: ListableStore<RefreshToken>;
  readonly secrets: RefreshTokenSecrets;
  readonly timer: Timer;
  readonly audit: Audit;
}
