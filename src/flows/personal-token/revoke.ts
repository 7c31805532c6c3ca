/** Revokes personal tokens: their next use is refused, at every broker with the same records. */
import type { EventSink } from '../../core/ports.ts';
import type { RequestContext } from '../../core/events.ts';
import type { PersonalToken } from '../../core/personal-token.ts';
import type { ListableStore } from '../../core/store.ts';
import { isSelected, listed } from './list.ts';
import type { ListedToken, TokenSelection } from './list.ts';
import { ownerFields } from './owner.ts';

interface RevokeDeps {
  readonly store: Pick<ListableStore<PersonalToken>, 'list' | 'removeAll'>;
  readonly audit: EventSink;
}

/** Who revokes, for the audit trail. */
export interface Revocation {
  readonly request: RequestContext;
  /** A user name, or `operator`. */
  readonly by: string;
  /** Why, where it is not a plain request: `leaked`. */
  readonly cause?: string;
}

/**
 * @returns the tokens that were revoked
 * @throws BrokerError `records_unavailable`; then it is not known whether they are revoked
 */
export type RevokePersonalTokens = (
  selection: TokenSelection,
  revocation: Revocation,
) => Promise<readonly ListedToken[]>;

export function createRevokePersonalTokens({ store, audit }: RevokeDeps): RevokePersonalTokens {
  return async (selection, { request, by, cause }) => {
    const entries = (await store.list()).filter((entry) => isSelected(entry, selection));
    if (entries.length === 0) return [];
    await store.removeAll(entries.map(({ key }) => key));
    const tokens = entries.map(listed);
    for (const { id, name, owner } of tokens) {
      const about = { id, name, ...ownerFields(owner), by, ...(cause === undefined ? {} : { cause }) };
      audit.record({ type: 'personal-token', request, outcome: 'revoked', ...about });
    }
    return tokens;
  };
}
