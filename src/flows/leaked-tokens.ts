/** Finds tokens of Fairlead in a text that has leaked, such as a log or a repository, and revokes those that are valid. */
import { Secret } from '../core/identity.ts';
import { isPersonalToken, PERSONAL_TOKEN_PATTERN, personalTokenId } from '../core/personal-token.ts';
import type { PersonalToken } from '../core/personal-token.ts';
import type { EventSink, ListableStore, PersonalTokenSecrets } from '../core/ports.ts';
import { isRefreshToken, REFRESH_TOKEN_PATTERN, refreshTokenId } from '../core/refresh-token.ts';
import type { RefreshToken } from '../core/refresh-token.ts';
import type { Ending } from './end-account.ts';
import type { ListedToken } from './personal-token/list.ts';
import { revokePersonalTokens } from './personal-token/revoke.ts';
import { revokeRefreshTokens } from './refresh-token/revoke.ts';
import type { ListedRefreshToken } from './refresh-token/revoke.ts';

interface LeakDeps {
  readonly personalTokens: ListableStore<PersonalToken>;
  readonly refreshTokens: ListableStore<RefreshToken>;
  /** The digest of both kinds is the same. */
  readonly digest: PersonalTokenSecrets['digest'];
  readonly audit: EventSink;
}

interface LeakReport {
  /** Different whole tokens in the text, valid or not. */
  readonly whole: number;
  /** Different texts with the form of a personal token whose checksum does not fit: damaged, or no tokens. */
  readonly damaged: number;
  readonly personalTokens: readonly ListedToken[];
  readonly refreshTokens: readonly ListedRefreshToken[];
}

/** The look-ahead finds a token that begins inside another match. */
const CANDIDATE = new RegExp(`(?=(${PERSONAL_TOKEN_PATTERN}|${REFRESH_TOKEN_PATTERN}))`, 'g');
/** No token is longer. Each piece of a text is searched with so many characters of the piece before it. */
const LONGEST_TOKEN = 64;

/**
 * @param candidates different texts with the form of a token, see `tokenCandidates`
 * @throws BrokerError `records_unavailable`; then it is not known which tokens are revoked
 */
export async function revokeLeakedTokens(
  deps: LeakDeps,
  candidates: readonly string[],
  ending: Omit<Ending, 'cause'>,
): Promise<LeakReport> {
  const personal = candidates.filter(isPersonalToken);
  const refresh = candidates.filter(isRefreshToken);
  const digests = (texts: readonly string[]) => texts.map((one) => deps.digest(new Secret(one)));
  const leaked: Ending = { ...ending, cause: 'leaked' };
  const { audit } = deps;
  return {
    whole: personal.length + refresh.length,
    damaged: candidates.length - personal.length - refresh.length,
    personalTokens: await revokePersonalTokens(
      { store: deps.personalTokens, audit },
      { ids: digests(personal).map(personalTokenId) },
      leaked,
    ),
    refreshTokens: await revokeRefreshTokens(
      { store: deps.refreshTokens, audit },
      { ids: digests(refresh).map(refreshTokenId) },
      leaked,
    ),
  };
}

/**
 * The different texts in a text that have the form of a token.
 *
 * @param text in pieces of any size
 */
export async function tokenCandidates(text: AsyncIterable<string> | Iterable<string>): Promise<readonly string[]> {
  const found = new Set<string>();
  let before = '';
  for await (const piece of text) {
    const searched = before + piece;
    for (const [, candidate = ''] of searched.matchAll(CANDIDATE)) found.add(candidate);
    before = searched.slice(-LONGEST_TOKEN);
  }
  return [...found];
}
