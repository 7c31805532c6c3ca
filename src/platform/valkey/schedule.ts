/** When work is repeated. The work never throws. */

/** Calls during a run share one further run after it. */
export function onceAtATime(work: () => Promise<void>): () => void {
  let isRunning = false;
  let isDue = false;
  const run = async (): Promise<void> => {
    isDue = true;
    if (isRunning) return;
    isRunning = true;
    while (isDue) {
      isDue = false;
      await work();
    }
    isRunning = false;
  };
  return () => void run();
}

/** @param milliseconds between runs; times 0.8 to 1.2, so that brokers do not ask at the same moment */
export function repeat(work: () => Promise<void>, milliseconds: number): AsyncDisposable {
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  const next = (): void => {
    if (hasEnded) return;
    timer = setTimeout(() => void work().finally(next), milliseconds * (0.8 + Math.random() * 0.4)).unref();
  };
  next();
  return {
    [Symbol.asyncDispose]: async () => {
      hasEnded = true;
      clearTimeout(timer);
    },
  };
}
