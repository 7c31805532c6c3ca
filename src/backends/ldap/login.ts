/** The steps of a login: find the entry, verify the password by binding as it, read its groups. */
import type { Identity, Secret } from '../../core/identity.ts';
import type { AttemptGuard, AuthnOutcome, Clock, Log } from '../../core/ports.ts';
import { oneSpelling } from '../../core/spelling.ts';
import { createAccountCheck } from './attempt/account-check.ts';
import { accountStateAlone } from './attempt/account-state.ts';
import { askedOnce } from './attempt/asked-once.ts';
import type { LdapConfig } from './config/config.ts';
import type { Connection, Reader } from './wire/connection.ts';
import type { Deadline } from '../../core/deadline.ts';
import type { Directory } from './servers/directory.ts';
import type { DnTemplate } from './config/dn-template.ts';
import { createDomain } from './attempt/domain.ts';
import type { Entry } from './wire/entry.ts';
import { DirectoryFault } from './wire/fault.ts';
import type { Found, UserSearch } from './find-user.ts';
import { identityOf, subjectOf, subjectOfDn } from './identity.ts';
import { createMemberships } from './groups/memberships.ts';
import { PRESETS } from './config/presets.ts';
import { createRecalls } from './groups/ttl-cache.ts';
import { createUnseenAttempts } from './attempt/attempts-since-read.ts';
import { verifyPassword } from './attempt/verify-password.ts';
import type { PasswordVerdict } from './attempt/verify-password.ts';
import type { Witness } from './diagnosis/trace.ts';

/** Every method throws DirectoryFault when the directory cannot tell. */
export interface Login {
  authenticate(login: string, password: Secret, deadline: Deadline, aside?: Aside): Promise<AuthnOutcome>;
  lookup(login: string, deadline: Deadline): Promise<Identity | undefined>;
  /** Looks again at an account whose login was right before. */
  revalidate(login: string, subject: string, deadline: Deadline): Promise<AuthnOutcome>;
  /** Returns when a server answers and accepts the service account. */
  probe(deadline: Deadline): Promise<void>;
  /** Drops what was found out about groups. */
  forget(): void;
}

/** Who stands by while somebody logs in. */
export interface Aside {
  /** Asked once, just before the password is sent. */
  readonly guard?: AttemptGuard | undefined;
  readonly witness?: Witness;
}

export interface LoginDeps {
  readonly config: LdapConfig;
  readonly directory: Directory;
  readonly search: UserSearch;
  readonly clock: Clock;
  readonly log: Log;
}

interface Watched {
  readonly guard: AttemptGuard;
  readonly witness: Witness | undefined;
}

const UNKNOWN: AuthnOutcome = { kind: 'unknown-user' };
const AMBIGUOUS: AuthnOutcome = { kind: 'rejected', reason: 'ambiguous' };

export function createLogin({ config, directory, search, clock, log }: LoginDeps): Login {
  const { name: backend, bind, users } = config;
  const { keepsAfterRefusal } = PRESETS[config.preset];
  const domain = createDomain(clock);
  const recalls = createRecalls(clock);
  const attempts = createUnseenAttempts(clock);
  const refusalOf = createAccountCheck({ backend, domain, clock, log });
  const memberships = createMemberships(config, { domain, recalls });
  const usernameAttribute = users.usernameAttribute ?? PRESETS[config.preset].users.usernameAttribute;
  const id = users.id ?? PRESETS[config.preset].users.id;

  async function identify(
    entry: Entry,
    reader: Reader,
    deadline: Deadline,
    witness?: Witness,
  ): Promise<Identity | undefined> {
    const groups = await memberships.of(entry, reader, deadline);
    witness?.grouped(entry, groups);
    const identity = identityOf(entry, groups, { backend, usernameAttribute, id, attributes: config.attributes });
    if (identity === undefined) {
      log.warn('an entry has no or several names to go by: correct it, or set users.usernameAttribute', {
        backend,
        entry: entry.dn,
        attribute: usernameAttribute,
      });
    }
    return identity;
  }

  async function finish(
    entry: Entry,
    reader: Reader,
    deadline: Deadline,
    witness: Witness | undefined,
  ): Promise<AuthnOutcome> {
    const identity = await identify(entry, reader, deadline, witness);
    return identity === undefined ? AMBIGUOUS : { kind: 'authenticated', identity };
  }

  async function verify(
    connection: Connection,
    dn: string,
    password: Secret,
    deadline: Deadline,
    witness: Witness | undefined,
  ): Promise<PasswordVerdict> {
    const verdict = await verifyPassword(connection, dn, password, deadline, keepsAfterRefusal);
    witness?.bound(dn, verdict);
    if (verdict.kind === 'accepted' && verdict.graceLeft !== undefined) {
      log.warn('a password has expired and few logins are left', { backend, entry: dn, graceLeft: verdict.graceLeft });
    }
    return verdict;
  }

  function warnAmbiguous(login: string, entries: readonly string[]): AuthnOutcome {
    log.warn('a login means several entries: nobody gets in by it', { backend, login, entries });
    return AMBIGUOUS;
  }

  function bySearch(
    login: string,
    password: Secret,
    deadline: Deadline,
    { guard, witness }: Watched,
  ): Promise<AuthnOutcome> {
    // What one server has verified, another need not: a bind may use up a grace login.
    let verified: string | undefined;
    return directory.withServer(deadline, async ({ reader, withBind }) => {
      const readAt = clock.monotonic();
      const found = await search.find(reader, login, deadline);
      await witness?.looked(login, found, reader, deadline);
      if (found.kind === 'none') return UNKNOWN;
      if (found.kind === 'ambiguous') return warnAmbiguous(login, found.dns);
      const { entry } = found;
      if (verified !== entry.dn) {
        const subject = subjectOf(entry, id);
        using attempt = attempts.begin(subject, readAt);
        const held = await refusalOf(entry, attempt, reader, deadline);
        if (held !== undefined) {
          witness?.held(entry, held.reason);
          return held;
        }
        const refused = await guard.beforeAttempt(subject);
        if (refused !== undefined) return refused;
        attempt.sent();
        const verdict = await withBind(deadline, (own) => verify(own, entry.dn, password, deadline, witness));
        if (verdict.kind === 'accepted') attempt.succeeded();
        // An entry that went away in between.
        if (verdict.kind === 'no-entry') return UNKNOWN;
        if (verdict.kind === 'rejected') return verdict;
        verified = entry.dn;
      }
      return finish(entry, reader, deadline, witness);
    });
  }

  function byTemplate(
    template: DnTemplate,
    login: string,
    password: Secret,
    deadline: Deadline,
    { guard, witness }: Watched,
  ): Promise<AuthnOutcome> {
    const dn = template.fill(login);
    return directory.withServer(deadline, async (server) => {
      // The entry can be read after the bind only.
      const counted = subjectOfDn(template.fill(oneSpelling(login)));
      const refused = await guard.beforeAttempt(subjectOfDn(dn), counted);
      if (refused !== undefined) return refused;
      return server.withBind(deadline, async (own) => {
        const verdict = await verify(own, dn, password, deadline, witness);
        if (verdict.kind === 'no-entry') return UNKNOWN;
        if (verdict.kind === 'rejected') return verdict;
        return readBack(dn, bind === undefined ? own : server.reader, deadline, witness);
      });
    });
  }

  async function readBack(
    dn: string,
    reader: Reader,
    deadline: Deadline,
    witness: Witness | undefined,
  ): Promise<AuthnOutcome> {
    const found = await search.read(reader, dn, deadline);
    if (found.kind === 'found') return finish(found.entry, reader, deadline, witness);
    if (users.filter !== undefined) return UNKNOWN;
    throw new DirectoryFault(
      'misconfigured',
      `${dn} cannot be read: grant users read access to their entries, or configure bind`,
    );
  }

  function lookFor(login: string, reader: Reader, deadline: Deadline): Promise<Found> {
    const { template } = users;
    return template === undefined
      ? search.find(reader, login, deadline)
      : search.read(reader, template.fill(login), deadline);
  }

  return {
    authenticate: (login, password, deadline, { guard, witness } = {}) => {
      const watched = { guard: askedOnce(guard), witness };
      return users.template === undefined
        ? bySearch(login, password, deadline, watched)
        : byTemplate(users.template, login, password, deadline, watched);
    },

    lookup: (login, deadline) =>
      directory.withServer(deadline, async ({ reader }) => {
        const found = await lookFor(login, reader, deadline);
        if (found.kind === 'ambiguous') warnAmbiguous(login, found.dns);
        return found.kind === 'found' ? identify(found.entry, reader, deadline) : undefined;
      }),

    revalidate: (login, subject, deadline) =>
      directory.withServer(deadline, async ({ reader }) => {
        const found = await lookFor(login, reader, deadline);
        if (found.kind === 'none') return UNKNOWN;
        if (found.kind === 'ambiguous') return warnAmbiguous(login, found.dns);
        const { entry } = found;
        // Another one has got the name since.
        if (subjectOf(entry, id) !== subject) return UNKNOWN;
        const reason = accountStateAlone(entry, clock.now());
        return reason === undefined ? finish(entry, reader, deadline, undefined) : { kind: 'rejected', reason };
      }),

    probe: (deadline) => directory.withServer(deadline, (server) => server.prove(deadline)),

    forget: recalls.forget,
  };
}
