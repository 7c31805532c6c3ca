/** Whether the records in PostgreSQL can be reached: for readiness, metrics and alerts. */
import type { BackendState, Clock } from '../core/ports.ts';
import type { Records } from '../platform/store/records.ts';

/** @returns undefined where there are no records, or they are in a file of this broker */
export type RecordsState = () => Promise<BackendState | undefined>;

const CACHE_MS = 1000;

/** Asks at most once a second. @param onState called after each probe, for the metric */
export function createRecordsState(
  records: Pick<Records, 'probe'> | undefined,
  clock: Pick<Clock, 'monotonic'>,
  onState: (isUp: boolean) => void,
): RecordsState {
  const probe = records?.probe?.bind(records);
  let cached: { readonly at: number; readonly state: Promise<BackendState> } | undefined;
  return async () => {
    if (probe === undefined) return undefined;
    const now = clock.monotonic();
    if (cached === undefined || now - cached.at >= CACHE_MS) cached = { at: now, state: probe() };
    const state = await cached.state;
    onState(state.state === 'up');
    return state;
  };
}
