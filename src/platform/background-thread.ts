/** Where `background.ts` has a task done: the other thread, which gives a part whenever it is asked for one. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FileInput, FileTask } from '../core/ports.ts';
import type { ThreadInput } from './background.ts';

interface TaskModule {
  readonly default: FileTask<FileInput, unknown>['work'];
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `background.ts` has put there
const { module, input } = workerData as ThreadInput & { readonly input: FileInput };
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a task names a module whose default is its work
const { default: work } = (await import(module)) as TaskModule;
const parts = work(input)[Symbol.asyncIterator]();

parentPort?.on('message', () => void give());

/** A rejection that nobody handles ends the thread, and the other side is told of it. */
async function give(): Promise<void> {
  const next = await parts.next();
  parentPort?.postMessage(next, []);
}
