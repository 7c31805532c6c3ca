/**
 * One connection to one server. ldapts speaks the protocol over a socket that is ours and is given to it once: it
 * cannot connect again, in clear or as nobody, when the connection has ended.
 */
import { TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { Client, PasswordPolicyControl, ResultCodeError } from 'ldapts';
import type { SearchOptions } from 'ldapts';
import type { Secret } from '../../../core/identity.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { dial } from './dial.ts';
import type { DialOptions } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import { readEntry } from './entry.ts';
import type { Entry } from './entry.ts';
import { DirectoryFault, lateFault } from './fault.ts';
import { ANY_ENTRY, encodeFilter } from './filter.ts';
import { EncodedFilter, nameOf, once, policyOf, resultOf } from './ldapts-words.ts';
import type { PolicyAnswer, ResultCode } from './ldapts-words.ts';
import { MessageStream } from './message-stream.ts';
import { PageControl } from './page-control.ts';

/** A server's answer to a bind. Any code but 0 is a refusal; see `judge-bind.ts` for what it means. */
export interface BindAnswer extends ResultCode {
  /** Absent: the server sent none. */
  readonly policy?: PolicyAnswer;
}

export interface SearchRequest {
  readonly base: string;
  readonly scope: 'base' | 'one' | 'sub';
  /** As `encodeFilter` gives it. */
  readonly filter: Buffer;
  readonly attributes: readonly string[];
  /** How many entries are wanted at most; more are dropped silently. Absent: all, and `code` tells when they are not. */
  readonly limit?: number;
}

export interface SearchAnswer {
  readonly code: number;
  readonly diagnostic: string;
  readonly entries: readonly Entry[];
}

/** Whoever can search. */
export interface Reader {
  /**
   * Referrals are not followed: a password never goes to a server that is not configured.
   *
   * @throws DirectoryFault when no answer comes
   */
  search(request: SearchRequest, deadline: Deadline): Promise<SearchAnswer>;
}

/** Every method throws DirectoryFault when no answer comes; the connection is closed then. */
export interface Connection extends Reader, Disposable {
  readonly endpoint: Endpoint;
  bind(dn: string, password: Secret, deadline: Deadline): Promise<BindAnswer>;
  /** Returns when the server answers at all. Throws DirectoryFault. */
  prove(deadline: Deadline): Promise<void>;
  /** What is told of the server's certificate; undefined in clear. */
  readonly certificate: string | undefined;
  /** Whether it can no longer be used. */
  readonly closed: boolean;
}

export interface ConnectionOptions extends DialOptions {
  /** Milliseconds one bind or search may take. */
  readonly operationTimeout: number;
}

/** @throws DirectoryFault */
export async function openConnection(
  endpoint: Endpoint,
  options: ConnectionOptions,
  deadline: Deadline,
): Promise<Connection> {
  const socket = await dial(endpoint, options, deadline);
  const stream = new MessageStream(socket, endpoint.url);
  const client = new Client({ url: 'ldap://established.invalid', createConnection: once(stream) });

  async function operate(what: string, deadlineOf: Deadline, work: () => Promise<void>): Promise<ResultCode> {
    if (stream.destroyed) throw faultOf(stream, endpoint).but({ sent: false });
    const before = stream.requests;
    const limit = deadlineOf.within(options.operationTimeout);
    const timer = setTimeout(() => stream.destroy(lateFault(endpoint.url, what, deadlineOf)), limit.left());
    try {
      await work();
      return { code: 0, diagnostic: '' };
    } catch (error) {
      if (error instanceof ResultCodeError) return resultOf(error);
      const fault = stream.destroyed ? faultOf(stream, endpoint) : unexpected(endpoint, what, error);
      stream.destroy(fault);
      throw stream.requests === before ? fault.but({ sent: false }) : fault;
    } finally {
      clearTimeout(timer);
    }
  }

  async function searchOnce(
    { base, scope, filter, attributes, limit }: SearchRequest,
    until: Deadline,
    page?: PageControl,
  ): Promise<SearchAnswer> {
    let entries: readonly Entry[] = [];
    const result = await operate('searching', until, async () => {
      const settings: SearchOptions = {
        scope,
        filter: new EncodedFilter(filter),
        attributes: attributes.length === 0 ? ['1.1'] : [...attributes],
        timeLimit: Math.ceil(until.within(options.operationTimeout).left() / 1000),
        ...(limit === undefined ? {} : { sizeLimit: limit }),
      };
      const found = await client.search(base, settings, page);
      entries = found.searchEntries.map(readEntry);
    });
    return { ...result, entries };
  }

  /** All entries, page by page: a server gives no more than so many at once, and may give an empty page in between. */
  async function searchAll(request: SearchRequest, until: Deadline): Promise<SearchAnswer> {
    const entries: Entry[] = [];
    let cookie: Buffer | undefined;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = new PageControl(PAGE_SIZE, cookie);
      const answer = await searchOnce(request, until, page);
      entries.push(...answer.entries);
      // A server that knows no pages answers without the control, and has given everything.
      cookie = stream.nextPage;
      if (answer.code !== 0 || cookie === undefined) return { ...answer, entries };
      if (entries.length > MAX_ENTRIES) break;
    }
    throw new DirectoryFault('misconfigured', `${endpoint.url}: a search finds too many entries: narrow it`);
  }

  return {
    endpoint,
    get certificate() {
      return certificateOf(socket);
    },
    get closed() {
      return stream.destroyed;
    },
    search: (request, until) =>
      request.limit === undefined && request.scope !== 'base' ? searchAll(request, until) : searchOnce(request, until),
    prove: async (until) => {
      const { code, diagnostic } = await searchOnce(ROOT, until);
      if (DOWN.has(code)) throw new DirectoryFault('unavailable', `${endpoint.url}: answers ${code} ${diagnostic}`);
    },
    bind: async (dn, password, until) => {
      const control = new PasswordPolicyControl();
      const result = await operate('binding', until, () => client.bind(nameOf(dn), password.reveal(), control));
      return { ...result, ...policyOf(control) };
    },
    [Symbol.dispose]: () => void stream.destroy(),
  };
}

/** The entry about the server itself (RFC 4512, section 5.1), which anybody may read. */
const ROOT: SearchRequest = { base: '', scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes: [] };
/** Codes that say "not now" or "not so"; any other answer shows that the directory is there. */
const DOWN: ReadonlySet<number> = new Set([8, 13, 51, 52]);

/** Entries in a page (RFC 2696): less than the thousand that Active Directory gives. */
const PAGE_SIZE = 500;
const MAX_ENTRIES = 10_000;
/** Empty pages count too. */
const MAX_PAGES = 200;

function certificateOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  return `${socket.getProtocol() ?? 'TLS'}, the certificate of ${[subject?.CN ?? 'no name'].flat().join(' ')} is valid until ${validTo}`;
}

function faultOf(stream: MessageStream, { url }: Endpoint): DirectoryFault {
  return stream.errored instanceof DirectoryFault
    ? stream.errored
    : new DirectoryFault('lost', `${url}: the connection is closed`);
}

function unexpected({ url }: Endpoint, what: string, cause: unknown): DirectoryFault {
  return new DirectoryFault('lost', `${url}: an answer that cannot be read while ${what}`, { cause });
}
