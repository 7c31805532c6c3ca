/** Waiting for a condition instead of for a while: each wait has a deadline and says what it waited for. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds. A machine that runs ten times as much as it can starts a server in half a minute. */
export const START_TIMEOUT = 60_000;

/**
 * Milliseconds that a busy machine may add to something that has a time limit. It is for limits whose failure takes far
 * longer; where it would not, a test counts or orders events instead of measuring time.
 */
export const MACHINE_MS = 4000;

/**
 * Asks again and again until the answer is not false, null or undefined.
 *
 * @param what stands in the error: "waited 60000 ms for <what>"
 * @param ask an error it throws counts as "not yet" and is the cause if the time runs out
 * @throws when `timeoutMs` have passed
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | Promise<T>,
  { timeoutMs = START_TIMEOUT, everyMs = 25 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await ask();
      if (answer !== false && answer !== null && answer !== undefined) {
        return answer as Exclude<T, false | null | undefined>;
      }
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause });
    await delay(everyMs);
  }
}

/** Whether something accepts connections there now. */
export async function portAnswers(port: number, host = '127.0.0.1'): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host, timeout: 1000 });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  socket.once('timeout', () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Whether the URL gives any HTTP answer, or one of the given statuses. */
export async function httpAnswers(url: string, ...statuses: readonly number[]): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' });
  await response.arrayBuffer();
  return statuses.length === 0 || statuses.includes(response.status);
}
