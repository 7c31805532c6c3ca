/** What a broker holds in memory, by a snapshot of V8's heap; V8 collects garbage before it takes one. */
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Broker } from './broker.ts';
import { waitFor } from './wait.ts';

/** The environment of a broker whose heap is to be looked at. @param folder where snapshots go */
export function heapReadable(folder: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${folder}` };
}

/** All strings in the heap now, as one text. @param folder as given to `heapReadable` */
export async function heapOf(broker: Broker, folder: string): Promise<string> {
  broker.signal('SIGUSR2');
  const path = await waitFor('the heap snapshot', async () => {
    const name = (await readdir(folder)).find((each) => each.endsWith('.heapsnapshot'));
    return name === undefined ? undefined : join(folder, name);
  });
  const text = await waitFor('the whole of it', async () => {
    const read = await readFile(path, 'utf8');
    return read.trimEnd().endsWith(']}') ? read : undefined;
  });
  await rm(path);
  return text;
}
