/**
 * Writes lines to a pipe, a socket or a file without blocking the event loop and without losing one silently.
 *
 * A descriptor whose reader is slow or stopped answers EAGAIN: the lines wait in a bounded queue, and the writer tries
 * again. Every other error may pass too (a full disk, a FIFO without a reader), so the writer keeps trying, and opens a
 * file again before it does. A line that does not fit into the queue is dropped and counted; as soon as lines can be
 * written again, one line reports how many were. When no line waits, a line of its own shows whether writing works again.
 */
import { constants, fstat, ftruncate, write } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from '../core/system-error.ts';
import { LineQueue } from './line-queue.ts';
import type { Entry, WriteOutcome } from './line-queue.ts';

/** An open descriptor, or a file that the writer opens, and opens again when its path leads elsewhere. */
type LineTarget = { readonly fd: number } | { readonly path: string };

/** Numbers of lines by kind: `token.issued`, `log`. */
export type LineCounts = Readonly<Record<string, number>>;

interface LineWriterOptions {
  /** The line that reports dropped lines, without its end. */
  readonly lossLine: (dropped: LineCounts) => string;
  /** The line that shows that lines can be written again. */
  readonly recoveryLine: (cause: string) => string;
  /** Called for each line that is dropped. */
  readonly onDrop?: (kind: string) => void;
  /** Called when writing fails, with the error code, and with undefined when it works again. Not called for EAGAIN. */
  readonly onFailure?: (code: string | undefined) => void;
  /** Bytes of lines that wait at most. Default: 8 MiB. */
  readonly maxQueuedBytes?: number;
}

const MAX_QUEUED_BYTES = 8 * 1024 * 1024;
/** A pipe takes this much whole or not at all (POSIX, PIPE_BUF on Linux), so that a line of this size is never cut. */
const PIPE_BATCH_BYTES = 4096;
/** Bytes of lines that are written together. Each write takes a thread, which costs more than several lines. */
const BATCH_BYTES = { pipe: PIPE_BATCH_BYTES, other: 16_384, file: 65_536 } as const;
/** How long a line waits, so that the lines after it are written with it: one write costs more than many lines. */
const GATHER_MS = 5;
const FIRST_RETRY_MS = 2;
const LAST_RETRY_MS = 250;
/** Time for a write that is under way when the caller's time ends. */
const GRACE_MS = 100;
const FILE_MODE = 0o640;
/** O_NONBLOCK: opening a FIFO without a reader fails at once instead of waiting for one. */
const FILE_FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

const writeTo = promisify(write);
const statOf = promisify(fstat);
const truncate = promisify(ftruncate);

export class LineWriter {
  readonly #target: LineTarget;
  readonly #options: LineWriterOptions;
  readonly #queue = new LineQueue();
  #dropped = new Map<string, number>();
  #file: FileHandle | undefined;
  /** What the descriptor is: `other` for a socket, such as that of the journal, or a terminal. */
  #kind: keyof typeof BATCH_BYTES | undefined;
  #reopenWanted = false;
  #failure: string | undefined;
  #isBlocked = false;
  #closeBy: number | undefined;
  #running: Promise<void> | undefined;
  /** Ends the wait for more lines. */
  #writeNow: (() => void) | undefined;

  constructor(target: LineTarget, options: LineWriterOptions) {
    this.#target = target;
    this.#options = options;
  }

  /**
   * Queues one line, without its end.
   *
   * @param kind under which it is counted if it is dropped
   */
  write(line: string, kind: string): void {
    this.#push(line, kind, undefined);
  }

  /** Queues one line and waits until it is written, at most so many milliseconds. */
  async writeWithin(line: string, kind: string, milliseconds: number): Promise<WriteOutcome> {
    const { promise, resolve } = Promise.withResolvers<WriteOutcome>();
    const entry = this.#push(line, kind, resolve);
    if (entry === undefined) return 'dropped';
    let timer = setTimeout(() => {
      this.#cancel(entry);
      // From now on: where the event loop was late, the write has often returned, and only its outcome is not read yet.
      timer = setTimeout(() => resolve('unfinished'), GRACE_MS);
    }, milliseconds);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens the path again before the next line, for log rotation. Has no effect on a descriptor. */
  reopen(): void {
    this.#reopenWanted = 'path' in this.#target;
  }

  /** The code of the error that keeps lines from being written, such as ENOSPC; undefined when there is none. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Whether lines wait, because the reader does not read or because writing fails. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Waits until all lines are written, at most so many milliseconds. Lines that come later are dropped. */
  async close(milliseconds: number): Promise<void> {
    this.#closeBy = performance.now() + milliseconds;
    this.#writeNow?.();
    await Promise.race([this.#running, delay(milliseconds, undefined, { ref: false })]);
    await this.#closeFile();
  }

  get #batchBytes(): number {
    return BATCH_BYTES[this.#kind ?? 'pipe'];
  }

  #push(line: string, kind: string, settle: Entry['settle']): Entry | undefined {
    const size = Buffer.byteLength(line) + 1;
    const { maxQueuedBytes = MAX_QUEUED_BYTES, onDrop } = this.#options;
    if (this.#closeBy !== undefined || this.#queue.bytes + size > maxQueuedBytes) {
      this.#dropped.set(kind, (this.#dropped.get(kind) ?? 0) + 1);
      onDrop?.(kind);
      return undefined;
    }
    const entry = this.#queue.add(line, kind, settle);
    this.#running ??= this.#run();
    if (settle !== undefined || this.#queue.bytes >= this.#batchBytes) this.#writeNow?.();
    return entry;
  }

  #cancel(entry: Entry): void {
    // What is being written may arrive all the same: its outcome is known when that write returns.
    if (entry.state === 'queued') {
      this.#queue.remove([entry]);
      entry.settle?.('dropped');
    }
    entry.state = 'cancelled';
  }

  /** Writes until the queue is empty. One loop runs at a time, so that lines never mix. */
  async #run(): Promise<void> {
    let retry = FIRST_RETRY_MS;
    await this.#gather();
    // Nobody may ask for the next line: a broker that refuses tokens gets no requests.
    while (!this.#queue.isEmpty || this.#isBlocked) {
      if (this.#queue.isEmpty) this.#queue.add(this.#recoveryLine(), 'own');
      try {
        await this.#writeBatch();
        retry = FIRST_RETRY_MS;
        await this.#gather();
      } catch (error) {
        await this.#failed(error);
        if (this.#isOver()) break;
        await delay(retry);
        retry = Math.min(retry * 2, LAST_RETRY_MS);
      }
    }
    // In the same turn as the last look at the queue: a line that comes later needs a loop of its own.
    this.#running = undefined;
  }

  /** Waits for more lines, unless there are enough, somebody waits for one, or the writer closes. */
  async #gather(): Promise<void> {
    if (this.#queue.bytes >= this.#batchBytes || this.#queue.isAwaited || this.#closeBy !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GATHER_MS);
    this.#writeNow = resolve;
    await promise;
    this.#writeNow = undefined;
    clearTimeout(timer);
  }

  async #writeBatch(): Promise<void> {
    const fd = await this.#descriptor();
    this.#kind ??= kindOf(await statOf(fd));
    const batch = this.#queue.first(this.#batchBytes);
    if (batch.length === 0) return;
    for (const entry of batch) entry.state = 'being-written';
    try {
      await this.#writeAll(fd, Buffer.concat(batch.map(({ bytes }) => bytes)));
    } catch (error) {
      this.#restore(batch);
      throw error;
    }
    // Nothing else takes lines that are being written out of the queue, so they are still its first.
    this.#queue.removeFirst(batch.length);
    for (const { settle } of batch) settle?.('written');
    this.#succeeded();
  }

  /** Nothing of these lines is written: those whose time has ended in the meantime are dropped, the others wait. */
  #restore(batch: readonly Entry[]): void {
    const cancelled = batch.filter(({ state }) => state === 'cancelled');
    this.#queue.remove(cancelled);
    for (const { settle } of cancelled) settle?.('dropped');
    for (const entry of batch) if (entry.state === 'being-written') entry.state = 'queued';
  }

  /** Writes all of it, or nothing. @throws when nothing is written */
  async #writeAll(fd: number, bytes: Buffer): Promise<void> {
    let done = await writeSome(fd, bytes, 0);
    let retry = FIRST_RETRY_MS;
    while (done < bytes.length) {
      try {
        done += await writeSome(fd, bytes, done);
        retry = FIRST_RETRY_MS;
      } catch (error) {
        if (this.#kind === 'file') {
          // A part of a line in a file would make the next line unreadable.
          await truncate(fd, (await statOf(fd)).size - done);
          throw error;
        }
        // A pipe cannot take back what it has. The rest follows when its reader reads on; a new reader gets all of it.
        if (codeOf(error) !== 'EAGAIN' || this.#isOver()) throw error;
        this.#isBlocked = true;
        await delay(retry);
        retry = Math.min(retry * 2, LAST_RETRY_MS);
      }
    }
  }

  /** Whether the time that `close` gives is over. */
  #isOver(): boolean {
    return this.#closeBy !== undefined && performance.now() > this.#closeBy;
  }

  #succeeded(): void {
    this.#isBlocked = false;
    this.#note(undefined);
    if (this.#dropped.size === 0) return;
    const line = this.#options.lossLine(Object.fromEntries(this.#dropped));
    this.#dropped = new Map();
    this.#queue.add(line, 'own');
  }

  /** As long as a batch for a pipe: room for a shorter line only would not mean that writing works again. */
  #recoveryLine(): string {
    return this.#options.recoveryLine(this.#failure ?? 'reader stopped').padEnd(PIPE_BATCH_BYTES - 1);
  }

  async #failed(error: unknown): Promise<void> {
    this.#isBlocked = true;
    const code = codeOf(error) ?? 'unknown error';
    if (code === 'EAGAIN') return;
    this.#note(code);
    await this.#closeFile();
  }

  #note(code: string | undefined): void {
    if (code === this.#failure) return;
    this.#failure = code;
    this.#options.onFailure?.(code);
  }

  async #descriptor(): Promise<number> {
    if ('fd' in this.#target) return this.#target.fd;
    if (this.#reopenWanted) await this.#closeFile();
    this.#file ??= await open(this.#target.path, FILE_FLAGS, FILE_MODE);
    return this.#file.fd;
  }

  async #closeFile(): Promise<void> {
    this.#reopenWanted = false;
    const file = this.#file;
    this.#file = undefined;
    this.#kind = undefined;
    await file?.close().catch(() => undefined);
  }
}

async function writeSome(fd: number, bytes: Buffer, from: number): Promise<number> {
  const { bytesWritten } = await writeTo(fd, bytes, from, bytes.length - from);
  return bytesWritten;
}

function kindOf(stats: Stats): keyof typeof BATCH_BYTES {
  if (stats.isFile()) return 'file';
  return stats.isFIFO() ? 'pipe' : 'other';
}
