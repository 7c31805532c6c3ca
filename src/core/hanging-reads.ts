/**
 * Reads that never end. A read on a network share that hangs cannot be ended, and keeps one of the few threads of Node
 * for good. So each is given up on after a time, is not begun again while it hangs, and few may hang at once: the other
 * threads are needed for names of hosts, password hashes and other files.
 */

/** The errors of a file system say as much, so that causes are handled in one place. */
class HangingRead extends Error {
  override readonly name = 'HangingRead';
  readonly code = 'ETIMEDOUT';
}

/** Of the four threads of Node. */
const MAX_HANGING = 2;

const hanging = new Set<string>();
const underWay = new Map<string, Promise<unknown>>();

/** How many reads have not ended, although nobody waits for them any more. */
export function hangingReads(): number {
  return hanging.size;
}

/**
 * @param key what is read; a file that replaces it has another key
 * @param late resolves when the time is over
 * @throws HangingRead when the time is over, or this read or too many others hang already
 */
export async function raceRead<T>(key: string, work: () => Promise<T>, late: Promise<unknown>): Promise<T> {
  if (hanging.has(key)) throw new HangingRead('an earlier read has not ended: its file system does not answer');
  if (hanging.size >= MAX_HANGING) throw new HangingRead(`${hanging.size} reads of other files have not ended`);
  let isOver = false;
  const reading = work().finally(() => {
    isOver = true;
    hanging.delete(key);
  });
  const result = await Promise.race([reading.then((value) => ({ value })), late.then(() => undefined)]);
  if (result !== undefined) return result.value;
  // Nobody waits for it any more.
  reading.catch(() => undefined);
  if (!isOver) hanging.add(key);
  throw new HangingRead('its file system does not answer');
}

/** As `raceRead`, and callers with the same key share one read. */
export async function shareRead<T>(key: string, work: () => Promise<T>, late: () => Promise<unknown>): Promise<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key names one kind of work
  const shared = underWay.get(key) as Promise<T> | undefined;
  if (shared !== undefined) return shared;
  const own = raceRead(key, work, late()).finally(() => underWay.delete(key));
  underWay.set(key, own);
  return own;
}
