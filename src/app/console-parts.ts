/** The parts of the console, loaded only where it is configured. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { ConsoleArea } from '../http/console/deps.ts';
import { systemClock } from '../platform/clock.ts';
import type { DecisionMemory } from '../platform/recent-decisions.ts';
import type { Records } from '../platform/store/records.ts';
import type { AreaDeps } from './console-areas.ts';
import type { Console, OpenConsoleDeps } from './open-console.ts';

interface PagesDeps extends Omit<AreaDeps, 'recent' | 'records'>, Pick<OpenConsoleDeps, 'identify' | 'timer' | 'log'> {
  readonly recent: DecisionMemory | undefined;
  readonly records: Records | undefined;
  /** Pages of other features. */
  readonly otherAreas: readonly ConsoleArea[];
}

/** Decisions that the console shows. */
const RECENT_DECISIONS = 10_000;

/** @returns undefined without the console: nobody reads them */
export async function openRecent({ console: pages }: BrokerConfig): Promise<DecisionMemory | undefined> {
  if (pages === undefined) return undefined;
  const { rememberDecisions } = await import('../platform/recent-decisions.ts');
  return rememberDecisions(RECENT_DECISIONS, systemClock);
}

/** The console with all its pages; undefined: it is not configured. */
export async function openPages(
  config: BrokerConfig,
  { recent, records, identify, log, otherAreas, ...deps }: PagesDeps,
): Promise<Console | undefined> {
  if (recent === undefined || records === undefined) return undefined;
  const { consoleAreas } = await import('./console-areas.ts');
  const { openConsole } = await import('./open-console.ts');
  const areas = [...consoleAreas(config, { ...deps, recent, records }), ...otherAreas];
  return openConsole(config, { ...deps, records, identify, areas, log });
}
