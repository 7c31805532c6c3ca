/**
 * A socket as a stream of complete LDAP messages, one in each `data` event. The connection is closed, and ldapts sees
 * nothing of the message, when a message is too long, is not LDAP, or is a result without a code (which ldapts would
 * take for success).
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { TAG, element, readHeader } from './ber.ts';
import { DirectoryFault } from './fault.ts';
import { readEnvelope, readResult, withAliasesFollowed } from './message.ts';
import { cookieIn } from './page-control.ts';

/** Bytes of one message. An entry with thousands of groups takes some hundred KiB. */
export const MAX_MESSAGE = 8 * 1024 * 1024;
/** Bytes of all messages that answer one request. */
const MAX_ANSWER = 64 * 1024 * 1024;
const CLOSE_MS = 250;
const UNBIND = element(TAG.sequence, element(TAG.integer, Buffer.of(0x7f)), Buffer.of(0x42, 0));

const BIND_RESPONSE = 0x61;
const SEARCH_DONE = 0x65;
const EXTENDED_RESPONSE = 0x78;
const WITH_RESULT: ReadonlySet<number> = new Set([BIND_RESPONSE, SEARCH_DONE, EXTENDED_RESPONSE]);

export class MessageStream extends Duplex {
  /** These two tell ldapts that the socket is connected. */
  readonly connecting = false;
  readonly readyState = 'open';
  /** Whether searches follow aliases. ldapts has the option and does not send it. */
  followsAliases = false;
  readonly #socket: Socket;
  readonly #name: string;
  #chunks: Buffer[] = [];
  /** Bytes in `#chunks`. */
  #buffered = 0;
  /** Bytes of the first message in `#chunks`; 0 while they are unknown. */
  #expected = 0;
  /** Bytes received since the last request. */
  #received = 0;
  #requests = 0;
  #hasAnswered = false;
  #nextPage: Buffer | undefined;
  #searchCode: number | undefined;

  /** @param name of the server, for messages */
  constructor(socket: Socket, name: string) {
    super({ readableObjectMode: true });
    this.#socket = socket;
    this.#name = name;
    // Callers read `errored`; an error without a listener would end the process.
    this.on('error', () => undefined);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.once('end', () => this.#fail(`it closed the connection${this.#certificateHint()}`));
    socket.once('close', () =>
      this.#fail(`the connection was closed${this.#certificateHint()}`, socket.errored ?? undefined),
    );
  }

  /** How many requests were handed to the socket; each of them may have reached the server. */
  get requests(): number {
    return this.#requests;
  }

  /** The cookie for the next page of the last search; undefined after the last page. */
  get nextPage(): Buffer | undefined {
    return this.#nextPage;
  }

  /** The result code of the last search; undefined before its answer. */
  get searchCode(): number | undefined {
    return this.#searchCode;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#received = 0;
    this.#requests += 1;
    this.#nextPage = undefined;
    this.#searchCode = undefined;
    this.#socket.write(this.followsAliases ? withAliasesFollowed(chunk) : chunk, done);
  }

  override _final(done: () => void): void {
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error === null && this.#socket.writable) closeGracefully(this.#socket);
    else this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    if (this.destroyed) return;
    this.#hasAnswered = true;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    this.#received += chunk.length;
    if (this.#received > MAX_ANSWER) return this.#fail(`its answer is longer than ${MAX_ANSWER} bytes`);
    // Concatenates once for each message and not for each chunk.
    if (this.#buffered < this.#expected) return;
    try {
      this.#takeMessages();
    } catch (cause) {
      this.#fail('it sends something that is not LDAP', cause);
    }
  }

  #takeMessages(): void {
    let bytes = Buffer.concat(this.#chunks, this.#buffered);
    for (;;) {
      const end = messageLength(bytes);
      if (end === undefined || bytes.length < end) {
        this.#expected = end ?? 0;
        break;
      }
      this.#take(bytes.subarray(0, end));
      if (this.destroyed) return;
      bytes = bytes.subarray(end);
    }
    this.#chunks = [bytes];
    this.#buffered = bytes.length;
  }

  #take(message: Buffer): void {
    const { id, operation, start, end } = readEnvelope(message);
    const result = WITH_RESULT.has(operation) ? readResult(message.subarray(start, end)) : undefined;
    // Message id 0: the notice of disconnection (RFC 4511, section 4.4.1).
    if (id === 0) return this.#fail(`it ends the connection (${result?.code ?? '?'} ${result?.diagnostic ?? ''})`);
    if (WITH_RESULT.has(operation) && result === undefined) throw new RangeError('a result without a code');
    if (operation === SEARCH_DONE) {
      this.#nextPage = cookieIn(message, end);
      this.#searchCode = result?.code;
    }
    if (!this.push(message)) this.#socket.pause();
  }

  /** With TLS 1.3 a server reports a missing client certificate after the handshake, and some only close. */
  #certificateHint(): string {
    if (this.#hasAnswered || !(this.#socket instanceof TLSSocket)) return '';
    return ' before any answer; if it requires a client certificate, set tls.certFile and tls.keyFile';
  }

  #fail(how: string, cause?: unknown): void {
    if (this.destroyed) return;
    this.destroy(
      cause instanceof DirectoryFault ? cause : new DirectoryFault('lost', `${this.#name}: ${how}`, { cause }),
    );
  }
}

/**
 * @returns undefined while the header is incomplete
 * @throws RangeError when the bytes are not the start of a message
 */
function messageLength(bytes: Buffer): number | undefined {
  if (bytes[0] !== undefined && bytes[0] !== TAG.sequence) throw new RangeError('not a sequence');
  const end = readHeader(bytes)?.end;
  if (end !== undefined && end > MAX_MESSAGE) throw new RangeError(`a message of ${end} bytes`);
  return end;
}

/** Sends an unbind request and ends the connection; destroys it when the server does not close in time. */
function closeGracefully(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.end(UNBIND);
  socket.resume();
}
