/** Servers on one processor and the load on the others, so that they do not take time from each other. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { findPart } from '../support/parts.ts';
import { run, start } from '../support/process.ts';
import type { ProcessOptions, RunningProcess } from '../support/process.ts';

const taskset = findPart({ program: 'taskset', debian: 'util-linux' });
const MAX_ATTEMPTS = 5;
const canPin = taskset !== undefined && availableParallelism() > 1;

/** Keeps this process off the processor of the servers. */
export async function pinLoad(): Promise<string> {
  if (!canPin) return 'servers and load share all processors';
  // It fails when a thread ends while it goes through them.
  for (let attempt = 1; ; attempt += 1) {
    const { code, stderr } = await run('taskset', ['-acp', '1-1023', String(process.pid)]);
    if (code === 0) break;
    if (attempt === MAX_ATTEMPTS) throw new Error(stderr);
  }
  return 'each server on one processor, the load on another';
}

export function startPinned(command: string, args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  return canPin ? start('taskset', ['-c', '0', command, ...args], options) : start(command, args, options);
}

/** Milliseconds of processor time that the process has used, with all its threads. */
export function processorMs(pid: number): Promise<number> {
  return readProcessorMs(`/proc/${pid}/stat`);
}

/** The same of its first thread, which runs the event loop. */
export function mainThreadMs(pid: number): Promise<number> {
  return readProcessorMs(`/proc/${pid}/task/${pid}/stat`);
}

async function readProcessorMs(path: string): Promise<number> {
  const stat = await readFile(path, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  // The kernel counts in hundredths of a second.
  return (user + system) * 10;
}

/** MiB. */
export interface Resident {
  readonly total: number;
  /** Pages of files: the program of Node.js and its libraries. All processes that run them share these pages. */
  readonly files: number;
}

export async function residentOf(pid: number): Promise<Resident> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
  return { total: mib('VmRSS'), files: mib('RssFile') };
}
