import { threadId } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createBackground } from '../../../src/platform/background.ts';
import type { BackgroundOptions } from '../../../src/platform/background.ts';
import { FILE_TASK } from '../../support/file-task.ts';
import type { Asked } from '../../support/file-task.ts';
import { waitFor } from '../../support/wait.ts';

const FILE = import.meta.filename;

async function all<Part>(parts: AsyncIterable<Part>): Promise<readonly Part[]> {
  const found: Part[] = [];
  for await (const part of parts) found.push(part);
  return found;
}

async function partsOf(does: Asked['does'], options: BackgroundOptions) {
  await using background = createBackground(options);
  return await all(background.run(FILE_TASK, { files: [FILE], does }));
}

describe('a background task', () => {
  it('returns its parts in order, from another thread', async () => {
    const parts = await partsOf('count', { small: 0 });

    expect(parts.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(parts.map(({ thread }) => thread)).not.toContain(threadId);
  });

  it('runs on this thread for small files', async () => {
    const parts = await partsOf('count', {});

    expect(parts.map(({ thread }) => thread)).toEqual([threadId, threadId, threadId]);
  });

  it('leaves the event loop free while its thread is busy', async () => {
    await using background = createBackground({ small: 0 });
    const parts = background.run(FILE_TASK, { files: [FILE], does: 'spin' })[Symbol.asyncIterator]();
    await parts.next();
    let isOver = false;
    const waiting = parts.next().finally(() => (isOver = true));
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 1);

    await waitFor('turns of the event loop', () => turns > 20);
    const wasBusy = !isOver;
    clearInterval(turning);
    await background[Symbol.asyncDispose]();

    await expect(waiting).rejects.toThrow();
    expect(wasBusy).toBe(true);
  });

  it.each([
    ['throw', {}, 'the file is not what it should be'],
    ['spin', { timeoutMs: 300 }, 'reading took more than 0.3 s and was aborted'],
    ['grow', { memoryMiB: 32 }, 'reading took more than 32 MiB of memory and was aborted'],
    ['grow', { memoryMiB: () => 33 }, 'reading took more than 33 MiB of memory and was aborted'],
  ] as const)('ends with an error when the other thread does %s', async (does, bounds, message) => {
    await expect(partsOf(does, { small: 0, ...bounds })).rejects.toThrow(message);
  });

  it('does not start its thread where the process has no memory left for it', async () => {
    const parts = partsOf('count', { small: 0, memoryMiB: () => -5 });

    await expect(parts).rejects.toThrow('too little memory is left for it: raise the limit of the container');
  });

  it('ends with its thread when the threads are disposed', async () => {
    const background = createBackground({ small: 0 });
    const parts = background.run(FILE_TASK, { files: [FILE], does: 'spin' })[Symbol.asyncIterator]();
    await parts.next();

    const waiting = parts.next();
    await background[Symbol.asyncDispose]();

    await expect(waiting).rejects.toThrow('reading was aborted');
  });
});
