/** Facts about an Active Directory domain: whether the server is one, and how many wrong passwords lock an account. */
import type { Clock, LockoutPolicy } from '../../../core/ports.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { fileTime } from './account-state.ts';
import { DirectoryFault, faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';

interface DomainFacts {
  /** Also true for Samba. Such a server knows tokenGroups and the matching rule of `inChain`. */
  readonly isActiveDirectory: boolean;
  /** Undefined when wrong passwords never lock an account. */
  readonly lockout: LockoutPolicy | undefined;
}

export interface DomainCache {
  /** Reads the facts from the directory and caches them for some minutes. Throws DirectoryFault. */
  facts(reader: Reader, deadline: Deadline): Promise<DomainFacts>;
}

/** LDAP_CAP_ACTIVE_DIRECTORY_OID ([MS-ADTS] 3.1.1.3.4.3.1). */
export const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800';
const TTL_MS = 600_000;
const TICKS_PER_SECOND = 10_000_000n;
/** The duration "never": the least value of the syntax. */
const NEVER = '-9223372036854775808';

export function createDomainCache(clock: Clock): DomainCache {
  let cached: { readonly facts: DomainFacts; readonly expiresAt: number } | undefined;
  return {
    facts: async (reader, deadline) => {
      if (cached !== undefined && cached.expiresAt > clock.monotonic()) return cached.facts;
      const facts = await readFacts(reader, deadline);
      cached = { facts, expiresAt: clock.monotonic() + TTL_MS };
      return facts;
    },
  };
}

async function readFacts(reader: Reader, deadline: Deadline): Promise<DomainFacts> {
  const root = await readEntryAt('', ['supportedCapabilities', 'defaultNamingContext'], reader, deadline);
  const isActiveDirectory = root?.texts('supportedCapabilities').includes(ACTIVE_DIRECTORY) === true;
  const base = root?.texts('defaultNamingContext')[0];
  if (!isActiveDirectory || base === undefined) return { isActiveDirectory, lockout: undefined };
  const domain = await readEntryAt(base, ['lockoutThreshold', 'lockOutObservationWindow'], reader, deadline);
  return { isActiveDirectory, lockout: domain && lockoutOf(domain) };
}

function lockoutOf(domain: LdapEntry): LockoutPolicy | undefined {
  const threshold = Number(domain.texts('lockoutThreshold')[0] ?? 0);
  const text = domain.texts('lockOutObservationWindow')[0] ?? '';
  if (threshold > 0 && text === NEVER) return { threshold, window: Infinity };
  // A duration is a negative number of ticks.
  const ticks = /^-(\d{1,18})$/.exec(text)?.[1];
  if (!(threshold > 0) || ticks === undefined) return undefined;
  return { threshold, window: Number(BigInt(ticks) / TICKS_PER_SECOND) };
}

async function readEntryAt(
  base: string,
  attributes: readonly string[],
  reader: Reader,
  deadline: Deadline,
): Promise<LdapEntry | undefined> {
  const request = { base, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes } as const;
  const answer = await reader.search(request, deadline);
  if (answer.code !== RESULT.success) {
    throw faultOfResult(answer.code, answer.diagnostic, `reading ${base === '' ? 'the root DSE' : base}`);
  }
  return answer.entries[0];
}

/**
 * How many passwords may still be tried, so that a wrong one cannot lock the account. The last attempt before the lock is
 * left to the user. In a domain that locks at the first wrong password one attempt is allowed.
 *
 * @param now seconds since 1970
 */
export function attemptsLeft(user: LdapEntry, { threshold, window }: LockoutPolicy, now: number): number {
  const lastFailure = fileTime(user.texts('badPasswordTime')[0]) ?? 0;
  const failures = now - lastFailure < window ? Number(user.texts('badPwdCount')[0] ?? 0) : 0;
  return Math.max(failures === 0 ? 1 : 0, threshold - 1 - failures);
}

/** @throws DirectoryFault when a setting needs Active Directory and the server is another directory */
export function requireActiveDirectory({ isActiveDirectory }: DomainFacts, setting: string): void {
  if (isActiveDirectory) return;
  throw new DirectoryFault('misconfigured', needsActiveDirectory(setting));
}

export function needsActiveDirectory(setting: string): string {
  return `the server is not Active Directory, which ${setting} needs; use levels`;
}
