/**
 * One request in progress per connection.
 *
 * Node parses everything that one read brings, up to 64 KiB, and passes each pipelined request in it to the application
 * in the same turn of the event loop, so that all other clients wait. Here the bytes of a connection reach the parser in
 * slices, the next slice waits for the response before it, and between two requests of a connection the event loop
 * serves other connections. Responses have the order of their requests (RFC 9112, section 9.3.2).
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestState } from './connections.ts';

/** Bytes. A slice has fifteen requests at most: so many are parsed before their turn. */
const SLICE = 512;

interface TurnOptions {
  /** Milliseconds from the head of a request until the client has read the response. */
  readonly answerMs: number;
  /** Called when a request of this connection begins, is complete, or has been answered. */
  readonly onState: (socket: Socket, state: RequestState) => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly handler: RequestListener;
}

/**
 * Calls the handler for the requests of a server that does not listen yet and has no handler of its own.
 *
 * @returns gives the responses that have not ended
 */
export function serveInTurns(
  server: Server,
  handler: RequestListener,
  options: TurnOptions,
): () => readonly ServerResponse[] {
  const takeTurn = createTurns();
  const pipelines = new Map<Socket, Pipeline>();
  const event = 'setSecureContext' in server ? 'secureConnection' : 'connection';
  server.on(event, (socket: Socket) => {
    pipelines.set(socket, new Pipeline(socket, takeTurn, options));
    socket.once('close', () => pipelines.delete(socket));
  });
  const accept = (request: IncomingMessage, response: ServerResponse, serve: RequestListener): void =>
    pipelines.get(request.socket)?.accept({ request, response, handler: serve });
  server.on('request', (request, response) => accept(request, response, handler));
  // Without a listener Node answers these itself, out of turn.
  server.on('checkExpectation', (request, response) => accept(request, response, refuseExpectation));
  return () => [...pipelines.values()].flatMap((pipeline) => pipeline.inFlight());
}

function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(417).end();
}

type TakeTurn = (work: () => void) => void;

/** Runs one piece of work per iteration of the event loop, for all connections together, first come first served. */
function createTurns(): TakeTurn {
  const queue: (() => void)[] = [];
  const runNext = (): void => {
    const work = queue.shift();
    if (queue.length > 0) setImmediate(runNext);
    work?.();
  };
  return (work) => {
    queue.push(work);
    if (queue.length === 1) setImmediate(runNext);
  };
}

class Pipeline {
  readonly #socket: Socket;
  readonly #takeTurn: TakeTurn;
  readonly #options: TurnOptions;
  /** Node's own listener for data, which parses it. */
  readonly #parse: (chunk: NonSharedBuffer) => void;
  readonly #unparsed: NonSharedBuffer[] = [];
  readonly #waiting: Exchange[] = [];
  #current: Exchange | undefined;
  #isTurnDue = false;
  #state: RequestState = 'idle';

  constructor(socket: Socket, takeTurn: TakeTurn, options: TurnOptions) {
    this.#socket = socket;
    this.#takeTurn = takeTurn;
    this.#options = options;
    const [parse, ...others] = socket.listeners('data');
    // INVARIANT: Node's HTTP server adds its listener for data before it emits the connection, and there is no other.
    if (parse === undefined || others.length > 0) throw new Error('expected one listener for the data of a connection');
    this.#parse = parse;
    socket.on('data', (chunk: NonSharedBuffer) => {
      this.#unparsed.push(chunk);
      this.#parseOn();
    });
    socket.removeListener('data', this.#parse);
    socket.once('close', () => this.#drop());
  }

  accept(exchange: Exchange): void {
    if (this.#current !== undefined || this.#isTurnDue || this.#waiting.length > 0) this.#waiting.push(exchange);
    else this.#serve(exchange);
  }

  inFlight(): readonly ServerResponse[] {
    const exchanges = this.#current === undefined ? this.#waiting : [this.#current, ...this.#waiting];
    return exchanges.map(({ response }) => response);
  }

  #serve(exchange: Exchange): void {
    const { request, response, handler } = exchange;
    this.#current = exchange;
    // A client that does not read the response would keep the connection open.
    const late = setTimeout(() => this.#socket.destroy(), this.#options.answerMs).unref();
    response.once('close', () => {
      clearTimeout(late);
      this.#current = undefined;
      this.#mark('idle');
      this.#serveNext();
    });
    handler(request, response);
  }

  #serveNext(): void {
    if (this.#isOver()) this.#drop();
    if (this.#waiting.length === 0 && this.#unparsed.length === 0) return;
    this.#isTurnDue = true;
    this.#takeTurn(() => {
      this.#isTurnDue = false;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#serve(next);
      this.#parseOn();
    });
  }

  /** Parses until a complete request is in progress. The rest waits, and the client cannot send more. */
  #parseOn(): void {
    while (this.#mayParse()) {
      const slice = this.#nextSlice();
      if (slice === undefined) break;
      this.#parse(slice);
      if (this.#isOver()) this.#drop();
    }
    // Not before: while the parser calls the handler, it has not come to the end of the request.
    if (this.#current !== undefined) this.#mark(this.#current.request.complete ? 'busy' : 'receiving');
    if (this.#unparsed.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #mark(state: RequestState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(this.#socket, state);
  }

  #mayParse(): boolean {
    // The request in progress may need its body. The bytes after it have to wait.
    return !this.#isTurnDue && this.#waiting.length === 0 && this.#current?.request.complete !== true;
  }

  #nextSlice(): NonSharedBuffer | undefined {
    const [chunk] = this.#unparsed;
    if (chunk === undefined) return undefined;
    if (chunk.length > SLICE) this.#unparsed[0] = chunk.subarray(SLICE);
    else this.#unparsed.shift();
    return chunk.subarray(0, SLICE);
  }

  /** Whether Node has closed the connection, so that nothing more can be answered. */
  #isOver(): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded;
  }

  #drop(): void {
    this.#unparsed.length = 0;
    this.#waiting.length = 0;
  }
}
