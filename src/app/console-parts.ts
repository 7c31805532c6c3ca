/** The parts of the console, loaded only where it is configured. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { ConsoleArea } from '../http/console/deps.ts';
import { systemClock } from '../platform/clock.ts';
import type { RecordedDecisions } from '../platform/recent-decisions.ts';
import type { RecordedDifferences } from '../platform/shadow-differences.ts';
import type { Records } from '../platform/store/records.ts';
import type { AreaDeps } from './console-areas.ts';
import type { Console, OpenConsoleDeps } from './open-console.ts';

interface PagesDeps
  extends Omit<AreaDeps, 'recent' | 'differences' | 'records'>, Pick<OpenConsoleDeps, 'identify' | 'timer' | 'log'> {
  readonly memory: ConsoleMemory | undefined;
  readonly records: Records | undefined;
  /** Pages of other features. */
  readonly otherAreas: readonly ConsoleArea[];
}

/** Decisions that the console shows, and differences of the shadow policy. */
const RECENT_DECISIONS = 10_000;
const RECENT_DIFFERENCES = 1000;

/** What the console shows of the events of this broker. */
export interface ConsoleMemory {
  readonly recent: RecordedDecisions;
  readonly differences: RecordedDifferences;
}

/** @returns undefined without the console: nobody reads them */
export async function openMemory({ console: pages }: BrokerConfig): Promise<ConsoleMemory | undefined> {
  if (pages === undefined) return undefined;
  const { recordDecisions } = await import('../platform/recent-decisions.ts');
  const { recordDifferences } = await import('../platform/shadow-differences.ts');
  return {
    recent: recordDecisions(RECENT_DECISIONS, systemClock),
    differences: recordDifferences(RECENT_DIFFERENCES, systemClock),
  };
}

/** The console with all its pages; undefined: it is not configured. */
export async function openPages(
  config: BrokerConfig,
  { memory, records, identify, log, otherAreas, ...deps }: PagesDeps,
): Promise<Console | undefined> {
  if (memory === undefined || records === undefined) return undefined;
  const { consoleAreas } = await import('./console-areas.ts');
  const { openConsole } = await import('./open-console.ts');
  const areas = [...consoleAreas(config, { ...deps, ...memory, records }), ...otherAreas];
  return openConsole(config, { ...deps, records, identify, areas, log });
}
