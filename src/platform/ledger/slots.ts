/** Numbered slots, from 1, each taken for a limited time. When all are taken, the least recently used one is freed. */
import type { Clock } from '../../core/ports.ts';
import { growFor, reserve } from './growing-arrays.ts';

interface Slots {
  /** Takes a free slot. */
  take(seconds: number): number;
  /** Makes a slot the most recently used. @returns whether its time has not passed; else it is free now */
  use(slot: number): boolean;
  free(slot: number): void;
  /** Slots that are taken, including those whose time passed a few seconds ago. */
  size(): number;
}

interface SlotsOptions {
  readonly clock: Clock;
  readonly maxSlots: number;
  /** Clears what the slot has. */
  readonly onFree: (slot: number) => void;
  /** Of the least recently used slots the one with the lowest worth is freed first. Absent: the least recently used. */
  readonly worth?: ((slot: number) => number) | undefined;
}

/** How often slots are freed that nobody asks for again. It takes about a millisecond. */
const SWEEP_MS = 10_000;
/** How many of the least recently used slots are compared by their worth. */
const COMPARED = 32;

export function createSlots({ clock, maxSlots, onFree, worth }: SlotsOptions): Slots {
  /** Milliseconds by the clock. */
  const until = new Float64Array(reserve((maxSlots + 1) * Float64Array.BYTES_PER_ELEMENT));
  /** A ring in the order of use, through slot 0: after 0 comes the least recently used. */
  const newer = new Int32Array(reserve((maxSlots + 1) * Int32Array.BYTES_PER_ELEMENT));
  const older = new Int32Array(reserve((maxSlots + 1) * Int32Array.BYTES_PER_ELEMENT));
  /** Slots that were freed. */
  const freed: number[] = [];
  let highest = 0;
  let nextSweep = clock.monotonic() + SWEEP_MS;
  for (const array of [until, newer, older]) growFor(array, 0);

  const size = (): number => highest - freed.length;

  function link(slot: number): void {
    const newest = older[0] ?? 0;
    older[slot] = newest;
    newer[slot] = 0;
    newer[newest] = slot;
    older[0] = slot;
  }

  function unlink(slot: number): void {
    const before = older[slot] ?? 0;
    const after = newer[slot] ?? 0;
    newer[before] = after;
    older[after] = before;
  }

  function free(slot: number): void {
    unlink(slot);
    onFree(slot);
    freed.push(slot);
  }

  const isOver = (slot: number, now: number): boolean => (until[slot] ?? 0) <= now;

  function sweep(now: number): void {
    if (now < nextSweep) return;
    nextSweep = now + SWEEP_MS;
    for (let slot = newer[0] ?? 0, after = 0; slot !== 0; slot = after) {
      after = newer[slot] ?? 0;
      if (isOver(slot, now)) free(slot);
    }
  }

  function leastValuable(): number {
    let found = newer[0] ?? 0;
    if (worth === undefined) return found;
    let slot = found;
    for (let compared = 1; compared < COMPARED && slot !== 0; compared += 1) {
      slot = newer[slot] ?? 0;
      if (slot !== 0 && worth(slot) < worth(found)) found = slot;
    }
    return found;
  }

  return {
    take: (seconds) => {
      const now = clock.monotonic();
      sweep(now);
      if (size() >= maxSlots) free(leastValuable());
      const slot = freed.pop() ?? (highest += 1);
      for (const array of [until, newer, older]) growFor(array, slot);
      until[slot] = now + seconds * 1000;
      link(slot);
      return slot;
    },
    use: (slot) => {
      if (isOver(slot, clock.monotonic())) {
        free(slot);
        return false;
      }
      unlink(slot);
      link(slot);
      return true;
    },
    free,
    size,
  };
}
