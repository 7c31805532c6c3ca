/** Measurements of the fleet soak: memory and descriptors of brokers, and wrong passwords at the directories. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '../support/broker.ts';
import { PEOPLE_DN } from '../support/slapd-entries.ts';
import type { Slapd } from '../support/slapd.ts';
import { waitFor } from '../support/wait.ts';
import { GUESSED_USERS } from './clients.ts';
import type { FleetWorld } from './fleet-world.ts';
import { least, readGauges } from './gauge.ts';
import type { Gauges } from './gauge.ts';

/** Longer than a broker keeps unused connections: 30 s to PostgreSQL, 60 s to a directory, and 65 s with a client. */
const QUIET_MS = 75_000;
const SAMPLE_MS = 2000;

/** @returns the least that each broker uses without requests */
export async function quietGauges({ brokers, snapshots }: FleetWorld): Promise<readonly ReturnType<typeof least>[]> {
  for (const broker of brokers) await collectGarbage(broker.current(), snapshots);
  const samples = brokers.map((): Gauges[] => []);
  const end = performance.now() + QUIET_MS;
  while (performance.now() < end) {
    for (const [n, { url }] of brokers.entries()) samples[n]?.push(await readGauges(url));
    await delay(SAMPLE_MS);
  }
  return samples.map(least);
}

/** V8 collects garbage before it writes a snapshot of its heap, which is not read. */
async function collectGarbage(broker: Broker, folder: string): Promise<void> {
  broker.signal('SIGUSR2');
  let before = -1;
  const snapshots = async (): Promise<readonly string[]> =>
    (await readdir(folder)).filter((name) => name.endsWith('.heapsnapshot')).map((name) => join(folder, name));
  const isWritten = async (): Promise<boolean> => {
    const [path] = await snapshots();
    if (path === undefined) return false;
    const { size } = await stat(path);
    const isLevel = size > 0 && size === before;
    before = size;
    return isLevel;
  };
  await waitFor('the heap snapshot', isWritten, { timeoutMs: 180_000, everyMs: 1000 });
  for (const path of await snapshots()) await rm(path);
}

/** Wrong passwords that the directories got for the account with the most: nobody logs in there with the correct one. */
export function mostGuesses(directories: readonly Slapd[]): number {
  const counts = new Map<string, number>();
  for (const dn of directories.flatMap((slapd) => slapd.operations().binds)) {
    const user = /^uid=([^,]+),/.exec(dn)?.[1] ?? '';
    if (dn.endsWith(PEOPLE_DN) && GUESSED_USERS.includes(user)) counts.set(user, (counts.get(user) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}
