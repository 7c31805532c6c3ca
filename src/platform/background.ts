/**
 * Reads big files on another thread, so that requests are answered meanwhile. The parts come one at a time, each when
 * it is asked for, and the loop has a turn between them.
 */
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { Background, FileInput, FileTask } from '../core/ports.ts';

export interface BackgroundOptions {
  /** Bytes up to which files are read on this thread: that takes less than a new thread does. */
  readonly small?: number;
  readonly timeoutMs?: number;
  readonly memoryMiB?: number;
}

export interface BackgroundThreads extends AsyncDisposable {
  readonly run: Background;
}

export interface ThreadInput {
  readonly module: string;
  readonly input: unknown;
}

const SMALL = 32 * 1024;
const TIMEOUT_MS = 60_000;
/** What the biggest policy takes that may be written, with as much again. */
const MEMORY_MIB = 2048;

// The sources run as they are, and so does what is built from them.
const THREAD = new URL(`./background-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);

/** Disposing stops what still runs. */
export function createBackground(options: BackgroundOptions = {}): BackgroundThreads {
  const { small = SMALL, timeoutMs = TIMEOUT_MS, memoryMiB = MEMORY_MIB } = options;
  const running = new Set<Worker>();

  async function* onThread<Input extends FileInput, Part>(task: FileTask<Input, Part>, input: Input) {
    const worker = new Worker(THREAD, {
      workerData: { module: task.module, input } satisfies ThreadInput,
      // It needs no secret that is in the environment, and none of the options of this process.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
    });
    running.add(worker);
    const failed = failure(worker, memoryMiB);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void worker.terminate();
    }, timeoutMs);
    try {
      for (;;) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the task says what its module makes
        const next = (await Promise.race([answer(worker), failed])) as IteratorResult<Part, void>;
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      throw late ? new Error(`reading took more than ${timeoutMs / 1000} s and was stopped`) : error;
    } finally {
      clearTimeout(timer);
      running.delete(worker);
      await worker.terminate();
    }
  }

  return {
    run: async function* (task, input) {
      yield* (await bytesOf(input.files)) <= small ? task.work(input) : onThread(task, input);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}

/** Asks for the next part. */
function answer(worker: Worker): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  worker.once('message', resolve);
  worker.postMessage('next', []);
  return promise;
}

/** Rejects when the thread ends, whatever ended it. */
function failure(worker: Worker, memoryMiB: number): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Who waits for a part hears of it; nobody waiting is no failure of this process.
  promise.catch(() => undefined);
  worker.once('error', (cause: unknown) => {
    const outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
    reject(outOfMemory ? new Error(`reading took more than ${memoryMiB} MiB of memory and was stopped`) : cause);
  });
  worker.once('exit', () => reject(new Error('reading was stopped before its end')));
  return promise;
}

/** What is wrong with a file is for its reader to say. */
async function bytesOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
