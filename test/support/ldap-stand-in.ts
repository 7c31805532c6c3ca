/** A minimal LDAP server for unit tests: it answers binds as the test decides, and all searches with no entries. */
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

export interface LdapStandIn extends TcpStandIn {
  /** All binds so far, answered or not. */
  readonly binds: readonly ReceivedBind[];
  /** Ends all connections, as a server does with idle ones. */
  endConnections(): void;
}

const BIND_REQUEST = 0x60;
const BIND_RESPONSE = 0x61;
const SEARCH_REQUEST = 0x63;
const SEARCH_DONE = 0x65;

/**
 * @param answerBind the result code of a bind, or `lose`: the connection is closed without an answer
 * @param losesSearches whether a search closes the connection
 */
export async function startLdapStandIn(
  answerBind: (bind: ReceivedBind) => number | 'lose',
  losesSearches = false,
): Promise<LdapStandIn> {
  const binds: ReceivedBind[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const standIn = await startTcpStandIn((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    // The requests are short, so each arrives in one chunk.
    socket.on('data', (message: Buffer) => {
      const { id, operation, start } = readEnvelope(message);
      if (operation === SEARCH_REQUEST && losesSearches) socket.destroy();
      else if (operation === SEARCH_REQUEST) socket.write(response(id, SEARCH_DONE, 0));
      if (operation !== BIND_REQUEST) return;
      const bind = { ...readBind(message, start), connection };
      binds.push(bind);
      const answer = answerBind(bind);
      if (answer === 'lose') socket.destroy();
      else socket.write(response(id, BIND_RESPONSE, answer));
    });
  });
  return {
    ...standIn,
    binds,
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
