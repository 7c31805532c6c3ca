/** Revokes personal tokens: their next use is refused, at every broker with the same records. */
import type { PersonalToken } from '../../core/personal-token.ts';
import type { EventSink, ListableStore } from '../../core/ports.ts';
import type { Ending, EndableCredentials } from '../end-account.ts';
import { listed, selectedTokens } from './list.ts';
import type { EndsWithUser, ListedToken, TokenSelection } from './list.ts';
import { ownerFields } from './owner.ts';

interface RevokeDeps {
  readonly store: Pick<ListableStore<PersonalToken>, 'list' | 'removeAll'>;
  readonly audit: EventSink;
  /** Absent: tokens of robots do not end with an account. */
  readonly endsWithUser?: EndsWithUser;
}

/**
 * @returns the tokens that were revoked
 * @throws BrokerError `records_unavailable`; then it is not known whether they are revoked
 */
export async function revokePersonalTokens(
  { store, audit, endsWithUser }: RevokeDeps,
  selection: TokenSelection,
  { request, by, cause }: Ending,
): Promise<readonly ListedToken[]> {
  const entries = await selectedTokens(store, selection, endsWithUser);
  if (entries.length === 0) return [];
  await store.removeAll(entries.map(({ key }) => key));
  const tokens = entries.map(listed);
  for (const { id, name, owner } of tokens) {
    const about = { id, name, ...ownerFields(owner), by, ...(cause === undefined ? {} : { cause }) };
    audit.record({ type: 'personal-token', request, outcome: 'revoked', ...about });
  }
  return tokens;
}

/** Personal tokens, for `createEndAccount`. */
export function endablePersonalTokens(deps: RevokeDeps): EndableCredentials {
  return {
    what: 'personal tokens',
    endOf: async (account, ending) => (await revokePersonalTokens(deps, { account }, ending)).length,
  };
}
