/**
 * Servers that die or hang at once. A signal is only on its way when `kill` returns: a busy machine may let the server
 * answer once more, so that these wait until it is felt.
 */
import { readdir, readFile } from 'node:fs/promises';
import { waitFor } from './wait.ts';

/** SIGKILL, and waits until the process and its connections are gone. Its parent may not have noticed yet. */
export async function kill(pid: number): Promise<void> {
  send(pid, 'SIGKILL');
  const isGone = async (): Promise<boolean> => !isThere(pid) || (await states(pid)).every((state) => ENDED.has(state));
  await waitFor(`process ${pid} to be gone`, isGone, { everyMs: 2 });
}

/** Zombie, and dead: what it had open is closed (proc(5)). */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X']);

/** SIGSTOP, and waits until each of its threads is stopped. Linux only, by `/proc` (proc(5)). */
export async function freeze(pid: number): Promise<void> {
  send(pid, 'SIGSTOP');
  const isStopped = async (): Promise<boolean> => (await states(pid)).every((state) => STOPPED.has(state));
  await waitFor(`process ${pid} to be stopped`, isStopped, { everyMs: 2 });
}

/** Stopped by a signal, or ended while its parent is stopped. */
const STOPPED: ReadonlySet<string> = new Set(['T', 'Z']);

/** SIGCONT: goes on where `freeze` stopped it. A process that has ended meanwhile needs nothing. */
export function thaw(pid: number): void {
  try {
    send(pid, 'SIGCONT');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  // 0 and below are groups of processes, and all of them (kill(2)); -1 stands for a server that does not run.
  if (pid <= 1) throw new RangeError(`${pid} is no process to send ${signal} to`);
  process.kill(pid, signal);
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The letters of its threads' states; that of one which ends meanwhile is an error, and asked again. */
async function states(pid: number): Promise<readonly string[]> {
  const folder = `/proc/${pid}/task`;
  const lines = await Promise.all(
    (await readdir(folder)).map((thread) => readFile(`${folder}/${thread}/stat`, 'utf8')),
  );
  // The name before it is in parentheses, and may hold any character.
  return lines.map((line) => line.charAt(line.lastIndexOf(')') + 2));
}
