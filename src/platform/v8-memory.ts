/** Bounds the memory that V8 takes in addition to what is in use, and the time of its collections. */
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const FLAGS = [
  // How much the heap may grow between two collections, in percent of what was in use after the last one. By default V8
  // lets it grow to a multiple under load, because it assumes a desktop program that needs its speed for a moment. A
  // broker needs it all day, and has little in use.
  '--heap-growing-percent=10',
  // The compiler Maglev frees the memory of a compilation on its own thread, and only when no other compilation waits. In
  // the first seconds of a load hundreds wait, with 100 KB each: the C library keeps that memory, some 30 MB, for ever.
  // The thread that runs JavaScript frees it at once.
  '--no-maglev-destroy-on-background',
  // A collection of new objects takes some 300 µs. To share it between threads takes longer than it saves, above all
  // where a container or a cpuset leaves one processor.
  '--no-parallel-scavenge',
  '--no-concurrent-array-buffer-sweeping',
];

/** Milliseconds. V8 halves the rate of allocation each 100 ms, so that it becomes zero after some 100 s. */
const INTERVAL_MS = 30_000;

/** Bounds the memory until it is disposed, and does not keep the process alive. The flags stay. */
export function boundV8Memory(): Disposable {
  // V8 reads each of them when it uses it, so that it can be set after the start.
  for (const flag of FLAGS) setFlagsFromString(flag);
  keepMemoryReducerActive();
  const interval = setInterval(keepMemoryReducerActive, INTERVAL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(interval) };
}

/**
 * After a load, V8 collects the garbage of an idle process and gives the free pages back to the system, but only when
 * the rate of allocation on its second heap (cppgc) is low, and since V8 13.1 it takes a rate of zero for a high one
 * (nodejs/node#66564). Nothing but the module `vm` allocates there. Without this, a broker keeps the memory of its
 * highest load, some 100 MB, until it has been idle for minutes.
 */
function keepMemoryReducerActive(): void {
  void new Script('');
}
