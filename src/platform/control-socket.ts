/**
 * A socket in the state folder through which commands reach the broker that runs: one JSON line asks, one answers.
 * Whoever may open it is whoever may write that folder: there is no password and no port.
 */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A command and what it is about. */
export type ControlRequest = { readonly command: string; readonly [argument: string]: string };
export type ControlAnswer =
  | { readonly ok: true; readonly said: string }
  /** What is wrong with the request, for whoever typed it. */
  | { readonly ok: false; readonly said: string };

/** @throws never: what cannot be done is an answer */
export type Control = (request: ControlRequest) => ControlAnswer;

/** The longest path that Linux (108 bytes with its end) and macOS (104) take. */
const MAX_PATH_BYTES = 103;
/** Characters. */
const MAX_LINE = 4096;
const PATIENCE_MS = 5000;

/**
 * @returns what closes the socket and removes it
 * @throws Error that says why there is no socket: another broker has it, the path is too long, the folder is not ours
 */
export async function openControlSocket(path: string, control: Control): Promise<AsyncDisposable> {
  requireShort(path);
  if ((await lstat(path).catch(() => undefined))?.isSocket() === true) {
    if (await isAnswered(path)) throw new Error(`another broker that runs has ${path}`);
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
  socket.setTimeout(PATIENCE_MS, () => socket.destroy()).on('error', () => socket.destroy());
  readLine(socket).then(
    (line) => socket.end(`${JSON.stringify(answer(line, control))}\n`),
    () => socket.destroy(),
  );
}

function answer(line: string, control: Control): ControlAnswer {
  const request = parse(line);
  return isRequest(request) ? control(request) : { ok: false, said: 'the request is not one' };
}

/**
 * Asks the broker that runs with this state folder.
 *
 * @throws Error that says that none answers, and where it was looked for
 */
export async function askRunningBroker(path: string, request: ControlRequest): Promise<ControlAnswer> {
  requireShort(path);
  const socket = createConnection(path);
  socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    const given = parse(await readLine(socket));
    if (!isAnswer(given)) throw new Error('what answers is no broker');
    return given;
  } catch (error) {
    throw new Error(
      `no broker that runs answers at ${path}; is it started, with this configuration, on this machine?`,
      {
        cause: error,
      },
    );
  } finally {
    socket.destroy();
  }
}

/** @throws Error when the line does not come, or is too long */
async function readLine(socket: Socket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length > MAX_LINE) return void socket.destroy(new Error('too long a line'));
    const end = text.indexOf('\n');
    if (end !== -1) resolve(text.slice(0, end));
  });
  socket.once('error', reject).once('close', () => reject(new Error('closed before a line came')));
  return promise;
}

function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(path);
  socket.setTimeout(PATIENCE_MS, () => resolve(true));
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function requireShort(path: string): void {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return;
  throw new Error(`${path} is longer than a socket's path may be (${MAX_PATH_BYTES} bytes); choose a shorter stateDir`);
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
