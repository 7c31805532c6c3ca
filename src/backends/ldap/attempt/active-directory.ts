/** Facts about an Active Directory domain: whether the server is one, and how many wrong passwords lock an account. */
import { canonicalParts } from '../../../core/dn.ts';
import type { Clock, LockoutPolicy } from '../../../core/ports.ts';
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { fileTime } from './account-state.ts';
import { DirectoryFault, faultOfResult } from '../wire/fault.ts';
import { ANY_ENTRY, encodeFilter, equal } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';

interface DomainFacts {
  /** Also true for Samba. Such a server knows tokenGroups and the matching rule of `inChain`. */
  readonly isActiveDirectory: boolean;
  /** Undefined when wrong passwords never lock an account. */
  readonly lockout: LockoutPolicy | undefined;
  /** The DN of the domain; undefined where the server is another directory. */
  readonly base?: string;
  /** The DN of the configuration of the forest. */
  readonly configuration?: string | undefined;
}

export interface DomainCache {
  facts(reader: Reader, deadline: Deadline): Promise<DomainFacts>;
  /** The names of the domain in lower case: `corp.example`, and `corp` where the account may read it. */
  names(reader: Reader, deadline: Deadline): Promise<readonly string[]>;
  /**
   * The policy in force for a user: that of the password settings object (PSO) that the server names in
   * msDS-ResultantPSO, else that of the domain ([MS-ADTS] 3.1.1.4.5.36).
   *
   * @returns undefined when wrong passwords never lock the account
   */
  lockoutFor(user: LdapEntry, reader: Reader, deadline: Deadline): Promise<LockoutPolicy | undefined>;
}

/** LDAP_CAP_ACTIVE_DIRECTORY_OID ([MS-ADTS] 3.1.1.3.4.3.1). */
export const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800';
const RESULTANT_PSO = 'msDS-ResultantPSO';
const TTL_MS = 600_000;
/** The facts of the domain, and PSOs, of which a domain has a few. */
const MAX_CACHED = 1000;
const ROOT_ATTRIBUTES = ['supportedCapabilities', 'defaultNamingContext', 'configurationNamingContext'];
const UNREADABLE = 'unreadable';
/** Results for an entry that the account may not read. */
const HIDDEN: ReadonlySet<number> = new Set([RESULT.noSuchObject, RESULT.insufficientAccessRights]);
const TICKS_PER_SECOND = 10_000_000n;
/** The duration "never": the least value of the syntax. */
const NEVER = '-9223372036854775808';

/** @param onUnreadable called when a policy is in force for a user and the service account may not read it */
export function createDomainCache(clock: Clock, onUnreadable: (dn: string) => void = () => undefined): DomainCache {
  const cached = new Map<string, { readonly value: unknown; readonly expiresAt: number }>();

  async function cachedOr<T>(key: string, read: () => Promise<T>): Promise<T> {
    const entry = cached.get(key);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each key has values of one type
    if (entry !== undefined && entry.expiresAt > clock.monotonic()) return entry.value as T;
    const value = await read();
    if (cached.size >= MAX_CACHED) cached.clear();
    cached.set(key, { value, expiresAt: clock.monotonic() + TTL_MS });
    return value;
  }

  const facts: DomainCache['facts'] = (reader, deadline) => cachedOr('', () => readFacts(reader, deadline));
  return {
    facts,
    names: async (reader, deadline) => {
      const known = await facts(reader, deadline);
      return cachedOr('names', () => readNames(known, reader, deadline));
    },
    lockoutFor: async (user, reader, deadline) => {
      const pso = user.texts(RESULTANT_PSO)[0];
      const own =
        pso === undefined
          ? UNREADABLE
          : await cachedOr(pso, async () => {
              const policy = await readPso(pso, reader, deadline);
              if (policy === UNREADABLE) onUnreadable(pso);
              return policy;
            });
      return own === UNREADABLE ? (await facts(reader, deadline)).lockout : own;
    },
  };
}

/** The cross reference of a domain has both names ([MS-ADTS] 6.1.1.2.1.1.4). */
async function readNames(
  { base, configuration }: DomainFacts,
  reader: Reader,
  deadline: Deadline,
): Promise<readonly string[]> {
  if (base === undefined) return [];
  const parts = canonicalParts(base) ?? [];
  const dnsName = parts.filter((part) => part.startsWith('dc=')).map((part) => part.slice(3));
  const names = [dnsName.join('.')];
  if (configuration === undefined) return names;
  const { entries } = await reader.search(
    {
      base: `CN=Partitions,${configuration}`,
      scope: 'one',
      filter: encodeFilter(equal('nCName', base)),
      attributes: ['nETBIOSName'],
      limit: 1,
    },
    deadline,
  );
  return [...names, ...entries.flatMap((entry) => entry.texts('nETBIOSName')).map((name) => name.toLowerCase())];
}

async function readPso(
  dn: string,
  reader: Reader,
  deadline: Deadline,
): Promise<LockoutPolicy | undefined | typeof UNREADABLE> {
  const names = { threshold: 'msDS-LockoutThreshold', window: 'msDS-LockoutObservationWindow' };
  const entry = await readEntryAt(dn, Object.values(names), reader, deadline, HIDDEN);
  // Both attributes are mandatory.
  return entry === undefined || entry.texts(names.threshold).length === 0 ? UNREADABLE : lockoutOf(entry, names);
}

async function readFacts(reader: Reader, deadline: Deadline): Promise<DomainFacts> {
  const root = await readEntryAt('', ROOT_ATTRIBUTES, reader, deadline);
  const isActiveDirectory = root?.texts('supportedCapabilities').includes(ACTIVE_DIRECTORY) === true;
  const base = root?.texts('defaultNamingContext')[0];
  if (!isActiveDirectory || base === undefined) return { isActiveDirectory, lockout: undefined };
  const domain = await readEntryAt(base, ['lockoutThreshold', 'lockOutObservationWindow'], reader, deadline);
  const configuration = root?.texts('configurationNamingContext')[0];
  const names = { threshold: 'lockoutThreshold', window: 'lockOutObservationWindow' };
  return { isActiveDirectory, lockout: domain && lockoutOf(domain, names), base, configuration };
}

function lockoutOf(
  entry: LdapEntry,
  names: { readonly threshold: string; readonly window: string },
): LockoutPolicy | undefined {
  const threshold = Number(entry.texts(names.threshold)[0] ?? 0);
  if (!(threshold > 0)) return undefined;
  // A duration is a negative number of ticks. Without one it is unknown when the directory clears wrong passwords.
  const text = entry.texts(names.window)[0] ?? '';
  const ticks = text === NEVER ? undefined : /^-?(\d{1,19})$/.exec(text)?.[1];
  return { threshold, window: ticks === undefined ? Infinity : Number(BigInt(ticks) / TICKS_PER_SECOND) };
}

async function readEntryAt(
  base: string,
  attributes: readonly string[],
  reader: Reader,
  deadline: Deadline,
  hidden: ReadonlySet<number> = new Set(),
): Promise<LdapEntry | undefined> {
  const request = { base, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes } as const;
  const answer = await reader.search(request, deadline);
  if (hidden.has(answer.code)) return undefined;
  if (answer.code !== RESULT.success) {
    throw faultOfResult(answer, `reading ${base === '' ? 'the root DSE' : base}`);
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
