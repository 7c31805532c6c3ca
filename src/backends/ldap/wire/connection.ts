/**
 * One connection to one server. ldapts speaks the protocol over a socket that Fairlead opened and that it gets once: it
 * cannot connect again, without TLS or without a bind, after the connection has ended.
 */
import { TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { Client, ResultCodeError } from 'ldapts';
import type { SearchOptions } from 'ldapts';
import type { Secret } from '../../../core/identity.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { PAGED_RESULTS, PASSWORD_POLICY, PolicyControl } from './control.ts';
import { createControlSupport } from './control-support.ts';
import type { ControlSupport } from './control-support.ts';
import { dial } from './dial.ts';
import type { DialOptions } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import { readEntry } from './entry.ts';
import type { LdapEntry } from './entry.ts';
import { DirectoryFault, lateFault } from './fault.ts';
import { ANY_ENTRY, encodeFilter } from './filter.ts';
import { EncodedFilter, dnObject, policyOf, resultOf, singleConnection } from './ldapts-adapter.ts';
import type { PasswordPolicyAnswer } from './ldapts-adapter.ts';
import { MessageStream } from './message-stream.ts';
import type { LdapResult } from './message.ts';
import { PageControl } from './page-control.ts';
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
  readonly client: Client;
  readonly stream: MessageStream;
  readonly operationTimeout: number;
  readonly controls: ControlSupport;
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
  const stream = new MessageStream(socket, endpoint.url);
  const client = new Client({ url: 'ldap://established.invalid', createConnection: singleConnection(stream) });
  const { operationTimeout, assumesPasswordPolicy = true } = options;
  const session: Session = { endpoint, client, stream, operationTimeout, controls, isAnonymous: true };
  return {
    endpoint,
    get certificate() {
      return describeCertificate(socket);
    },
    get closed() {
      return stream.destroyed;
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
      const control = new PolicyControl();
      session.isAnonymous = true;
      const result = await operate(session, 'binding', until, () =>
        client.bind(dnObject(dn), password.reveal(), isAsked ? control : undefined),
      );
      session.isAnonymous = result.code !== RESULT.success;
      return { ...result, ...policyOf(control) };
    },
    [Symbol.dispose]: () => void stream.destroy(),
  };
}

/**
 * Runs one operation within its time limit.
 *
 * @throws DirectoryFault with `sent: false` when no request was handed to the socket
 */
async function operate(
  { endpoint, stream, operationTimeout }: Session,
  what: string,
  deadline: Deadline,
  work: () => Promise<void>,
): Promise<LdapResult> {
  if (stream.destroyed) throw faultOfClosed(stream, endpoint).with({ sent: false });
  const requestsBefore = stream.requests;
  const limit = deadline.within(operationTimeout);
  const timer = setTimeout(() => stream.destroy(lateFault(endpoint.url, what, deadline)), limit.left());
  try {
    await work();
    return { code: RESULT.success, diagnostic: '' };
  } catch (error) {
    if (error instanceof ResultCodeError) return resultOf(error);
    const fault = stream.destroyed ? faultOfClosed(stream, endpoint) : faultOfUnreadable(endpoint, what, error);
    stream.destroy(fault);
    throw stream.requests === requestsBefore ? fault.with({ sent: false }) : fault;
  } finally {
    clearTimeout(timer);
  }
}

async function searchOnce(
  session: Session,
  { base, scope, filter, attributes, limit, followAliases = false }: SearchRequest,
  deadline: Deadline,
  page?: PageControl,
): Promise<SearchAnswer> {
  let entries: readonly LdapEntry[] = [];
  const result = await operate(session, 'searching', deadline, async () => {
    const options: SearchOptions = {
      scope,
      filter: new EncodedFilter(filter),
      attributes: attributes.length === 0 ? [NO_ATTRIBUTES] : [...attributes],
      timeLimit: Math.ceil(deadline.within(session.operationTimeout).left() / 1000),
      ...(limit === undefined ? {} : { sizeLimit: limit }),
    };
    session.stream.followsAliases = followAliases;
    const { searchEntries } = await session.client.search(base, options, page);
    entries = searchEntries.map(readEntry);
  });
  const answer = { ...result, entries, isAnonymous: session.isAnonymous };
  // ldapts gives sizeLimitExceeded as success where a limit was sent. The limit of the server can be lower.
  const isCutOff = limit !== undefined && session.stream.searchCode === RESULT.sizeLimitExceeded;
  return isCutOff && entries.length < limit ? { ...answer, code: RESULT.sizeLimitExceeded } : answer;
}

/**
 * All entries, in pages only where the server gives no more in one answer: with the control for pages, the overlay
 * dynlist of OpenLDAP does not expand dynamic groups, and answers success.
 */
async function searchAll(session: Session, request: SearchRequest, deadline: Deadline): Promise<SearchAnswer> {
  const answer = await searchOnce(session, request, deadline);
  if (answer.entries.length > MAX_ENTRIES) throw tooManyEntries(session);
  // A server that sends pages without being asked has more entries, too.
  const cookie = session.stream.nextPage;
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
    cookie = session.stream.nextPage;
    if (answer.code !== RESULT.success || cookie === undefined) return { ...answer, entries, isPaged: true };
    if (entries.length > MAX_ENTRIES) break;
  }
  throw tooManyEntries(session);
}

function tooManyEntries({ endpoint }: Session): DirectoryFault {
  return new DirectoryFault('misconfigured', `${endpoint.url}: a search finds too many entries: narrow it`);
}

/** "1.1" asks for no attributes (RFC 4511, section 4.5.1.8). */
const NO_ATTRIBUTES = '1.1';
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

function describeCertificate(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  return `${socket.getProtocol() ?? 'TLS'}, the certificate of ${[subject?.CN ?? 'no name'].flat().join(' ')} is valid until ${validTo}`;
}

function faultOfClosed(stream: MessageStream, { url }: Endpoint): DirectoryFault {
  return stream.errored instanceof DirectoryFault
    ? stream.errored
    : new DirectoryFault('lost', `${url}: the connection is closed`);
}

function faultOfUnreadable({ url }: Endpoint, what: string, cause: unknown): DirectoryFault {
  return new DirectoryFault('lost', `${url}: an answer that cannot be read while ${what}`, { cause });
}
