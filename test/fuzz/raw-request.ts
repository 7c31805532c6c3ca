/** One connection that writes bytes and reads what comes back. */
import { connect } from 'node:net';

interface RawAnswer {
  /** The status of each response in turn; none: the server closed the connection without one. */
  readonly statuses: readonly number[];
  /** Whether the server neither answered nor closed the connection in time. */
  readonly hung: boolean;
}

/** A login takes 8 seconds at most, and this machine may be busy. */
const ANSWER_MS = 40_000;
/** After an answer, no other one comes. */
const QUIET_MS = 300;

export async function sendRaw(port: number, bytes: Buffer, limitMs = ANSWER_MS): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const chunks: Buffer[] = [];
  const finish = (hung: boolean): void => {
    clearTimeout(limit);
    clearTimeout(quiet);
    socket.destroy();
    resolve({ statuses: statusesOf(Buffer.concat(chunks).toString('latin1')), hung });
  };
  const limit = setTimeout(() => finish(true), limitMs);
  let quiet: NodeJS.Timeout | undefined;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    clearTimeout(quiet);
    // A keep-alive connection stays open after its last answer.
    if (statusesOf(Buffer.concat(chunks).toString('latin1')).length > 0) quiet = setTimeout(finish, QUIET_MS, false);
  });
  // A reset is a refusal, too.
  socket.on('error', () => finish(false));
  socket.on('end', () => finish(false));
  // The end shows the server that no more is coming, which for a whole request would mean that nobody waits.
  if (looksWhole(bytes)) socket.write(bytes);
  else socket.end(bytes);
  return await promise;
}

/** Whether a server could answer without waiting for more. Wrong guesses cost time only. */
function looksWhole(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const body = text.length - head - 4;
  const length = /^content-length: *(\d+) *\r$/im.exec(text.slice(0, head + 2))?.[1];
  if (/^transfer-encoding/im.test(text.slice(0, head))) return text.endsWith('\r\n0\r\n\r\n');
  return body === Number(length ?? 0);
}

function statusesOf(text: string): readonly number[] {
  return [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status));
}
