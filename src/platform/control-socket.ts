/**
 * A Unix socket in the state folder through which commands reach the running broker: HTTP, with the operations of the
 * API. Only the owner of that folder can open it, so it needs neither password nor port.
 */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { request as sendRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { createConnection } from 'node:net';
import { codeOf } from '../core/system-error.ts';

/** What a command sends. */
export interface ControlRequest {
  readonly method: 'GET' | 'POST';
  /** With the query. */
  readonly path: string;
  /** As JSON. Absent for a GET. */
  readonly body?: unknown;
  /** How long the command waits; default: 5 s. */
  readonly timeoutMs?: number;
}

export interface ControlAnswer {
  readonly status: number;
  /** The parsed JSON of the answer. */
  readonly json: unknown;
}

/** The longest path on Linux (108 bytes with the final NUL, unix(7)) and macOS (104). */
const MAX_PATH_BYTES = 103;
/** A page of tokens, or the findings of a policy. */
const MAX_ANSWER = 8 * 1024 * 1024;
const TIMEOUT_MS = 5000;
/** How long a request in progress delays the end of the broker. */
const CLOSE_MS = 1000;

/**
 * @param server not listening yet
 * @returns disposing it closes and removes the socket, with its connections
 * @throws Error with the reason: another broker has the socket, the path is too long, the folder is not writable
 */
export async function openControlSocket(path: string, server: Server): Promise<AsyncDisposable> {
  requireShort(path);
  if ((await lstat(path).catch(() => undefined))?.isSocket() === true) {
    if ((await stateOf(path)) !== 'absent') throw new Error(`another running broker has ${path}`);
    await unlink(path);
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(path, resolve);
  await promise;
  await chmod(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed.promise;
      clearTimeout(cut);
    },
  };
}

type Reason = 'absent' | 'silent' | 'denied' | 'older';

/** Why a broker cannot be asked: it does not run, it runs and does not answer, this user may not ask, it is older. */
export class ControlUnavailable extends Error {
  override readonly name = 'ControlUnavailable';
  readonly reason: Reason;

  constructor(reason: Reason, path: string, cause: unknown) {
    super(TEXTS[reason](path), { cause });
    this.reason = reason;
  }
}

const TEXTS = {
  absent: (path: string) => `no running broker answers at ${path}: start it with this configuration, on this machine`,
  silent: (path: string) => `the broker at ${path} does not answer in time`,
  denied: (path: string) => `this user may not use ${path}: run the command as the user of the broker`,
  older: (path: string) =>
    `the broker at ${path} is of an older version than this command: restart the broker, or use the command of its version`,
};

/** @throws ControlUnavailable with the path of the socket when no broker answers */
export async function askRunningBroker(
  path: string,
  { method, path: target, body, timeoutMs = TIMEOUT_MS }: ControlRequest,
): Promise<ControlAnswer> {
  requireShort(path);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = sendRequest({
    socketPath: path,
    method,
    path: target,
    headers: { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
  });
  request.once('response', resolve).once('error', reject);
  request.end(body === undefined ? undefined : JSON.stringify(body));
  try {
    const response = await promise;
    return { status: response.statusCode ?? 0, json: JSON.parse(await textOf(response)) };
  } catch (error) {
    throw new ControlUnavailable(reasonOf(error), path, error);
  } finally {
    request.destroy();
  }
}

function reasonOf(error: unknown): Reason {
  const code = codeOf(error) ?? '';
  if (code === 'EACCES') return 'denied';
  // Brokers up to 0.1 answered every line with one line of JSON, which is no HTTP.
  if (code.startsWith('HPE_')) return 'older';
  return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'absent' : 'silent';
}

/** @throws Error when the answer is longer than any of ours */
async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without an encoding, chunks are buffers
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > MAX_ANSWER) throw new Error('the answer is too long');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whether a broker has the socket. A broker that does not answer has it. */
export async function stateOf(path: string): Promise<'running' | 'absent' | 'denied'> {
  const { promise, resolve } = Promise.withResolvers<'running' | 'absent' | 'denied'>();
  const socket = createConnection(path);
  socket.setTimeout(TIMEOUT_MS, () => resolve('running'));
  socket.once('connect', () => resolve('running'));
  socket.once('error', (error) => {
    const reason = reasonOf(error);
    resolve(reason === 'absent' || reason === 'denied' ? reason : 'running');
  });
  return promise.finally(() => socket.destroy());
}

function requireShort(path: string): void {
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return;
  throw new Error(
    `${path} is longer than the path of a socket may be (${MAX_PATH_BYTES} bytes); choose a shorter stateDir`,
  );
}
