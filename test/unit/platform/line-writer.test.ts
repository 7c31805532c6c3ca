/** Against real pipes, FIFOs, sockets and full disks: what arrives and what is reported as dropped is all there was. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { WriteOutcome } from '../../../src/platform/line-queue.ts';
import { LineWriter } from '../../../src/platform/line-writer.ts';
import type { LineCounts } from '../../../src/platform/line-writer.ts';
import { hasRoot } from '../../support/parts.ts';
import { run } from '../../support/process.ts';
import { waitFor } from '../../support/wait.ts';

const lossLine = (dropped: LineCounts): string => JSON.stringify({ dropped });
const LINES = { lossLine, recoveryLine: (cause: string): string => JSON.stringify({ recovered: cause }) };
const LINE = 'x'.repeat(500);

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-lines-'));
  cleanUps.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A FIFO, and `cat` that reads it into a file. */
async function fifoWithReader() {
  const path = await folder();
  const fifo = join(path, 'fifo');
  const out = join(path, 'out');
  await run('mkfifo', [fifo]);
  const start = (): ChildProcess => {
    const reader = spawn('sh', ['-c', `exec cat "${fifo}" >> "${out}"`]);
    cleanUps.push(() => void reader.kill('SIGKILL'));
    return reader;
  };
  return { fifo, out, start };
}

function tally(text: string): { readonly lines: number; readonly dropped: number } {
  let dropped = 0;
  let lines = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('{')) dropped += JSON.parse(line).dropped?.test ?? 0;
    else if (line === LINE) lines += 1;
    else throw new Error(`a cut line: ${line.slice(0, 80)}`);
  }
  return { lines, dropped };
}

describe('a line writer', () => {
  it('loses no line while its reader is stopped, and reports each that does not fit into the queue', async () => {
    const { fifo, out, start } = await fifoWithReader();
    const reader = start();
    const writer = new LineWriter({ path: fifo }, { ...LINES, maxQueuedBytes: 100_000 });
    writer.write(LINE, 'test');
    await waitFor('the first line', async () => tally(await readFile(out, 'utf8')).lines === 1);

    reader.kill('SIGSTOP');
    for (let sent = 0; sent < 1000; sent += 1) {
      writer.write(LINE, 'test');
      if (sent % 50 === 0) await delay(1);
    }
    await waitFor('the pipe to be full', () => writer.isBlocked);
    reader.kill('SIGCONT');
    await waitFor('the queue to move', () => !writer.isBlocked);
    await writer.close(5000);

    await waitFor('every line to be read or reported', async () => {
      const { lines, dropped } = tally(await readFile(out, 'utf8'));
      return lines + dropped === 1001;
    });
    const { dropped } = tally(await readFile(out, 'utf8'));
    expect(dropped).toBeGreaterThan(0);
  });

  it('cuts no line where another process writes to the same pipe, and the reader stops', async () => {
    const { fifo, out, start } = await fifoWithReader();
    const reader = start();
    const writers = [new LineWriter({ path: fifo }, LINES), new LineWriter({ path: fifo }, LINES)];
    for (const writer of writers) writer.write(LINE, 'test');
    await waitFor('the first lines', async () => tally(await readFile(out, 'utf8')).lines === 2);

    reader.kill('SIGSTOP');
    for (let sent = 0; sent < 400; sent += 1) for (const writer of writers) writer.write(LINE, 'test');
    await waitFor('the pipe to be full', () => writers.every(({ isBlocked }) => isBlocked));
    reader.kill('SIGCONT');
    await Promise.all(writers.map((writer) => writer.close(5000)));

    await waitFor('all lines', async () => tally(await readFile(out, 'utf8')).lines === 802);
  });

  it('goes on when another reader opens the FIFO, and names the failure until then', async () => {
    const { fifo, out, start } = await fifoWithReader();
    const failures: (string | undefined)[] = [];
    const writer = new LineWriter({ path: fifo }, { ...LINES, onFailure: (code) => void failures.push(code) });
    writer.write(LINE, 'test');
    await waitFor('the missing reader', () => writer.failure === 'ENXIO');

    start();
    await waitFor('a successful write', () => writer.failure === undefined);
    await writer.close(1000);

    await waitFor('the lines', async () => (await readFile(out, 'utf8')) === `${LINE}\n`);
    expect(failures).toEqual(['ENXIO', undefined]);
  });

  it('writes a line that comes just when the one before it is written', async () => {
    const writer = new LineWriter({ path: join(await folder(), 'audit.log') }, LINES);

    const first = await writer.writeWithin(LINE, 'test', 5000);
    const second = await writer.writeWithin(LINE, 'test', 1000);
    await writer.close(1000);

    expect([first, second]).toEqual(['written', 'written']);
  });

  it('reports a line as written whose time ended while the event loop was busy', async () => {
    const writer = new LineWriter({ path: join(await folder(), 'audit.log') }, LINES);
    await writer.writeWithin(LINE, 'test', 5000);

    const outcome = writer.writeWithin(LINE, 'test', 20);
    // The write begins some promises later, in another thread.
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);

    expect(await outcome).toBe('written');
    await writer.close(1000);
  });

  it('writes every line that it reports as written, and none that it reports as dropped', async () => {
    const { fifo, out, start } = await fifoWithReader();
    const reader = start();
    const writer = new LineWriter({ path: fifo }, LINES);
    expect(await writer.writeWithin(LINE, 'test', 5000)).toBe('written');

    reader.kill('SIGSTOP');
    const outcomes = await Promise.all(Array.from({ length: 400 }, () => writer.writeWithin(LINE, 'test', 300)));
    reader.kill('SIGCONT');
    expect(await writer.writeWithin(LINE, 'test', 5000)).toBe('written');
    const isRead = once(reader, 'close');
    await writer.close(1000);
    await isRead;

    const count = (one: WriteOutcome): number => outcomes.filter((outcome) => outcome === one).length;
    const { lines } = tally(await readFile(out, 'utf8'));
    expect(outcomes).toContain('dropped');
    expect(lines).toBeGreaterThanOrEqual(count('written') + 2);
    // Only where the machine lets a write wait is the outcome of its lines not known in time.
    expect(lines).toBeLessThanOrEqual(count('written') + count('unfinished') + 2);
  });

  it.skipIf(!hasRoot({ program: 'mount' }))(
    'reports a full disk, cuts no line there, and goes on when there is room again',
    async () => {
      const path = await folder();
      await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]);
      cleanUps.push(async () => void (await run('umount', ['-l', path])));
      const file = join(path, 'audit.log');
      const writer = new LineWriter({ path: file }, { ...LINES, maxQueuedBytes: 50_000 });
      let sent = 0;
      const send = (count: number): void => {
        for (sent += count; count > 0; count -= 1) writer.write(LINE, 'test');
      };
      await waitFor('the full disk', () => (send(20), writer.failure === 'ENOSPC'), { everyMs: 1 });
      // More than the queue takes.
      send(200);
      await run('mount', ['-o', 'remount,size=1m', path]);
      await waitFor('a successful write', () => writer.failure === undefined);
      await writer.close(5000);

      const { lines, dropped } = tally(await readFile(file, 'utf8'));
      expect(lines + dropped).toBe(sent);
      expect(dropped).toBeGreaterThan(0);
    },
  );

  it('notices that a file can be written again although no line follows', async () => {
    const path = await folder();
    const file = join(path, 'missing', 'audit.log');
    const failures: (string | undefined)[] = [];
    const writer = new LineWriter({ path: file }, { ...LINES, onFailure: (code) => void failures.push(code) });
    expect(await writer.writeWithin(LINE, 'test', 100)).toBe('dropped');
    await waitFor('the failure', () => writer.failure === 'ENOENT');

    await mkdir(join(path, 'missing'));
    await waitFor('the repair to be noticed', () => writer.failure === undefined && !writer.isBlocked);
    await writer.close(1000);

    expect(failures).toEqual(['ENOENT', undefined]);
    expect((await readFile(file, 'utf8')).trimEnd()).toBe('{"recovered":"ENOENT"}');
  });

  it('notices that its reader reads again although no line follows', async () => {
    const { fifo, out, start } = await fifoWithReader();
    const reader = start();
    const writer = new LineWriter({ path: fifo }, LINES);
    expect(await writer.writeWithin(LINE, 'test', 5000)).toBe('written');

    reader.kill('SIGSTOP');
    await waitFor('the pipe to be full', async () => {
      await Promise.all(Array.from({ length: 400 }, () => writer.writeWithin(LINE, 'test', 300)));
      return writer.isBlocked;
    });
    reader.kill('SIGCONT');
    await waitFor('the reader to be noticed', () => !writer.isBlocked);
    await writer.close(1000);

    await waitFor('the line', async () =>
      (await readFile(out, 'utf8')).trimEnd().endsWith('\n{"recovered":"reader stopped"}'),
    );
  });

  it('writes to the new file after a rotation, and no line to both', async () => {
    const path = await folder();
    const file = join(path, 'audit.log');
    const writer = new LineWriter({ path: file }, LINES);
    expect(await writer.writeWithin('first', 'test', 1000)).toBe('written');

    await rename(file, `${file}.1`);
    writer.reopen();
    expect(await writer.writeWithin('second', 'test', 1000)).toBe('written');
    await writer.close(1000);

    expect(await readFile(`${file}.1`, 'utf8')).toBe('first\n');
    expect(await readFile(file, 'utf8')).toBe('second\n');
  });

  it('ends in time when its reader never reads', async () => {
    const { fifo } = await fifoWithReader();
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    cleanUps.push(() => closeSync(fd));
    const writer = new LineWriter({ fd }, LINES);
    for (let sent = 0; sent < 1000; sent += 1) writer.write(LINE, 'test');

    const started = performance.now();
    await writer.close(200);

    expect(performance.now() - started).toBeLessThan(5000);
  });
});
