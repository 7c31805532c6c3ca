/** Loads that are measured in turns, so that what else the machine does falls on all of them. */
import type { BenchServer } from './bench-broker.ts';
import { measure } from './load.ts';
import type { Figures, Load } from './load.ts';
import { processorMs } from './pinned.ts';
import { printRow } from './table.ts';

export const CONNECTIONS = 8;
export const WARM_UP = 6000;
const ROUNDS = 3;
const REQUESTS = 20_000;

export interface Row {
  readonly name: string;
  readonly server: BenchServer;
  readonly load: Load;
  readonly requests?: number;
}

export interface Best extends Figures {
  /** Microseconds of processor time of the server for one request. */
  readonly cost: number;
}

/** The best of some rounds, in which all take turns: a garbage collection is a part of a round. */
export async function bestOf(rows: readonly Row[]): Promise<ReadonlyMap<string, Best>> {
  const best = new Map<string, Best>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const { name, server, load: work, requests = REQUESTS } of rows) {
      // While the others have their turn, V8 gives memory and compiled code of an idle process back.
      await measure(server.port, work, Math.min(WARM_UP, requests));
      const before = await processorMs(server.server.pid);
      const figures = await measure(server.port, work, requests);
      const cost = (((await processorMs(server.server.pid)) - before) * 1000) / requests;
      if (figures.perSecond > (best.get(name)?.perSecond ?? 0)) best.set(name, { ...figures, cost });
    }
  }
  return best;
}

/** @param unit of what is counted, such as `tokens/s`; the ratio is to the first row */
export function printBest(rows: readonly Row[], best: ReadonlyMap<string, Best>, unit: string): void {
  const baseline = best.get(rows[0]?.name ?? '')?.perSecond ?? Number.NaN;
  printRow('\nbest of three rounds', unit, 'ratio', 'p50 ms', 'p99 ms', 'µs CPU');
  for (const { name } of rows) {
    const { perSecond, p50, p99, cost } = best.get(name) ?? { perSecond: 0, p50: 0, p99: 0, cost: 0 };
    printRow(name, perSecond, perSecond / baseline, p50, p99, cost);
  }
}
