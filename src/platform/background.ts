/**
 * Reads big files on another thread, so that the event loop can answer requests meanwhile. The thread sends one part at
 * a time, on request, so that the event loop has a turn between two parts.
 */
import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { raceRead, shareRead } from '../core/hanging-reads.ts';
import type { Background, FileInput, FileTask } from '../core/ports.ts';

export interface BackgroundOptions {
  /** Files up to this many bytes are read on this thread, which is faster than to start another. */
  readonly small?: number;
  readonly timeoutMs?: number;
  /** A function is asked for each thread. */
  readonly memoryMiB?: number | (() => number);
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
const READ_LIMIT_MS = 10_000;
/** A thread whose read hangs does not end. */
const END_LIMIT_MS = 1000;
/** Twice what the biggest allowed policy takes. */
const MEMORY_MIB = 2048;
/** With less, a thread does not even start. */
const LEAST_MIB = 32;

// The same code runs from source and when it is bundled.
const THREAD = new URL(`./background-thread${extname(import.meta.filename)}`, import.meta.url);

/** Disposing it stops all tasks. */
export function createBackground(options: BackgroundOptions = {}): BackgroundThreads {
  const { small = SMALL, timeoutMs = TIMEOUT_MS, memoryMiB = MEMORY_MIB } = options;
  const running = new Set<Worker>();

  async function* onThread<Input extends FileInput, Part>(task: FileTask<Input, Part>, input: Input) {
    const most = typeof memoryMiB === 'function' ? memoryMiB() : memoryMiB;
    if (most < LEAST_MIB) throw new Error('too little memory is left for it: raise the limit of the container');
    const threads = await import('node:worker_threads');
    const worker = new threads.Worker(THREAD, {
      workerData: { module: task.module, input } satisfies ThreadInput,
      // It needs no secret from the environment, and no option of this process.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: most },
    });
    running.add(worker);
    const failed = failure(worker, most);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      void worker.terminate();
    }, timeoutMs);
    try {
      for (;;) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the task says what its module makes
        const next = (await Promise.race([nextPart(worker), failed])) as IteratorResult<Part, void>;
        if (next.done === true) return;
        yield next.value;
      }
    } catch (error) {
      throw isLate ? new Error(`reading took more than ${timeoutMs / 1000} s and was aborted`) : error;
    } finally {
      clearTimeout(timer);
      running.delete(worker);
      await Promise.race([worker.terminate(), delay(END_LIMIT_MS, undefined, { ref: false })]);
    }
  }

  return {
    run: async function* (task, input) {
      if ((await bytesOf(input.files)) <= small) return yield* task.work(input);
      await probe(input.files);
      return yield* onThread(task, input);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}

/** Asks for the next part. */
function nextPart(worker: Worker): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  worker.once('message', resolve);
  worker.postMessage('next', []);
  return promise;
}

/** Rejects when the thread ends, for any reason. */
function failure(worker: Worker, memoryMiB: number): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // The caller that waits for a part gets the error; without one, it is not an unhandled rejection.
  promise.catch(() => undefined);
  worker.once('error', (cause: unknown) => {
    const outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
    reject(outOfMemory ? new Error(`reading took more than ${memoryMiB} MiB of memory and was aborted`) : cause);
  });
  worker.once('exit', () => reject(new Error('reading was aborted')));
  return promise;
}

/** Counts a file that cannot be read as empty: its reader reports the error. */
async function bytesOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map((file) =>
      shareRead(`size ${file}`, () => stat(file), late).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Reads a byte of each file on this thread, which knows the reads that hang: each new thread would begin one more.
 *
 * @throws Error when a file system does not answer
 */
async function probe(files: readonly string[]): Promise<void> {
  for (const path of files) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) continue;
    const readByte = async (): Promise<void> => {
      await using file = await open(path);
      await file.read(Buffer.alloc(1), 0, 1, 0);
    };
    await raceRead(`probe ${[found.dev, found.ino, found.ctimeMs].join(' ')}`, readByte, late());
  }
}

function late(): Promise<unknown> {
  return delay(READ_LIMIT_MS, undefined, { ref: false });
}
