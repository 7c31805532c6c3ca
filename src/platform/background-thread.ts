/** The thread that runs a task for `background.ts`: it sends one part for each request. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FileInput, FileTask } from '../core/ports.ts';
import type { ThreadInput } from './background.ts';

interface TaskModule {
  readonly default: FileTask<FileInput, unknown>['work'];
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `background.ts` passes
const { module, input } = workerData as ThreadInput & { readonly input: FileInput };
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a task names a module whose default is its work
const { default: work } = (await import(module)) as TaskModule;
const parts = work(input)[Symbol.asyncIterator]();

parentPort?.on('message', () => void sendNext());

/** An unhandled rejection ends the thread, which `background.ts` notices. */
async function sendNext(): Promise<void> {
  const next = await parts.next();
  parentPort?.postMessage(next, []);
}
