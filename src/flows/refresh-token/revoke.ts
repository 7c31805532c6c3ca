/** Finds and revokes refresh tokens: their next use is refused, at every broker with the same records. */
import { isChosenAccount } from '../../core/account.ts';
import type { AccountChoice } from '../../core/account.ts';
import type { EventSink, ListableStore } from '../../core/ports.ts';
import { refreshTokenId } from '../../core/refresh-token.ts';
import type { RefreshToken } from '../../core/refresh-token.ts';
import type { Entry } from '../../core/store.ts';
import type { Ending, EndableCredentials } from '../end-account.ts';

/** Which refresh tokens are meant: all that fit everything that is given. `{}` means all. */
export interface RefreshTokenSelection {
  /** Public ids. */
  readonly ids?: readonly string[] | undefined;
  readonly account?: AccountChoice | undefined;
  readonly service?: string | undefined;
}

/** A token as it is shown: everything but the token itself. */
export interface ListedRefreshToken extends RefreshToken {
  readonly id: string;
}

interface RevokeDeps {
  readonly store: Pick<ListableStore<RefreshToken>, 'list' | 'removeAll'>;
  readonly audit: EventSink;
}

/** @throws BrokerError `records_unavailable` */
export async function listRefreshTokens(
  store: Pick<ListableStore<RefreshToken>, 'list'>,
  selection: RefreshTokenSelection,
): Promise<readonly ListedRefreshToken[]> {
  return (await selected(store, selection)).map(listed);
}

/**
 * @returns the tokens that were revoked
 * @throws BrokerError `records_unavailable`; then it is not known whether they are revoked
 */
export async function revokeRefreshTokens(
  { store, audit }: RevokeDeps,
  selection: RefreshTokenSelection,
  { request, cause }: Ending,
): Promise<readonly ListedRefreshToken[]> {
  const entries = await selected(store, selection);
  if (entries.length === 0) return [];
  await store.removeAll(entries.map(({ key }) => key));
  const tokens = entries.map(listed);
  for (const { id, username, service, backend } of tokens) {
    const about = { id, username, service, backend, ...(cause === undefined ? {} : { cause }) };
    audit.record({ type: 'refresh-token', request, outcome: 'revoked', ...about });
  }
  return tokens;
}

/** Refresh tokens, for `createEndAccount`. */
export function endableRefreshTokens(deps: RevokeDeps): EndableCredentials {
  return {
    what: 'refresh tokens',
    endOf: async (account, ending) => (await revokeRefreshTokens(deps, { account }, ending)).length,
  };
}

async function selected(
  store: Pick<ListableStore<RefreshToken>, 'list'>,
  { ids, account, service }: RefreshTokenSelection,
): Promise<readonly Entry<RefreshToken>[]> {
  const chosen = ids === undefined ? undefined : new Set(ids);
  return (await store.list()).filter(
    ({ key, value }) =>
      (chosen === undefined || chosen.has(refreshTokenId(key))) &&
      (service === undefined || service === value.service) &&
      (account === undefined || isChosenAccount(account, value)),
  );
}

function listed({ key, value }: Entry<RefreshToken>): ListedRefreshToken {
  return { id: refreshTokenId(key), ...value };
}
