/** The servers of a domain, as its DNS names them (RFC 2782): what Active Directory and FreeIPA publish. */
import { resolveSrv } from 'node:dns/promises';
import type { SrvRecord } from 'node:dns';
import type { Clock, Log } from '../../../core/ports.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { parseEndpoint } from '../wire/endpoint.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { DirectoryFault } from '../wire/fault.ts';

/** How a name's records are found; throws when there are none. */
export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

export interface ServiceRecordsDeps {
  readonly backend: string;
  /** `corp.example` */
  readonly domain: string;
  readonly mode: 'ldaps' | 'starttls' | 'none';
  /** Whether certificates are checked against a name of the operator's, so that any host will do. */
  readonly isNamed: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly resolve?: ResolveSrv;
}

const KEPT_MS = 300_000;
const TIMEOUT_MS = 2000;
const MAX_SERVERS = 16;
const LDAPS_PORT = 636;

/**
 * @returns the servers in the order they are asked. Throws DirectoryFault when they cannot be found and never were.
 */
export function createServiceRecords(deps: ServiceRecordsDeps): (deadline: Deadline) => Promise<readonly Endpoint[]> {
  const { backend, domain, mode, isNamed, clock, log, resolve = resolveSrv } = deps;
  const name = `_ldap._tcp.${domain}`;
  let known: readonly Endpoint[] = [];
  let until = -Infinity;
  let underWay: Promise<void> | undefined;

  function endpointsOf(records: readonly SrvRecord[]): readonly Endpoint[] {
    const endpoints = inOrder(records).flatMap((record) => {
      const host = record.name.replace(/\.$/, '').toLowerCase();
      // Whoever can forge an answer of DNS must not choose the name a certificate is checked against.
      if (!isNamed && mode !== 'none' && !host.endsWith(`.${domain.toLowerCase()}`)) {
        log.warn('a directory server is left out: its name is not in the domain; set tls.serverName to allow it', {
          backend,
          server: host,
        });
        return [];
      }
      // The records name the port of ldap only.
      const endpoint = parseEndpoint(
        mode === 'ldaps' ? `ldaps://${host}:${LDAPS_PORT}` : `ldap://${host}:${record.port}`,
      );
      return typeof endpoint === 'string' ? [] : [endpoint];
    });
    return endpoints.slice(0, MAX_SERVERS);
  }

  async function refresh(): Promise<void> {
    try {
      const found = endpointsOf(await resolve(name));
      if (found.length === 0) throw new Error('it names no server that can be used');
      known = found;
      until = clock.monotonic() + KEPT_MS;
    } catch (cause) {
      if (known.length === 0) {
        throw new DirectoryFault('unreachable', `${name}: DNS names no server; correct srv, or give urls`, { cause });
      }
      // Those of before will do until DNS answers again.
      until = clock.monotonic() + TIMEOUT_MS;
      log.warn('the servers of a directory cannot be looked up; those known are used', { backend, name });
    }
  }

  return async (deadline) => {
    if (clock.monotonic() < until) return known;
    underWay ??= refresh().finally(() => {
      underWay = undefined;
    });
    const late = new DirectoryFault('unreachable', `${name}: DNS gives no answer in time`);
    if (known.length === 0) await inTime(underWay, deadline.within(TIMEOUT_MS), late);
    // Nobody waits for DNS as long as there are servers to ask.
    else underWay.catch(() => undefined);
    return known;
  };
}

async function inTime(work: Promise<void>, deadline: Deadline, late: DirectoryFault): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late), deadline.left());
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** By priority; within one, at random by weight. */
function inOrder(records: readonly SrvRecord[]): readonly SrvRecord[] {
  const drawn = records.map((record) => ({
    record,
    // The larger the weight, the likelier a small number.
    lot: -Math.log(1 - Math.random()) / Math.max(record.weight, 0.01),
  }));
  return drawn
    .toSorted((one, other) => one.record.priority - other.record.priority || one.lot - other.lot)
    .map(({ record }) => record);
}
