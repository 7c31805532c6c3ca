/** What `fairlead check` finds out about the records. */
import { describeError } from '../core/errors.ts';
import type { Step } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { failed, warning } from '../platform/store-steps.ts';
import { postgresSettings, unusedFile } from './open-records.ts';
import type { RecordsConfig } from './open-records.ts';

/**
 * Never throws.
 *
 * @param connect also asks the server
 * @returns no step where the records are in a file
 */
export async function checkRecords({ stateDir, records }: RecordsConfig, connect: boolean): Promise<readonly Step[]> {
  if (records === undefined) return [];
  try {
    const settings = await postgresSettings(records.postgres);
    const unused = await unusedFile(stateDir);
    const steps = unused === undefined ? [] : [warning(unused)];
    if (!connect) return steps;
    const { inspectPostgres } = await import('../platform/postgres/inspect.ts');
    return [...steps, ...(await inspectPostgres(settings, systemClock))];
  } catch (error) {
    return [failed(`records: ${describeError(error)}`)];
  }
}
