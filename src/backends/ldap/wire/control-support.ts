/** Which controls a server supports, according to its root DSE (RFC 4512, section 5.1). */
import type { LdapEntry } from './entry.ts';

/** The answer for one server, shared by its connections. */
export interface ControlSupport {
  /**
   * @param readRoot reads `supportedControl` of the root DSE; undefined: it cannot be read
   * @returns whether the server lists the control; undefined when that is unknown
   */
  supports(oid: string, readRoot: () => Promise<LdapEntry | undefined>): Promise<boolean | undefined>;
}

/** A server may be upgraded or replaced under the same address. */
const TTL_MS = 600_000;

/** @param now monotonic milliseconds */
export function createControlSupport(now: () => number): ControlSupport {
  let known: { readonly oids: ReadonlySet<string>; readonly expiresAt: number } | undefined;
  return {
    supports: async (oid, readRoot) => {
      if (known === undefined || known.expiresAt <= now()) {
        const oids = (await readRoot())?.texts('supportedControl') ?? [];
        // A list that is empty was most likely hidden by access rules. It is read again on the next connection.
        known = oids.length === 0 ? undefined : { oids: new Set(oids), expiresAt: now() + TTL_MS };
      }
      return known?.oids.has(oid);
    },
  };
}
