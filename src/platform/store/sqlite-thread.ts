/** The near end of the thread that reads and writes an SQLite file. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { BrokerError } from '../../core/errors.ts';
import type { Question } from './sqlite-entries.ts';
import type { Answer, Request } from './sqlite-worker.ts';

export interface SqliteThread {
  /** @throws BrokerError `backend_unavailable` when there is no answer in time, or a bad one */
  ask(question: Question): Promise<unknown>;
  /** Whether it has ended, and answers nothing any more. */
  isOver(): boolean;
  close(): Promise<void>;
}

/** Longer than a writer waits for another. */
const ANSWER_MS = 5000;
/** A thread that does not keep up with so many is not waited for. */
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
    // It needs no secret that is in the environment, and none of the options of this process.
    env: {},
    execArgv: [],
  });

  function end(why: string): void {
    isOver = true;
    opened.reject(new Error(`${file} cannot be used as the embedded store: ${why}`));
    for (const { reject } of waiting.values()) reject(unavailable(file, why));
    waiting.clear();
  }

  function hear(answer: Answer): void {
    if (answer === 'open') return opened.resolve();
    if ('refused' in answer) return end(answer.refused);
    const asker = waiting.get(answer.id);
    if ('failure' in answer) asker?.reject(unavailable(file, answer.failure));
    else asker?.resolve(answer.result);
  }

  worker.on('message', hear);
  worker.on('error', (error) => end(error instanceof Error ? error.message : 'its thread failed'));
  worker.on('exit', () => {
    end('its thread has ended');
    ended.resolve();
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  const tell = (request: Request): void => worker.postMessage(request);

  await opened.promise;
  return {
    ask: async (question) => {
      if (isOver) throw unavailable(file, 'its thread has ended');
      if (waiting.size >= MAX_WAITING) throw unavailable(file, 'too much is asked of it at once');
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.set(id, { resolve, reject });
      const late = setTimeout(() => reject(unavailable(file, `no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
      tell({ id, question });
      try {
        return await promise;
      } finally {
        clearTimeout(late);
        waiting.delete(id);
      }
    },
    isOver: () => isOver,
    close: async () => {
      // What was asked before is answered before.
      tell('close');
      await ended.promise;
    },
  };
}

function unavailable(file: string, why: string): BrokerError {
  return new BrokerError('backend_unavailable', `the embedded store ${file}: ${why}`);
}
