/** How much memory another thread may take, so that the process stays within the limit of its container. */
import { totalmem } from 'node:os';

const MIB = 1024 * 1024;
/** What a thread takes in addition to its heap, some 100 MiB, and what other requests need in the meantime. */
const RESERVED_MIB = 128;

/** In bytes. */
interface ProcessMemory {
  readonly limit: number;
  readonly used: number;
}

/** @returns MiB for the heap of a thread; it may be negative */
export function threadMemoryMiB(most: number, { limit, used }: ProcessMemory = processMemory()): number {
  return Math.min(most, Math.floor((limit - used) / MIB) - RESERVED_MIB);
}

/** Of a container, its own limit: the page cache in it gives way, and is no use. */
export function processMemory(): ProcessMemory {
  const constrained = process.constrainedMemory();
  const limit = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { limit, used: process.memoryUsage.rss() };
}
