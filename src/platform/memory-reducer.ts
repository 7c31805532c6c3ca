/**
 * Lets V8 return memory after a load. V8 collects the garbage of an idle process and gives the free pages back to the
 * system, but only when the rate of allocation on its second heap (cppgc) is low, and since V8 13.1 it takes a rate of
 * zero for a high one (nodejs/node#66564). Nothing but the module `vm` allocates there. Without this, a broker keeps the
 * memory of its highest load, some 100 MB, until it has been idle for minutes.
 */
import { Script } from 'node:vm';

/** Milliseconds. V8 halves the rate each 100 ms, so that it becomes zero after some 100 s. */
const INTERVAL_MS = 30_000;

/** Runs until it is disposed, and does not keep the process alive. */
export function keepMemoryReducerActive(): Disposable {
  allocate();
  const interval = setInterval(allocate, INTERVAL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(interval) };
}

function allocate(): void {
  void new Script('');
}
