/** Starts the thread that reads and writes an SQLite file, and asks it. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BrokerError } from '../../core/errors.ts';
import type { Question } from './sqlite-entries.ts';
import type { Answer, Request } from './sqlite-worker.ts';

export interface SqliteThread {
  /** @throws BrokerError `records_unavailable` when there is no answer in time, or a bad one */
  ask(question: Question): Promise<unknown>;
  /** Whether the thread has ended. */
  isOver(): boolean;
  close(): Promise<void>;
}

/** Longer than `BUSY_MS`, for which a writer waits for another. */
const ANSWER_MS = 5000;
/** Questions that wait for an answer; more are refused. */
const MAX_WAITING = 1000;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** @throws Error that names the file when it cannot be used */
export async function startThread(file: string): Promise<SqliteThread> {
  const waiting = new Map<number, Waiting>();
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let lastId = 0;
  let isOver = false;
  const worker = new Worker(new URL(`./sqlite-worker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: file,
    // It needs no secret from the environment, and no option of this process.
    env: {},
    execArgv: [],
  });

  function end(why: string): void {
    isOver = true;
    opened.reject(new Error(`${file} cannot be used as the embedded store: ${why}`));
    for (const { reject } of waiting.values()) reject(unavailable(file, why));
    waiting.clear();
  }

  function receive(answer: Answer): void {
    if (answer === 'open') return opened.resolve();
    if ('refused' in answer) return end(answer.refused);
    const asker = waiting.get(answer.id);
    if ('failure' in answer) asker?.reject(unavailable(file, answer.failure));
    else asker?.resolve(answer.result);
  }

  worker.on('message', receive);
  worker.on('error', (error) => end(error instanceof Error ? error.message : 'its thread failed'));
  worker.on('exit', () => {
    end('its thread has ended');
    ended.resolve();
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  const send = (request: Request): void => worker.postMessage(request);

  await opened.promise;
  return {
    ask: async (question) => {
      if (isOver) throw unavailable(file, 'its thread has ended');
      if (waiting.size >= MAX_WAITING) throw unavailable(file, `more than ${MAX_WAITING} questions wait`);
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      const late = setTimeout(() => reject(unavailable(file, `no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
      send({ id, question });
      try {
        return await promise;
      } finally {
        clearTimeout(late);
        waiting.delete(id);
      }
    },
    isOver: () => isOver,
    close: async () => {
      // The thread answers earlier questions first.
      send('close');
      await ended.promise;
    },
  };
}

function unavailable(file: string, why: string): BrokerError {
  return new BrokerError('records_unavailable', `the embedded store ${file}: ${why}`);
}
