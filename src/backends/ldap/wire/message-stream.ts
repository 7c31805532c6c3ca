/**
 * A socket as a stream of whole LDAP messages, one in each `data` event. What is too long, is no LDAP, or would make a
 * client library take no answer for "success" ends the connection before that library sees it.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { TAG, element, readHeader } from './ber.ts';
import { DirectoryFault } from './fault.ts';
import { readEnvelope, readResult } from './message.ts';
import { cookieIn } from './page-control.ts';

/** One message: an entry with all the groups of a user of many takes some hundred KiB. */
export const MAX_MESSAGE = 8 * 1024 * 1024;
/** All messages that answer one request. */
export const MAX_ANSWER = 64 * 1024 * 1024;
const HANG_UP_MS = 250;
const UNBIND = element(TAG.sequence, element(TAG.integer, Buffer.of(0x7f)), Buffer.of(0x42, 0));
/** Bind, search done, extended: the operations whose result counts. */
const WITH_RESULT: ReadonlySet<number> = new Set([0x61, 0x65, 0x78]);

const SEARCH_DONE = 0x65;

export class MessageStream extends Duplex {
  /** What a client library asks of a socket that is connected already. */
  readonly connecting = false;
  readonly readyState = 'open';
  readonly #socket: Socket;
  readonly #name: string;
  #chunks: Buffer[] = [];
  #held = 0;
  #wanted = 0;
  #answered = 0;
  #requests = 0;
  #hasAnswered = false;
  #nextPage: Buffer | undefined;

  /** @param name of the server, for faults */
  constructor(socket: Socket, name: string) {
    super({ readableObjectMode: true });
    this.#socket = socket;
    this.#name = name;
    // A fault is told by `errored`; without a listener it would end the process.
    this.on('error', () => undefined);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.once('end', () => this.#lose(`it closed the connection${this.#likelyCause()}`));
    socket.once('close', () =>
      this.#lose(`the connection was closed${this.#likelyCause()}`, socket.errored ?? undefined),
    );
  }

  /** How many requests were handed to the socket, and may so have reached the server. */
  get requests(): number {
    return this.#requests;
  }

  /** Where the next page of the last search begins; undefined when there is none. */
  get nextPage(): Buffer | undefined {
    return this.#nextPage;
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#answered = 0;
    this.#requests += 1;
    this.#nextPage = undefined;
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error === null && this.#socket.writable) hangUp(this.#socket);
    else this.#socket.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    if (this.destroyed) return;
    this.#hasAnswered = true;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    this.#answered += chunk.length;
    if (this.#answered > MAX_ANSWER) return this.#lose(`its answer is longer than ${MAX_ANSWER} bytes`);
    // Joined once when a message is complete, not with every chunk.
    if (this.#held < this.#wanted) return;
    try {
      this.#takeMessages();
    } catch (cause) {
      this.#lose('what it sends is no LDAP', cause);
    }
  }

  #takeMessages(): void {
    let bytes = Buffer.concat(this.#chunks, this.#held);
    for (;;) {
      const end = messageLength(bytes);
      if (end === undefined || bytes.length < end) {
        this.#wanted = end ?? 0;
        break;
      }
      this.#take(bytes.subarray(0, end));
      if (this.destroyed) return;
      bytes = bytes.subarray(end);
    }
    this.#chunks = [bytes];
    this.#held = bytes.length;
  }

  #take(message: Buffer): void {
    const { id, operation, start, end } = readEnvelope(message);
    const result = WITH_RESULT.has(operation) ? readResult(message.subarray(start, end)) : undefined;
    // Id 0 is the notice of disconnection (RFC 4511, section 4.4.1).
    if (id === 0) return this.#lose(`it ends the connection (${result?.code ?? '?'} ${result?.diagnostic ?? ''})`);
    if (WITH_RESULT.has(operation) && result === undefined) throw new RangeError('a result without a code');
    if (operation === SEARCH_DONE) this.#nextPage = cookieIn(message, end);
    if (!this.push(message)) this.#socket.pause();
  }

  /** With TLS 1.3 a server tells only after the handshake that it misses the client's certificate, and some just close. */
  #likelyCause(): string {
    if (this.#hasAnswered || !(this.#socket instanceof TLSSocket)) return '';
    return ' before any answer; if it wants a certificate of its clients, set tls.certFile and tls.keyFile';
  }

  #lose(how: string, cause?: unknown): void {
    if (this.destroyed) return;
    this.destroy(
      cause instanceof DirectoryFault ? cause : new DirectoryFault('lost', `${this.#name}: ${how}`, { cause }),
    );
  }
}

/** @returns undefined as long as the header is not there; throws RangeError when none can come of it. */
function messageLength(bytes: Buffer): number | undefined {
  if (bytes[0] !== undefined && bytes[0] !== TAG.sequence) throw new RangeError('not a sequence');
  const end = readHeader(bytes)?.end;
  if (end !== undefined && end > MAX_MESSAGE) throw new RangeError(`a message of ${end} bytes`);
  return end;
}

/** Says goodbye, and closes whether or not the other side does. */
function hangUp(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), HANG_UP_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.end(UNBIND);
  socket.resume();
}
