/** What is measured during a flood: the other client, the memory and the descriptors of the broker. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

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
  const child = spawn(process.execPath, [join(import.meta.dirname, 'probe.ts'), url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text.includes('ready\n')) ready.resolve();
  });
  child.once('close', () => {
    ready.reject(new Error('the probe ended before it was ready'));
    ended.resolve();
  });
  await ready.promise;
  await work();
  await delay(2000);
  child.stdin.end();
  await ended.promise;
  return JSON.parse(text.replace('ready\n', '')) as Probes;
}

/** Resident memory, in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

export async function descriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
