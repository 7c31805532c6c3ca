/** Which controls a server supports, according to its root DSE (RFC 4512, section 5.1). */
import type { LdapEntry } from './entry.ts';

/** What is known about one server, shared by its connections. */
export interface ControlSupport {
  /** @returns undefined when it is unknown */
  has(oid: string): boolean | undefined;
  /**
   * Reads `supportedControl` unless that was done some minutes ago.
   *
   * @param readRoot reads the root DSE; undefined: it is hidden
   */
  learn(readRoot: () => Promise<LdapEntry | undefined>): Promise<void>;
}

/** A server may be upgraded or replaced under the same address. */
const TTL_MS = 600_000;

/** @param now monotonic milliseconds */
export function createControlSupport(now: () => number): ControlSupport {
  let known: ReadonlySet<string> | undefined;
  let expiresAt = -Infinity;
  return {
    has: (oid) => known?.has(oid),
    learn: async (readRoot) => {
      if (now() < expiresAt) return;
      // Also when the read fails: a server that ends the connection would end every one.
      expiresAt = now() + TTL_MS;
      known = undefined;
      const oids = (await readRoot())?.texts('supportedControl') ?? [];
      // An empty list was most likely hidden by access rules.
      if (oids.length > 0) known = new Set(oids);
    },
  };
}
