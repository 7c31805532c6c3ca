/** The thread that runs a task for `background.ts`: it sends one part for each request. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FileInput, FileTask } from '../core/ports.ts';
import type { ThreadInput } from './background.ts';

type Work = FileTask<FileInput, unknown>['work'];

/** The default of a bundled module, which is CommonJS, is the whole module. */
interface TaskModule {
  readonly default: Work | { readonly default: Work };
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `background.ts` passes
const { module, input } = workerData as ThreadInput & { readonly input: FileInput };
const parts = startWork();

parentPort?.on('message', () => void sendNext());

async function startWork(): Promise<AsyncIterator<unknown>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a task names a module whose default is its work
  const { default: task } = (await import(module)) as TaskModule;
  const work = typeof task === 'function' ? task : task.default;
  return work(input)[Symbol.asyncIterator]();
}

/** An unhandled rejection ends the thread, which `background.ts` notices. */
async function sendNext(): Promise<void> {
  const next = await (await parts).next();
  parentPort?.postMessage(next, []);
}
