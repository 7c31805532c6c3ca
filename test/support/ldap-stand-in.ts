/** A minimal LDAP server for unit tests: it answers binds and searches as the test decides. */
import type { Socket } from 'node:net';
import { TAG, element, readHeader, text } from '../../src/backends/ldap/wire/ber.ts';
import type { Header } from '../../src/backends/ldap/wire/ber.ts';
import { readEnvelope } from '../../src/backends/ldap/wire/message.ts';
import { startTcpStandIn } from './tcp-stand-in.ts';
import type { TcpStandIn } from './tcp-stand-in.ts';

export interface ReceivedBind {
  readonly dn: string;
  readonly password: string;
  /** The number of the connection, from 1. */
  readonly connection: number;
}

export interface ReceivedSearch {
  readonly base: string;
  /** The number of the connection, from 1. */
  readonly connection: number;
}

/** An entry in the answer to a search. */
export interface StandInEntry {
  readonly dn: string;
  /** One value of each attribute. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface LdapStandIn extends TcpStandIn {
  /** All binds so far, answered or not. */
  readonly binds: readonly ReceivedBind[];
  /** All searches so far, answered or not. */
  readonly searches: readonly ReceivedSearch[];
  /** Ends all connections, as a server does with idle ones. */
  endConnections(): void;
}

const BIND_REQUEST = 0x60;
const BIND_RESPONSE = 0x61;
const SEARCH_REQUEST = 0x63;
const SEARCH_ENTRY = 0x64;
const SEARCH_DONE = 0x65;

type BindResult = number | 'lose';
type SearchResult = readonly StandInEntry[] | 'lose';

/**
 * @param answerBind the result code of a bind, or `lose`: the connection is closed without an answer
 * @param answerSearch the entries of an answer, or `lose`; default: none
 */
export async function startLdapStandIn(
  answerBind: (bind: ReceivedBind) => BindResult | Promise<BindResult>,
  answerSearch: (search: ReceivedSearch) => SearchResult | Promise<SearchResult> = () => [],
): Promise<LdapStandIn> {
  const binds: ReceivedBind[] = [];
  const searches: ReceivedSearch[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const standIn = await startTcpStandIn((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    // The requests are short, so each arrives in one chunk.
    socket.on('data', (message: Buffer) => {
      const { id, operation, start } = readEnvelope(message);
      if (operation === SEARCH_REQUEST) {
        const search = { base: readText(message, start), connection };
        searches.push(search);
        void (async () => {
          const entries = await answerSearch(search);
          if (entries === 'lose') socket.destroy();
          else socket.write(Buffer.concat([...entries.map((one) => entryOf(id, one)), response(id, SEARCH_DONE, 0)]));
        })();
      }
      if (operation !== BIND_REQUEST) return;
      const bind = { ...readBind(message, start), connection };
      binds.push(bind);
      void (async () => {
        const answer = await answerBind(bind);
        if (answer === 'lose') socket.destroy();
        else socket.write(response(id, BIND_RESPONSE, answer));
      })();
    });
  });
  return {
    ...standIn,
    binds,
    searches,
    endConnections: () => {
      for (const socket of sockets) socket.end();
    },
  };
}

/** @param at the offset of the content: the version, the name and the password (RFC 4511, section 4.2) */
function readBind(message: Buffer, at: number): { readonly dn: string; readonly password: string } {
  const version = required(readHeader(message, at));
  const name = required(readHeader(message, version.end));
  const password = required(readHeader(message, name.end));
  return {
    dn: message.toString('utf8', name.start, name.end),
    password: message.toString('utf8', password.start, password.end),
  };
}

function required(header: Header | undefined): Header {
  if (header === undefined) throw new Error('a request is not complete');
  return header;
}

function response(id: number, operation: number, code: number): Buffer {
  const result = element(operation, element(TAG.enumerated, Buffer.of(code)), text(''), text(''));
  return element(TAG.sequence, element(TAG.integer, Buffer.of(id)), result);
}

function readText(message: Buffer, at: number): string {
  const { start, end } = required(readHeader(message, at));
  return message.toString('utf8', start, end);
}

/** A search result entry (RFC 4511, section 4.5.2). */
function entryOf(id: number, { dn, attributes }: StandInEntry): Buffer {
  const list = Object.entries(attributes).map(([name, value]) =>
    element(TAG.sequence, text(name), element(TAG.set, text(value))),
  );
  const content = element(SEARCH_ENTRY, text(dn), element(TAG.sequence, ...list));
  return element(TAG.sequence, element(TAG.integer, Buffer.of(id)), content);
}
