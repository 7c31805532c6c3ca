/** Dependencies of the flows of personal tokens. */
import type { PersonalToken, TokenOwner } from '../../core/personal-token.ts';
import type { Audit, Clock, ListableStore, PersonalTokenSecrets } from '../../core/ports.ts';
import type { Revalidated } from '../revalidate.ts';

export interface PersonalTokenDeps {
  /** The stored records, by the digest of the token. */
  readonly store: ListableStore<PersonalToken>;
  readonly secrets: PersonalTokenSecrets;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly identityOf: IdentityOfOwner;
}

/**
 * The identity of an owner as it is now, or why there is none.
 *
 * @throws BrokerError `backend_unavailable`, or what else the backend throws, when that cannot be found out
 */
export type IdentityOfOwner = (owner: TokenOwner) => Promise<Revalidated>;
