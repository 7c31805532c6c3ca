/**
 * StartTLS (RFC 4511, section 4.14) on the TCP socket. Binds and searches get the TLS socket after the handshake, so no
 * password is sent without TLS.
 */
import type { Socket } from 'node:net';
import { TAG, element, readHeader, text } from './ber.ts';
import type { Endpoint } from './endpoint.ts';
import { DirectoryFault } from './fault.ts';
import { ANSWER, readEnvelope, readResult } from './message.ts';
import { RESULT } from './result-code.ts';

const OID = '1.3.6.1.4.1.1466.20037';
const EXTENDED_REQUEST = 0x77;
const REQUEST = element(TAG.sequence, element(TAG.integer, Buffer.of(1)), element(EXTENDED_REQUEST, text(OID, 0x80)));
const MAX_ANSWER = 4096;

/** @throws DirectoryFault `tls` when the server refuses or gives another answer */
export async function startTls(socket: Socket, endpoint: Endpoint): Promise<void> {
  const answer = readAnswer(socket, endpoint);
  socket.write(REQUEST);
  const { operation, start, end } = readEnvelopeOf(await answer, endpoint);
  const result = operation === ANSWER.extended ? readResult((await answer).subarray(start, end)) : undefined;
  if (result === undefined) throw refused(endpoint, 'it answers something else');
  if (result.code !== RESULT.success) {
    const diagnostic = result.diagnostic === '' ? '' : ` (${result.diagnostic})`;
    throw refused(endpoint, `it answers ${result.code}${diagnostic}; set up TLS on the server, or use ldaps`);
  }
}

async function readAnswer(socket: Socket, endpoint: Endpoint): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let bytes = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    const expected = answerLength(bytes);
    if (expected > MAX_ANSWER) reject(refused(endpoint, 'it answers something that is not LDAP'));
    // An attacker could have added these bytes; after the handshake they would pass for encrypted ones.
    else if (bytes.length > expected) reject(refused(endpoint, 'it sends more than its answer before TLS'));
    else if (bytes.length === expected) resolve(bytes);
  };
  const onClose = (): void => {
    reject(socket.errored instanceof DirectoryFault ? socket.errored : refused(endpoint, 'it closes the connection'));
  };
  socket.on('data', onData);
  socket.once('close', onClose);
  socket.once('end', onClose);
  try {
    return await promise;
  } finally {
    socket.pause();
    socket.removeListener('data', onData);
    socket.removeListener('close', onClose);
    socket.removeListener('end', onClose);
  }
}

/** The length of the complete answer; more than the bytes so far while the header is incomplete. */
function answerLength(bytes: Buffer): number {
  if (bytes[0] !== undefined && bytes[0] !== TAG.sequence) return Infinity;
  try {
    return readHeader(bytes)?.end ?? bytes.length + 1;
  } catch {
    return Infinity;
  }
}

function readEnvelopeOf(bytes: Buffer, endpoint: Endpoint): ReturnType<typeof readEnvelope> {
  try {
    return readEnvelope(bytes);
  } catch (cause) {
    throw refused(endpoint, 'it answers something that is not LDAP', cause);
  }
}

function refused({ url }: Endpoint, how: string, cause?: unknown): DirectoryFault {
  return new DirectoryFault('tls', `${url}: no StartTLS: ${how}`, { cause });
}
