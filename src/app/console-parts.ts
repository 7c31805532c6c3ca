/** The parts of the console, loaded only where it is configured. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { ConsoleArea } from '../http/console/deps.ts';
import { systemClock } from '../platform/clock.ts';
import type { DecisionMemory } from '../platform/recent-decisions.ts';
import type { AreaDeps } from './console-areas.ts';

/** Decisions that the console shows. */
const RECENT_DECISIONS = 10_000;

/** @returns undefined without the console: nobody reads them */
export async function openRecent({ console: pages }: BrokerConfig): Promise<DecisionMemory | undefined> {
  if (pages === undefined) return undefined;
  const { rememberDecisions } = await import('../platform/recent-decisions.ts');
  return rememberDecisions(RECENT_DECISIONS, systemClock);
}

export async function openAreas(
  config: BrokerConfig,
  { recent, ...deps }: Omit<AreaDeps, 'recent' | 'clock'> & { readonly recent: AreaDeps['recent'] | undefined },
): Promise<readonly ConsoleArea[]> {
  if (recent === undefined) return [];
  const { consoleAreas } = await import('./console-areas.ts');
  return consoleAreas(config, { ...deps, recent, clock: systemClock });
}
