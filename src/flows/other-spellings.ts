/** What to say about a user name under which nothing is issued. */
import type { KnownAccount } from '../core/account.ts';
import type { PersonalToken } from '../core/personal-token.ts';
import type { ListableStore } from '../core/store.ts';
import type { AccountEnd } from './end-account.ts';

interface OwnerStores {
  readonly sessions: Pick<ListableStore<KnownAccount>, 'list'>;
  readonly refreshTokens: Pick<ListableStore<KnownAccount>, 'list'>;
  readonly personalTokens: Pick<ListableStore<PersonalToken>, 'list'>;
}

const MAX_SPELLINGS = 5;

/**
 * User names under which something is issued, and which differ from a name only in case: some backends compare names
 * with their case, and nobody thinks of it.
 *
 * @throws BrokerError `records_unavailable`
 */
export async function otherSpellings(name: string, stores: OwnerStores): Promise<readonly string[]> {
  const { sessions, refreshTokens, personalTokens } = stores;
  const accounts = [...(await sessions.list()), ...(await refreshTokens.list())].map(({ value }) => value);
  const owners = (await personalTokens.list()).map(({ value: { owner } }) =>
    owner.kind === 'account' ? owner : owner.createdBy,
  );
  const names = new Set([...accounts, ...owners].map(({ username }) => username));
  const folded = name.toLowerCase();
  return [...names]
    .filter((other) => other !== name && other.toLowerCase() === folded)
    .toSorted()
    .slice(0, MAX_SPELLINGS);
}

/** `nobody named "ALICE" has tokens or sessions; did you mean "alice"?` */
function nothingIssuedText(name: string, spellings: readonly string[]): string {
  const nobody = `nobody named ${JSON.stringify(name)} has tokens or sessions`;
  const known = spellings.map((spelling) => JSON.stringify(spelling)).join(' or ');
  return spellings.length === 0 ? `${nobody}; check the spelling` : `${nobody}; did you mean ${known}?`;
}

/**
 * @returns undefined where something has ended, or could not be ended; a store that cannot be read now gives no names
 */
export async function nothingEndedHint(
  name: string,
  { ended, failed }: AccountEnd,
  stores: OwnerStores,
): Promise<string | undefined> {
  if (failed.length > 0 || ended.some(({ count }) => count > 0)) return undefined;
  return nothingIssuedText(name, await otherSpellings(name, stores).catch(() => []));
}
