/** Searches on an open connection: in one answer, or in pages. */
import type { Deadline } from '../../../core/deadline.ts';
import { decodeEntry, encodeSearch } from './codec.ts';
import { PAGED_RESULTS } from './control.ts';
import type { LdapEntry } from './entry.ts';
import { DirectoryFault } from './fault.ts';
import { ANSWER } from './message.ts';
import type { LdapResult } from './message.ts';
import { PageControl, cookieIn } from './page-control.ts';
import { RESULT } from './result-code.ts';
import { operate } from './session.ts';
import type { Session } from './session.ts';

export interface SearchRequest {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  /** From `encodeFilter`. */
  readonly filter: Buffer;
  readonly attributes: readonly string[];
  /** The maximum number of entries; the server drops others. Absent: all entries are read, or the answer is an error. */
  readonly limit?: number;
  /** Whether an alias stands for the entry that it names. Default: it is an entry of its own. */
  readonly followAliases?: boolean;
}

interface SearchAnswer extends LdapResult {
  readonly entries: readonly LdapEntry[];
  /** Whether the connection was bound as nobody. */
  readonly isAnonymous?: boolean;
  /** Whether the entries came in pages, because the server gives no more in one answer. */
  readonly isPaged?: boolean;
}

interface PageAnswer extends SearchAnswer {
  /** The cookie for the next page; undefined after the last page. */
  readonly nextPage: Buffer | undefined;
}

/** Something that searches a directory. */
export interface Reader {
  /**
   * Referrals are not followed: a password never goes to a server that is not configured.
   *
   * @throws DirectoryFault when there is no answer
   */
  search(request: SearchRequest, deadline: Deadline): Promise<SearchAnswer>;
}

/** The server may give more entries in pages. */
const LIMITED: ReadonlySet<number> = new Set([RESULT.sizeLimitExceeded, RESULT.adminLimitExceeded]);
/** Entries in a page (RFC 2696): fewer than the thousand of Active Directory. */
const PAGE_SIZE = 500;
const MAX_ENTRIES = 10_000;
/** Includes empty pages. */
const MAX_PAGES = 200;

export function searchOnce(
  session: Session,
  { base, scope, filter, attributes, limit, followAliases = false }: SearchRequest,
  deadline: Deadline,
  page?: PageControl,
): Promise<PageAnswer> {
  const found: LdapEntry[] = [];
  const sizeLimit = limit ?? 0;
  const controls = page === undefined ? [] : [page];
  return operate(
    session,
    'searching',
    deadline,
    (until) => {
      const timeLimit = Math.ceil(until.left() / 1000);
      const search = { base, scope, filter, attributes, sizeLimit, timeLimit, followAliases, controls };
      return {
        encode: (id) => encodeSearch(id, search),
        endsWith: ANSWER.searchDone,
        onEntry: (entry) => {
          // While they arrive: an answer of the maximum size could have millions of tiny entries.
          if (found.length === MAX_ENTRIES) throw tooManyEntries(session);
          found.push(decodeEntry(entry));
        },
      };
    },
    ({ result: { code, diagnostic }, message, end }) => {
      // Where a limit was sent, the server may have more entries. Its own limit can be lower.
      const isLimited = limit !== undefined && code === RESULT.sizeLimitExceeded;
      return {
        code: isLimited && found.length >= limit ? RESULT.success : code,
        diagnostic,
        entries: isLimited || code === RESULT.success ? found : [],
        isAnonymous: session.isAnonymous,
        nextPage: cookieIn(message, end),
      };
    },
  );
}

/**
 * All entries, in pages only where the server gives no more in one answer: with the control for pages, the overlay
 * dynlist of OpenLDAP does not expand dynamic groups, and answers success.
 */
export async function searchAll(session: Session, request: SearchRequest, deadline: Deadline): Promise<SearchAnswer> {
  const answer = await searchOnce(session, request, deadline);
  // A server that sends pages without being asked has more entries, too.
  const cookie = answer.nextPage;
  if (answer.code === RESULT.success && cookie !== undefined) {
    return searchPages(session, request, deadline, { entries: answer.entries, cookie });
  }
  if (!LIMITED.has(answer.code) || session.controls.has(PAGED_RESULTS) === false) return answer;
  return searchPages(session, request, deadline, { entries: [], cookie: undefined });
}

/**
 * Page by page. A server may send an empty page before others.
 *
 * @param start the entries so far, and the cookie for the next page
 */
async function searchPages(
  session: Session,
  request: SearchRequest,
  deadline: Deadline,
  start: { readonly entries: readonly LdapEntry[]; readonly cookie: Buffer | undefined },
): Promise<SearchAnswer> {
  const entries = [...start.entries];
  let { cookie } = start;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const answer = await searchOnce(session, request, deadline, new PageControl(PAGE_SIZE, cookie));
    entries.push(...answer.entries);
    cookie = answer.nextPage;
    if (answer.code !== RESULT.success || cookie === undefined) return { ...answer, entries, isPaged: true };
    if (entries.length > MAX_ENTRIES) break;
  }
  throw tooManyEntries(session);
}

function tooManyEntries({ endpoint }: Session): DirectoryFault {
  return new DirectoryFault('misconfigured', `${endpoint.url}: a search finds too many entries: narrow it`);
}
