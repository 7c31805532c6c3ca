/** The registry a command asks about. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { UsageError } from './command.ts';

/** @param service as given; absent: the first one configured. @throws UsageError when there is no such service */
export function serviceFor(service: string | undefined, { services }: BrokerConfig): string {
  const known = Object.keys(services);
  if (service === undefined) return known[0] ?? '';
  if (known.includes(service)) return service;
  throw new UsageError(`the service "${service}" is not configured; expected one of ${known.join(', ')}`);
}
