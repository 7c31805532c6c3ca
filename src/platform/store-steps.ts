/** What `check --connect` reports about a store that brokers share, whichever store it is. */
import type { Step } from '../core/ports.ts';

const TRIES = 5;

/** Milliseconds that an exchange takes: the median of some. */
export async function exchangeTime(exchange: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let tried = 0; tried < TRIES; tried += 1) {
    const start = performance.now();
    await exchange();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(TRIES / 2)] ?? 0;
}

export function passed(text: string): Step {
  return { ok: true, text };
}

export function failed(text: string): Step {
  return { ok: false, text };
}

/** It works, and the operator should change something. */
export function warning(text: string): Step {
  return { ok: true, isWarning: true, text };
}
