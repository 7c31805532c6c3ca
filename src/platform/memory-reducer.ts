/**
 * Bounds the memory that V8 takes in addition to what is in use.
 *
 * Under load, V8 by default lets the heap grow to a multiple of what is in use before it collects garbage, because it
 * assumes a desktop program that needs its speed for a moment. A broker needs it all day, and has little in use.
 *
 * After a load, V8 collects the garbage of an idle process and gives the free pages back to the system, but only when
 * the rate of allocation on its second heap (cppgc) is low, and since V8 13.1 it takes a rate of zero for a high one
 * (nodejs/node#66564). Nothing but the module `vm` allocates there. Without this, a broker keeps the memory of its
 * highest load, some 100 MB, until it has been idle for minutes.
 */
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** How much the heap may grow between two collections, of what was in use after the last one. */
const GROWTH_PERCENT = 50;
/** Milliseconds. V8 halves the rate each 100 ms, so that it becomes zero after some 100 s. */
const INTERVAL_MS = 30_000;

/** Runs until it is disposed, and does not keep the process alive. */
export function keepMemoryReducerActive(): Disposable {
  // V8 reads it at each collection, so that it can be set after the start.
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  allocate();
  const interval = setInterval(allocate, INTERVAL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(interval) };
}

function allocate(): void {
  void new Script('');
}
