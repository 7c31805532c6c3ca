/** A broker signs only with keys that nobody else could have put in place. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Log } from '../core/ports.ts';
import { checkState } from '../platform/signing/state-check.ts';

/** @throws Error when other users could replace the signing keys */
export async function requireOwnState({ keys, stateDir }: BrokerConfig, log: Log): Promise<void> {
  const { refusals, warnings } = await checkState(keys, stateDir);
  if (refusals.length > 0) throw new Error(refusals.join('\n'));
  for (const warning of warnings) log.warn(warning);
}
