/** What an Active Directory domain says about itself: whether it is one, and how many wrong passwords lock an account. */
import type { Clock } from '../../../core/ports.ts';
import type { Reader } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { Entry } from '../wire/entry.ts';
import { fileTime } from './account-state.ts';
import { DirectoryFault, faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter } from '../wire/filter.ts';

export interface DomainFacts {
  /** Whether the server is Active Directory or Samba: it knows tokenGroups and the rule that follows chains. */
  readonly isActiveDirectory: boolean;
  readonly lockout: LockoutPolicy | undefined;
}

export interface LockoutPolicy {
  readonly threshold: number;
  /** Seconds after which wrong passwords are forgotten. */
  readonly window: number;
}

export interface Domain {
  /** Asks the directory now and then. Throws DirectoryFault. */
  facts(reader: Reader, deadline: Deadline): Promise<DomainFacts>;
}

/** LDAP_CAP_ACTIVE_DIRECTORY_OID ([MS-ADTS] 3.1.1.3.4.3.1). */
export const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800';
const KEPT_MS = 600_000;
const TICKS_PER_SECOND = 10_000_000n;

export function createDomain(clock: Clock): Domain {
  let known: { readonly facts: DomainFacts; readonly until: number } | undefined;
  return {
    facts: async (reader, deadline) => {
      if (known !== undefined && known.until > clock.monotonic()) return known.facts;
      const facts = await read(reader, deadline);
      known = { facts, until: clock.monotonic() + KEPT_MS };
      return facts;
    },
  };
}

async function read(reader: Reader, deadline: Deadline): Promise<DomainFacts> {
  const root = await readEntryAt('', ['supportedCapabilities', 'defaultNamingContext'], reader, deadline);
  const isActiveDirectory = root?.texts('supportedCapabilities').includes(ACTIVE_DIRECTORY) === true;
  const base = root?.texts('defaultNamingContext')[0];
  if (!isActiveDirectory || base === undefined) return { isActiveDirectory, lockout: undefined };
  const domain = await readEntryAt(base, ['lockoutThreshold', 'lockOutObservationWindow'], reader, deadline);
  return { isActiveDirectory, lockout: domain && lockoutOf(domain) };
}

function lockoutOf(domain: Entry): LockoutPolicy | undefined {
  const threshold = Number(domain.texts('lockoutThreshold')[0] ?? 0);
  const window = /^-(\d{1,18})$/.exec(domain.texts('lockOutObservationWindow')[0] ?? '')?.[1];
  if (!(threshold > 0) || window === undefined) return undefined;
  return { threshold, window: Number(BigInt(window) / TICKS_PER_SECOND) };
}

async function readEntryAt(
  base: string,
  attributes: readonly string[],
  reader: Reader,
  deadline: Deadline,
): Promise<Entry | undefined> {
  const request = { base, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes } as const;
  const answer = await reader.search(request, deadline);
  if (answer.code !== 0) {
    throw faultOfResult(answer.code, answer.diagnostic, `reading ${base === '' ? 'the root DSE' : base}`);
  }
  return answer.entries[0];
}

/**
 * How many more passwords may be tried at this server before a wrong one could lock the account: one less than would,
 * which is left to its owner. A domain that locks at the first wrong password leaves no choice but to try one.
 *
 * @param now seconds since 1970
 */
export function attemptsLeft(user: Entry, { threshold, window }: LockoutPolicy, now: number): number {
  const last = fileTime(user.texts('badPasswordTime')[0]) ?? 0;
  const count = now - last < window ? Number(user.texts('badPwdCount')[0] ?? 0) : 0;
  return Math.max(count === 0 ? 1 : 0, threshold - 1 - count);
}

/** @throws DirectoryFault where the directory is none, and a setting needs it to be one */
export function requireActiveDirectory({ isActiveDirectory }: DomainFacts, setting: string): void {
  if (isActiveDirectory) return;
  throw new DirectoryFault('misconfigured', needsActiveDirectory(setting));
}

export function needsActiveDirectory(setting: string): string {
  return `the server is no Active Directory, which ${setting} needs; use levels`;
}
