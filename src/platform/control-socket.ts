/**
 * A Unix socket in the state folder through which commands reach the running broker: one JSON line each for request and
 * answer. Only the owner of that folder can open it, so it needs neither password nor port.
 */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A command with its arguments. */
export type ControlRequest = { readonly command: string; readonly [argument: string]: string };
export type ControlAnswer =
  | {
      readonly ok: true;
      readonly said: string;
      /** What the command prints as JSON or as a table. */
      readonly data?: unknown;
    }
  /** What is wrong with the request, for the operator. */
  | { readonly ok: false; readonly said: string };

/** Never throws: a refusal is an answer. */
export type Control = (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>;

/** The longest path on Linux (108 bytes with the final NUL, unix(7)) and macOS (104). */
const MAX_PATH_BYTES = 103;
/** Characters. */
const MAX_LINE = 4096;
/** Some hundred brokers with their revisions. */
const MAX_ANSWER = 256 * 1024;
const TIMEOUT_MS = 5000;

/**
 * @returns disposing it closes and removes the socket
 * @throws Error with the reason: another broker has the socket, the path is too long, the folder is not writable
 */
export async function openControlSocket(path: string, control: Control): Promise<AsyncDisposable> {
  requireShort(path);
  if ((await lstat(path).catch(() => undefined))?.isSocket() === true) {
    if (await isAnswered(path)) throw new Error(`another running broker has ${path}`);
    await unlink(path);
  }
  const server = createServer((socket) => serve(socket, control));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(path, resolve);
  await promise;
  await chmod(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

function serve(socket: Socket, control: Control): void {
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy()).on('error', () => socket.destroy());
  readLine(socket)
    .then((line) => answer(line, control))
    .then(
      (reply) => socket.end(`${JSON.stringify(reply)}\n`),
      () => socket.destroy(),
    );
}

async function answer(line: string, control: Control): Promise<ControlAnswer> {
  const request = parse(line);
  return isRequest(request) ? control(request) : { ok: false, said: 'the request is not valid' };
}

/** Why a broker cannot be asked: it does not run, it runs and does not answer, or this user may not ask. */
export class ControlUnavailable extends Error {
  override readonly name = 'ControlUnavailable';
  readonly reason: 'absent' | 'silent' | 'denied';

  constructor(reason: 'absent' | 'silent' | 'denied', path: string, cause: unknown) {
    super(TEXTS[reason](path), { cause });
    this.reason = reason;
  }
}

const TEXTS = {
  absent: (path: string) => `no running broker answers at ${path}: start it with this configuration, on this machine`,
  silent: (path: string) => `the broker at ${path} does not answer within ${TIMEOUT_MS / 1000} s`,
  denied: (path: string) => `this user may not use ${path}: run the command as the user of the broker`,
};

/** @throws ControlUnavailable with the path of the socket when no broker answers */
export async function askRunningBroker(path: string, request: ControlRequest): Promise<ControlAnswer> {
  requireShort(path);
  const socket = createConnection(path);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    const reply = parse(await readLine(socket, MAX_ANSWER));
    if (!isAnswer(reply)) throw new Error('the answer is not valid');
    return reply;
  } catch (error) {
    throw new ControlUnavailable(reasonOf(error), path, error);
  } finally {
    socket.destroy();
  }
}

function reasonOf(error: unknown): ControlUnavailable['reason'] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES') return 'denied';
  return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'absent' : 'silent';
}

/** @throws Error when there is no line in time, or the line is too long */
async function readLine(socket: Socket, most = MAX_LINE): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length > most) return void socket.destroy(new Error('the line is too long'));
    const end = text.indexOf('\n');
    if (end !== -1) resolve(text.slice(0, end));
  });
  socket.once('error', reject).once('close', () => reject(new Error('closed before the end of the line')));
  return promise;
}

function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(path);
  socket.setTimeout(TIMEOUT_MS, () => resolve(true));
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function requireShort(path: string): void {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return;
  throw new Error(
    `${path} is longer than the path of a socket may be (${MAX_PATH_BYTES} bytes); choose a shorter stateDir`,
  );
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isRequest(value: unknown): value is ControlRequest {
  if (typeof value !== 'object' || value === null || !('command' in value)) return false;
  return Object.values(value).every((argument) => typeof argument === 'string');
}

function isAnswer(value: unknown): value is ControlAnswer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'ok' in value &&
    typeof value.ok === 'boolean' &&
    'said' in value &&
    typeof value.said === 'string'
  );
}
