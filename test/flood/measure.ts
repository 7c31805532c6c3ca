/** What is measured during a flood: the other client, the memory and the descriptors of the broker. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startChildProgram } from './child-program.ts';

export interface Probes {
  readonly probes: number;
  /** Requests without an answer. */
  readonly failures: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly max: number;
}

/** Asks a URL from another process while the work is done, and for two seconds after it. */
export async function whileProbing(url: string, work: () => Promise<void>): Promise<Probes> {
  const probe = await startChildProgram('probe.ts', url);
  await work();
  await delay(2000);
  return (await probe.end()) as Probes;
}

/** Resident memory, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

export async function descriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
