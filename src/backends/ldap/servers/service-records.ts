/** The servers of a domain from DNS (RFC 2782), as Active Directory and FreeIPA publish them. */
import { resolveSrv } from 'node:dns/promises';
import type { SrvRecord } from 'node:dns';
import type { Clock, Log } from '../../../core/ports.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { TlsMode } from '../config/resolve.ts';
import { parseEndpoint } from '../wire/endpoint.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { DirectoryFault } from '../wire/fault.ts';

/** Throws when the name has no records. */
export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

export interface ServiceRecordsDeps {
  readonly backend: string;
  /** `corp.example` */
  readonly domain: string;
  /** The site whose servers come first. */
  readonly site?: string | undefined;
  readonly mode: TlsMode;
  /** Whether certificates are verified for `tls.serverName` instead of the host, so that every host is acceptable. */
  readonly hasServerName: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Default: the resolver of Node. */
  readonly resolve?: ResolveSrv;
}

const TTL_MS = 300_000;
/** The time limit for DNS, and the time until the next lookup after a failed one. */
const TIMEOUT_MS = 2000;
const MAX_SERVERS = 16;
const LDAPS_PORT = 636;

/** @returns a function that gives the servers in the order in which they are tried; it throws DirectoryFault */
export function createServiceRecords(deps: ServiceRecordsDeps): (deadline: Deadline) => Promise<readonly Endpoint[]> {
  const { backend, domain, site, clock, log, resolve = resolveSrv } = deps;
  const name = `_ldap._tcp.${domain}`;
  const siteName = site === undefined ? undefined : `_ldap._tcp.${site}._sites.${domain}`;
  let known: readonly Endpoint[] = [];
  let expiresAt = -Infinity;
  let lookup: Promise<void> | undefined;

  async function serversOfSite(records: string): Promise<readonly SrvRecord[]> {
    try {
      return await resolve(records);
    } catch {
      log.warn('DNS names no server of the site: servers of all sites are used; correct site', {
        backend,
        name: records,
      });
      return [];
    }
  }

  async function refresh(): Promise<void> {
    try {
      const [ofSite, all] = await Promise.all([siteName === undefined ? [] : serversOfSite(siteName), resolve(name)]);
      const endpoints = firstOfEach([...endpointsOf(ofSite, deps), ...endpointsOf(all, deps)]);
      if (endpoints.length === 0) throw new Error('the records name no usable server');
      known = endpoints;
      expiresAt = clock.monotonic() + TTL_MS;
    } catch (cause) {
      if (known.length === 0) {
        throw new DirectoryFault('unreachable', `${name}: DNS names no server; correct srv, or set urls`, { cause });
      }
      expiresAt = clock.monotonic() + TIMEOUT_MS;
      log.warn('DNS lookup of directory servers failed: the known servers stay in use', { backend, name });
    }
  }

  return async (deadline) => {
    if (clock.monotonic() < expiresAt) return known;
    lookup ??= refresh().finally(() => {
      lookup = undefined;
    });
    const late = new DirectoryFault('unreachable', `${name}: DNS gives no answer in time`);
    if (known.length === 0) await orLate(lookup, deadline.within(TIMEOUT_MS), late);
    // No login waits for DNS while there are known servers.
    else lookup.catch(() => undefined);
    return known;
  };
}

function endpointsOf(
  records: readonly SrvRecord[],
  { backend, domain, mode, hasServerName, log }: ServiceRecordsDeps,
): readonly Endpoint[] {
  const endpoints = inOrder(records).flatMap((record) => {
    const host = record.name.replace(/\.$/, '').toLowerCase();
    // An attacker who can forge DNS answers must not choose the name for which a certificate is verified.
    if (!hasServerName && mode !== 'none' && !host.endsWith(`.${domain.toLowerCase()}`)) {
      log.warn('directory server ignored: its name is outside the domain; set tls.serverName to allow it', {
        backend,
        server: host,
      });
      return [];
    }
    // The records have the port of ldap only.
    const url = mode === 'ldaps' ? `ldaps://${host}:${LDAPS_PORT}` : `ldap://${host}:${record.port}`;
    const endpoint = parseEndpoint(url);
    return typeof endpoint === 'string' ? [] : [endpoint];
  });
  return endpoints;
}

function firstOfEach(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const first = new Map<string, Endpoint>();
  for (const endpoint of endpoints) if (!first.has(endpoint.url)) first.set(endpoint.url, endpoint);
  return [...first.values()].slice(0, MAX_SERVERS);
}

async function orLate(work: Promise<void>, deadline: Deadline, late: DirectoryFault): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late), deadline.left());
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** By priority; servers of one priority are in random order by weight. */
function inOrder(records: readonly SrvRecord[]): readonly SrvRecord[] {
  const withRank = records.map((record) => ({
    record,
    // With exponential ranks the probability of being first is proportional to the weight, as RFC 2782 requires.
    rank: -Math.log(1 - Math.random()) / Math.max(record.weight, 0.01),
  }));
  return withRank
    .toSorted((one, other) => one.record.priority - other.record.priority || one.rank - other.rank)
    .map(({ record }) => record);
}
