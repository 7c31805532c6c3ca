/**
 * A socket on which LDAP messages are exchanged: one request at a time, and the messages that answer it. The connection
 * is closed, and the caller sees nothing of the message, when a message is too long, is not LDAP, is a result without a
 * code, or answers another operation.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { TAG, element, readHeader } from './ber.ts';
import { DirectoryFault } from './fault.ts';
import { ANSWER, readEnvelope, readResult } from './message.ts';
import type { LdapResult } from './message.ts';

/** Bytes of one message. An entry with thousands of groups takes some hundred KiB. */
export const MAX_MESSAGE = 8 * 1024 * 1024;
/** Bytes of all messages that answer one request. */
const MAX_ANSWER = 64 * 1024 * 1024;
const CLOSE_MS = 250;
const EMPTY = Buffer.alloc(0);
const UNBIND = element(TAG.sequence, element(TAG.integer, Buffer.of(0x7f)), Buffer.of(0x42, 0));

const WITH_RESULT: ReadonlySet<number> = new Set([ANSWER.bind, ANSWER.searchDone, ANSWER.extended]);

export interface Request {
  /** Gives the bytes of the request with this message id. */
  readonly encode: (id: number) => Buffer;
  /** The tag of the message that ends the answer. */
  readonly endsWith: typeof ANSWER.bind | typeof ANSWER.searchDone;
  /** Called for each entry as it arrives. What it throws closes the connection. */
  readonly onEntry?: (message: Buffer) => void;
}

/** The message that ends an answer. */
export interface Answer {
  readonly result: LdapResult;
  readonly message: Buffer;
  /** The offset of the end of the operation in the message, where controls begin. */
  readonly end: number;
}

/** A request that waits for its answer. */
interface Pending extends Pick<Request, 'endsWith' | 'onEntry'> {
  readonly id: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: DirectoryFault) => void;
}

export class MessageSocket {
  readonly #socket: Socket;
  readonly #name: string;
  /** Memory for a message that has not arrived completely. Entries may refer to it, so its bytes are never overwritten. */
  #memory: Buffer = EMPTY;
  /** Bytes in `#memory`. */
  #buffered = 0;
  /** Bytes of the message in `#memory`; 0 while they are unknown. */
  #expected = 0;
  /** Bytes received since the last request. */
  #received = 0;
  #requests = 0;
  #hasAnswered = false;
  #pending: Pending | undefined;
  #isDestroyed = false;
  #fault: DirectoryFault | undefined;

  /** @param name of the server, for messages */
  constructor(socket: Socket, name: string) {
    this.#socket = socket;
    this.#name = name;
    // `close` reports it; an error without a listener would end the process.
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

  get destroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Why the connection is closed; undefined while it is open, and when its owner closed it. */
  get fault(): DirectoryFault | undefined {
    return this.#fault;
  }

  /**
   * Sends a request.
   *
   * @throws DirectoryFault when the connection ends before the answer
   * @throws Error when the request before it is not answered
   */
  exchange({ encode, endsWith, onEntry }: Request): Promise<Answer> {
    if (this.#pending !== undefined) return Promise.reject(new Error('another request is not answered yet'));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const id = this.#requests + 1;
    const bytes = encode(id);
    this.#pending = { id, endsWith, ...(onEntry === undefined ? {} : { onEntry }), resolve, reject };
    this.#received = 0;
    this.#requests = id;
    this.#socket.write(bytes);
    return promise;
  }

  /** Closes the connection. @param fault why; undefined: nobody needs it any more */
  destroy(fault?: DirectoryFault): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#fault = fault;
    if (fault === undefined && this.#socket.writable) closeGracefully(this.#socket);
    else this.#socket.destroy();
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(fault ?? new DirectoryFault('lost', `${this.#name}: the connection is closed`));
  }

  #receive(chunk: Buffer): void {
    if (this.#isDestroyed) return;
    this.#hasAnswered = true;
    this.#received += chunk.length;
    if (this.#received > MAX_ANSWER) return this.#fail(`its answer is longer than ${MAX_ANSWER} bytes`);
    const bytes = this.#withEarlier(chunk);
    if (bytes.length < this.#expected) return;
    try {
      this.#takeMessages(bytes);
    } catch (cause) {
      this.#fail('it sends something that is not LDAP', cause);
    }
  }

  /**
   * All bytes so far. They are copied once, into memory for the whole message: a list of chunks would take hundreds of
   * times their size where each chunk is a byte.
   */
  #withEarlier(chunk: Buffer): Buffer {
    if (this.#buffered === 0) return chunk;
    const end = this.#buffered + chunk.length;
    if (end > this.#memory.length) this.#keep(this.#memory.subarray(0, this.#buffered), end);
    chunk.copy(this.#memory, this.#buffered);
    this.#buffered = end;
    return this.#memory.subarray(0, end);
  }

  #keep(bytes: Buffer, atLeast: number): void {
    this.#buffered = bytes.length;
    this.#memory = bytes.length === 0 ? EMPTY : Buffer.allocUnsafe(Math.max(atLeast, this.#expected));
    bytes.copy(this.#memory);
  }

  #takeMessages(received: Buffer): void {
    let bytes = received;
    for (;;) {
      const end = messageLength(bytes);
      if (end === undefined || bytes.length < end) {
        this.#expected = end ?? 0;
        break;
      }
      this.#take(bytes.subarray(0, end));
      if (this.#isDestroyed) return;
      bytes = bytes.subarray(end);
    }
    // In memory of its own already: a message whose header was not complete.
    if (bytes !== received || this.#buffered === 0) this.#keep(bytes, bytes.length);
  }

  #take(message: Buffer): void {
    const { id, operation, start, end } = readEnvelope(message);
    const result = WITH_RESULT.has(operation) ? readResult(message.subarray(start, end)) : undefined;
    // Message id 0: the notice of disconnection (RFC 4511, section 4.4.1).
    if (id === 0) return this.#fail(`it ends the connection (${result?.code ?? '?'} ${result?.diagnostic ?? ''})`);
    if (WITH_RESULT.has(operation) && result === undefined) throw new RangeError('a result without a code');
    const pending = this.#pending;
    if (pending?.id !== id) return;
    if (operation === ANSWER.searchEntry) pending.onEntry?.(message);
    else if (operation === pending.endsWith && result !== undefined) {
      this.#pending = undefined;
      pending.resolve({ result, message, end });
    } else if (operation !== ANSWER.searchReference) {
      // INVARIANT: the end of a search is never taken for the answer to a bind.
      throw new RangeError(`an answer of another kind, 0x${operation.toString(16)}`);
    }
  }

  /** With TLS 1.3 a server reports a missing client certificate after the handshake, and some only close. */
  #certificateHint(): string {
    if (this.#hasAnswered || !(this.#socket instanceof TLSSocket)) return '';
    return ' before any answer; if it requires a client certificate, set tls.certFile and tls.keyFile';
  }

  #fail(how: string, cause?: unknown): void {
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
