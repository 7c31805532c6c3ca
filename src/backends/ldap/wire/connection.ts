/** One connection to one server: binds and searches, one at a time. After its end it cannot be used again. */
import type { Secret } from '../../../core/identity.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { decodeEntry, decodePolicy, encodeBind, encodeSearch } from './codec.ts';
import type { PasswordPolicyAnswer } from './codec.ts';
import { PAGED_RESULTS, PASSWORD_POLICY, PolicyControl } from './control.ts';
import { createControlSupport } from './control-support.ts';
import type { ControlSupport } from './control-support.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { describeCertificate, dial } from './dial.ts';
import type { DialOptions } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import type { LdapEntry } from './entry.ts';
import { DirectoryFault, lateFault } from './fault.ts';
import { ANY_ENTRY, encodeFilter } from './filter.ts';
import { MessageSocket } from './message-socket.ts';
import type { Answer, Request } from './message-socket.ts';
import { ANSWER } from './message.ts';
import type { LdapResult } from './message.ts';
import { PageControl, cookieIn } from './page-control.ts';
import { RESULT } from './result-code.ts';

/** A server's answer to a bind. Any code but success is a refusal; `judge-bind.ts` interprets it. */
export interface BindAnswer extends LdapResult {
  /** Absent: the server sent no such control. */
  readonly policy?: PasswordPolicyAnswer;
}

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

/** Every method throws DirectoryFault when there is no answer; the connection is closed then. */
export interface LdapConnection extends Reader, Disposable {
  readonly endpoint: Endpoint;
  /**
   * @param asksForPolicy whether to ask for the state of the password where it is unknown whether the server supports
   *   that; default: `ConnectionOptions.assumesPasswordPolicy`
   */
  bind(dn: string, password: Secret, deadline: Deadline, asksForPolicy?: boolean): Promise<BindAnswer>;
  /** Reads which controls the server supports. Some servers end a connection that reads before a bind. */
  learnControls(deadline: Deadline): Promise<void>;
  /** Returns when the server answers a request and does not say that it is unavailable. */
  ping(deadline: Deadline): Promise<void>;
  /** A sentence about the server's certificate; undefined without TLS. */
  readonly certificate: string | undefined;
  readonly closed: boolean;
}

export interface ConnectionOptions extends DialOptions {
  /** Milliseconds for one bind or one search. */
  readonly operationTimeout: number;
  /** Whether a bind asks for the state of the password where it is unknown if the server supports it. Default: yes. */
  readonly assumesPasswordPolicy?: boolean;
}

/** An open connection, for the functions below. */
interface Session {
  readonly endpoint: Endpoint;
  readonly messages: MessageSocket;
  readonly operationTimeout: number;
  readonly controls: ControlSupport;
  readonly timer: DeadlineTimer;
  isAnonymous: boolean;
}

/**
 * @param controls what is known about the server from its other connections
 * @throws DirectoryFault
 */
export async function openConnection(
  endpoint: Endpoint,
  options: ConnectionOptions,
  deadline: Deadline,
  controls: ControlSupport = createControlSupport(() => performance.now()),
): Promise<LdapConnection> {
  const socket = await dial(endpoint, options, deadline);
  const messages = new MessageSocket(socket, endpoint.url);
  const { operationTimeout, assumesPasswordPolicy = true } = options;
  const timer = new DeadlineTimer();
  const session: Session = { endpoint, messages, operationTimeout, controls, timer, isAnonymous: true };
  return {
    endpoint,
    get certificate() {
      return describeCertificate(socket);
    },
    get closed() {
      return messages.destroyed;
    },
    search: (request, until) =>
      request.limit === undefined && request.scope !== 'base'
        ? searchAll(session, request, until)
        : searchOnce(session, request, until),
    ping: async (until) => {
      const { code, diagnostic } = await searchOnce(session, ROOT_DSE, until);
      if (DOWN.has(code)) throw new DirectoryFault('unavailable', `${endpoint.url}: answers ${code} ${diagnostic}`);
    },
    learnControls: (until) => controls.learn(async () => (await searchOnce(session, CONTROLS, until)).entries[0]),
    bind: async (dn, password, until, asksForPolicy = assumesPasswordPolicy) => {
      const isAsked = controls.has(PASSWORD_POLICY) ?? asksForPolicy;
      session.isAnonymous = true;
      const answer = await bindOnce(session, dn, password, until, isAsked ? new PolicyControl() : undefined);
      session.isAnonymous = answer.code !== RESULT.success;
      return answer;
    },
    [Symbol.dispose]: () => messages.destroy(),
  };
}

/**
 * Sends one request and reads its answer within its time limit.
 *
 * @param request gives the request, for the time that is left
 * @param read reads the answer. What it throws closes the connection.
 * @throws DirectoryFault with `sent: false` when no request was handed to the socket
 */
async function operate<T>(
  { endpoint, messages, operationTimeout, timer }: Session,
  what: string,
  deadline: Deadline,
  request: (limit: Deadline) => Request,
  read: (answer: Answer) => T,
): Promise<T> {
  if (messages.destroyed) throw faultOfClosed(messages, endpoint).with({ sent: false });
  const requestsBefore = messages.requests;
  const limit = deadline.within(operationTimeout);
  const timed = timer.start(limit, () => messages.destroy(lateFault(endpoint.url, what, deadline)));
  try {
    return read(await messages.exchange(request(limit)));
  } catch (error) {
    const fault = messages.destroyed ? faultOfClosed(messages, endpoint) : faultOfUnreadable(endpoint, what, error);
    messages.destroy(fault);
    throw messages.requests === requestsBefore ? fault.with({ sent: false }) : fault;
  } finally {
    timer.stop(timed);
  }
}

function bindOnce(
  session: Session,
  dn: string,
  password: Secret,
  deadline: Deadline,
  control: PolicyControl | undefined,
): Promise<BindAnswer> {
  return operate(
    session,
    'binding',
    deadline,
    () => ({
      encode: (id) => encodeBind(id, dn, password.reveal(), control === undefined ? [] : [control]),
      endsWith: ANSWER.bind,
    }),
    ({ result, message, end }) => (control === undefined ? result : { ...result, ...decodePolicy(message, end) }),
  );
}

function searchOnce(
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
async function searchAll(session: Session, request: SearchRequest, deadline: Deadline): Promise<SearchAnswer> {
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

/** The entry about the server itself (RFC 4512, section 5.1), which every client may read. */
const ROOT_DSE: SearchRequest = { base: '', scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: [] };
const CONTROLS: SearchRequest = { ...ROOT_DSE, attributes: ['supportedControl'] };
/** The server may give more entries in pages. */
const LIMITED: ReadonlySet<number> = new Set([RESULT.sizeLimitExceeded, RESULT.adminLimitExceeded]);
/** After any other result the server is usable. */
const DOWN: ReadonlySet<number> = new Set([
  RESULT.strongerAuthRequired,
  RESULT.confidentialityRequired,
  RESULT.busy,
  RESULT.unavailable,
]);

/** Entries in a page (RFC 2696): fewer than the thousand of Active Directory. */
const PAGE_SIZE = 500;
const MAX_ENTRIES = 10_000;
/** Includes empty pages. */
const MAX_PAGES = 200;

function faultOfClosed({ fault }: MessageSocket, { url }: Endpoint): DirectoryFault {
  return fault ?? new DirectoryFault('lost', `${url}: the connection is closed`);
}

function faultOfUnreadable({ url }: Endpoint, what: string, cause: unknown): DirectoryFault {
  return new DirectoryFault('lost', `${url}: an answer that cannot be read while ${what}`, { cause });
}
