/** A login with a password: by a search for the entry, or by a template for its DN. */
import type { GroupName, Secret } from '../../../core/identity.ts';
import type { AttemptGuard, AuthnOutcome } from '../../../core/ports.ts';
import { oneSpelling } from '../../../core/spelling.ts';
import { accountState } from '../attempt/account-state.ts';
import type { AccountCheck } from '../attempt/account-check.ts';
import type { CountedAttempt } from '../attempt/attempts-since-read.ts';
import { verifyPassword } from '../attempt/verify-password.ts';
import type { PasswordVerdict } from '../attempt/verify-password.ts';
import type { BindTemplate } from '../config/name-template.ts';
import type { LdapConnection } from '../wire/connection.ts';
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import type { ServerAccess } from '../servers/directory.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { DirectoryFault } from '../wire/fault.ts';
import { subjectOf, subjectOfDn } from '../users/identity.ts';
import type { UserSearchResult } from '../users/user-search.ts';
import type { LoginTrace } from '../diagnosis/trace.ts';
import { findUser } from './find-user.ts';
import { ownEntry } from './own-entry.ts';
import { outcomeFor, refuseAmbiguous, UNKNOWN } from './context.ts';
import type { LoginContext } from './context.ts';

export interface LoginAttempt {
  readonly login: string;
  readonly password: Secret;
  readonly deadline: Deadline;
  /** Asked once for each account, just before the password is sent. */
  readonly guard?: AttemptGuard | undefined;
  readonly trace?: LoginTrace;
}

type GuardedAttempt = LoginAttempt & { readonly guard: AttemptGuard };

/** @throws DirectoryFault */
export function authenticate(context: LoginContext, attempt: LoginAttempt): Promise<AuthnOutcome> {
  const guarded = { ...attempt, guard: askOnce(attempt.guard) };
  const { template } = context.config.users;
  return template === undefined ? bySearch(context, guarded) : byTemplate(context, template, guarded);
}

/** The guard counts every question, and a login that continues with another server is still one attempt. */
function askOnce(guard: AttemptGuard | undefined): AttemptGuard {
  let askedFor: string | undefined;
  return {
    beforeAttempt: async (subject, counted) => {
      if (guard === undefined || askedFor === subject) return undefined;
      askedFor = subject;
      return guard.beforeAttempt(subject, counted);
    },
    fleetAttempts: () => guard?.fleetAttempts?.(),
  };
}

function bySearch(context: LoginContext, attempt: GuardedAttempt): Promise<AuthnOutcome> {
  // After a failover the password is not verified again: a second bind could use up a grace login.
  const verified = new Set<string>();
  return context.directory.withServer(attempt.deadline, async (server) => {
    const { login, deadline, trace } = attempt;
    trace?.asks(server.endpoint.url);
    const readAt = context.clock.monotonic();
    const result = await findUser(context, login, server.reader, deadline);
    await trace?.searched(login, result, server.reader, deadline);
    if (result.kind === 'none') return UNKNOWN;
    if (result.kind === 'ambiguous') return refuseAmbiguous(context, login, result.dns);
    const { entry } = result;
    const readGroups: ReadGroups = (reader) => context.memberships.of(entry, reader, deadline);
    if (verified.has(entry.dn)) return outcomeFor(context, entry, await readGroups(server.reader), trace);
    const verdict = await verifyEntry(context, attempt, server, entry, readAt, readGroups);
    if (verdict.kind !== 'verified') return verdict;
    verified.add(entry.dn);
    return outcomeFor(context, entry, await verdict.groups, trace);
  });
}

type ReadGroups = (reader: Reader) => Promise<ReadonlySet<GroupName>>;

/** The password is correct. The groups may still be on their way. */
interface Verified {
  readonly kind: 'verified';
  readonly groups: Promise<ReadonlySet<GroupName>>;
}

/**
 * Verifies the password, and reads the groups in the same round trip. They cannot change the verdict: it is the bind's
 * alone. Where the password is not accepted, no further search is sent, and what became of the groups is dropped.
 *
 * @param readAt when the entry was requested, monotonic milliseconds
 */
async function verifyEntry(
  context: LoginContext,
  attempt: GuardedAttempt,
  { reader, withBind }: ServerAccess,
  entry: LdapEntry,
  readAt: number,
  readGroups: ReadGroups,
): Promise<AuthnOutcome | Verified> {
  const { deadline, guard, trace } = attempt;
  const subject = subjectOf(entry, context.rules.idAttribute);
  const refusal = await guard.beforeAttempt(subject);
  if (refusal !== undefined) return refusal;
  using counted = context.attempts.begin(subject, guard.fleetAttempts?.());
  const rejection = await rejectionOf(context, entry, readAt, counted, reader, deadline);
  if (rejection !== undefined) {
    trace?.refused(entry, rejection.reason);
    return rejection;
  }
  counted.sent();
  const bound = withBind(deadline, (connection) => bindAs(context, attempt, connection, entry.dn));
  const groupReader = createStoppable(reader);
  const groups = readGroups(groupReader);
  // Whoever awaits the groups sees their fault. After a refusal nobody does, and it must not end the process.
  groups.catch(() => undefined);
  const verdict = await bound;
  if (verdict.kind === 'accepted') {
    counted.succeeded();
    return { kind: 'verified', groups };
  }
  groupReader.stop();
  // The entry was deleted after the search.
  return verdict.kind === 'no-entry' ? UNKNOWN : verdict;
}

/** Wrong passwords cost the directory one search for groups, and not one for each level of nested groups. */
function createStoppable(reader: Reader): Reader & { stop(): void } {
  let isStopped = false;
  return {
    search: (request, deadline) =>
      isStopped
        ? Promise.reject(new DirectoryFault('out-of-time', 'the password was not accepted'))
        : reader.search(request, deadline),
    stop: () => {
      isStopped = true;
    },
  };
}

/**
 * Checks the account, and once more with a newer entry where attempts at the same time decide: some of them may be counted
 * twice, and a successful one clears the count of the directory.
 */
async function rejectionOf(
  context: LoginContext,
  entry: LdapEntry,
  readAt: number,
  counted: CountedAttempt,
  reader: Reader,
  deadline: Deadline,
): Promise<Awaited<ReturnType<AccountCheck>>> {
  const first = await context.checkAccount(entry, counted.sinceRead(readAt), reader, deadline);
  if (first?.reason !== 'too-many-attempts') return first;
  await counted.earlierEnd();
  const readAgainAt = context.clock.monotonic();
  const again = await context.search.read(reader, entry.dn, deadline);
  const newer = again.kind === 'found' ? again.entry : entry;
  const rejection = await context.checkAccount(newer, counted.sinceRead(readAgainAt), reader, deadline);
  if (rejection?.reason === 'too-many-attempts') {
    const fields = { backend: context.config.name, entry: entry.dn };
    context.log.warn('login refused: one more wrong password could lock the account', fields);
  }
  return rejection;
}

async function byTemplate(
  context: LoginContext,
  template: BindTemplate,
  attempt: GuardedAttempt,
): Promise<AuthnOutcome> {
  const { login, deadline, guard, trace } = attempt;
  const dn = template.fill(login);
  // No account can have such a name.
  if (dn === undefined) return UNKNOWN;
  const readsAsUser = context.config.bind === undefined || !template.isDn;
  let isVerified = false;
  return context.directory.withServer(deadline, async (server) => {
    trace?.asks(server.endpoint.url);
    if (!isVerified) {
      // The id in the entry is not known before the bind, so attempts are counted for the DN with one spelling.
      const counted = subjectOfDn(template.fill(oneSpelling(login)) ?? dn);
      const refusal = await guard.beforeAttempt(subjectOfDn(dn), counted);
      if (refusal !== undefined) return refusal;
      const answer = await server.withBind(deadline, async (connection) => {
        const verdict = await bindAs(context, attempt, connection, dn);
        if (verdict.kind === 'no-entry') return UNKNOWN;
        if (verdict.kind === 'rejected') return verdict;
        return readsAsUser ? onceOnly(() => readAsUser(context, template, attempt, dn, server, connection)) : undefined;
      });
      if (answer !== undefined) return answer;
      isVerified = true;
    }
    const result = await context.search.read(server.reader, dn, deadline);
    return readBack(context, dn, result, server.reader, deadline, trace);
  });
}

async function readAsUser(
  context: LoginContext,
  template: BindTemplate,
  { login, deadline, trace }: LoginAttempt,
  dn: string,
  server: ServerAccess,
  connection: LdapConnection,
): Promise<AuthnOutcome> {
  const reader = context.config.bind === undefined ? connection : server.reader;
  const result = template.isDn
    ? await context.search.read(reader, dn, deadline)
    : await ownEntry(context, { account: template.account(login), bindName: dn }, connection, reader, deadline);
  return readBack(context, dn, result, reader, deadline, trace);
}

/** What needs the bind of the user is not repeated: a second bind could use up a grace login. */
async function onceOnly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DirectoryFault ? error.with({ canFailOver: false, sent: true }) : error;
  }
}

async function bindAs(
  { config, log }: LoginContext,
  { password, deadline, trace }: LoginAttempt,
  connection: LdapConnection,
  dn: string,
): Promise<PasswordVerdict> {
  const verdict = await verifyPassword(connection, dn, password, deadline, config.preset);
  trace?.bound(dn, verdict);
  if (verdict.kind === 'accepted' && verdict.graceLeft !== undefined) {
    log.warn('expired password accepted: few grace logins are left', {
      backend: config.name,
      entry: dn,
      graceLeft: verdict.graceLeft,
    });
  }
  return verdict;
}

/** Interprets the entry that was read after a bind with a template. */
async function readBack(
  context: LoginContext,
  dn: string,
  result: UserSearchResult,
  reader: Reader,
  deadline: Deadline,
  trace: LoginTrace | undefined,
): Promise<AuthnOutcome> {
  if (result.kind === 'found') {
    // Some directories let the bind of such an account succeed.
    const reason = accountState(result.entry, context.clock.now());
    if (reason === undefined) {
      return outcomeFor(context, result.entry, await context.memberships.of(result.entry, reader, deadline), trace);
    }
    trace?.refusedAfterBind(result.entry, reason);
    return { kind: 'rejected', reason };
  }
  if (context.config.users.filter !== undefined) return UNKNOWN;
  throw new DirectoryFault(
    'misconfigured',
    `${dn} cannot be read: grant users read access to their entries, or configure bind`,
  );
}
