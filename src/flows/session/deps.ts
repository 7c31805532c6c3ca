/** Dependencies of the flows of sessions. */
import type { Identity } from '../../core/identity.ts';
import type { Audit, ListableStore } from '../../core/ports.ts';
import type { Store } from '../../core/store.ts';
import type { Session, SessionLimits, SessionSecrets } from '../../core/session.ts';
import type { RevalidateDeps } from '../revalidate.ts';

export interface SessionDeps extends RevalidateDeps {
  /** The stored records, by the digest of the cookie. */
  readonly store: ListableStore<Session>;
  readonly secrets: SessionSecrets;
  readonly limits: SessionLimits;
  /** Identities that were looked up in the last minute, by the digest of the cookie. Of this process. */
  readonly recent: Store<Identity>;
  /** Whether the policy of the console makes this person an administrator. */
  readonly isAdmin: (identity: Identity) => boolean;
  readonly audit: Audit;
}
