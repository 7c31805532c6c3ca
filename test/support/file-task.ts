/** A task for another thread that does what a test asks for. */
import { threadId } from 'node:worker_threads';
import type { FileInput, FileTask } from '../../src/core/ports.ts';

export interface Asked extends FileInput {
  readonly does: 'count' | 'throw' | 'spin' | 'grow';
}

interface Part {
  readonly number: number;
  readonly thread: number;
}

export default async function* work({ does }: Asked): AsyncGenerator<Part> {
  yield { number: 1, thread: threadId };
  if (does === 'throw') throw new Error('the file is not what it should be');
  const grown: unknown[] = [];
  while (does === 'spin' || does === 'grow') if (does === 'grow') grown.push(Array.from({ length: 10_000 }));
  for (const number of [2, 3]) yield { number, thread: threadId };
}

export const FILE_TASK: FileTask<Asked, Part> = { module: import.meta.url, work };
