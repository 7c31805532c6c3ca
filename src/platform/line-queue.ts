/** The lines that wait to be written, with the number of their bytes. */

/**
 * `written`: the line is in the file or pipe. `dropped`: it is not and never will be. `unfinished`: a part is written
 * and the rest follows when the reader reads on.
 */
export type WriteOutcome = 'written' | 'dropped' | 'unfinished';

export interface Entry {
  readonly bytes: Buffer;
  readonly kind: string;
  readonly settle: ((outcome: WriteOutcome) => void) | undefined;
  state: 'queued' | 'being-written' | 'cancelled';
}

export class LineQueue {
  #entries: Entry[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Whether somebody waits for the outcome of a line. */
  get isAwaited(): boolean {
    return this.#entries.some(({ settle }) => settle !== undefined);
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(line: string, kind: string, settle?: Entry['settle']): Entry {
    const entry: Entry = { bytes: Buffer.from(`${line}\n`), kind, settle, state: 'queued' };
    this.#entries.push(entry);
    this.#bytes += entry.bytes.length;
    return entry;
  }

  removeFirst(count: number): void {
    for (const { bytes } of this.#entries.splice(0, count)) this.#bytes -= bytes.length;
  }

  remove(entries: readonly Entry[]): void {
    const removed = new Set(entries);
    this.#entries = this.#entries.filter((entry) => !removed.has(entry));
    for (const { bytes } of entries) this.#bytes -= bytes.length;
  }

  /** The first lines with so many bytes at most, or a single one that is longer. */
  first(most: number): readonly Entry[] {
    let size = 0;
    const count = this.#entries.findIndex(({ bytes }, index) => {
      size += bytes.length;
      return index > 0 && size > most;
    });
    return this.#entries.slice(0, count < 0 ? undefined : count);
  }
}
