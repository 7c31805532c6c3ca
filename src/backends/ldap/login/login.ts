/** What a directory can say about a user, with a password and without. */
import type { Identity } from '../../../core/identity.ts';
import type { AuthnOutcome, LockoutPolicy } from '../../../core/ports.ts';
import { createAccountCheck } from '../attempt/account-check.ts';
import { accountStateWithoutBind } from '../attempt/account-state.ts';
import { createDomainCache } from '../attempt/active-directory.ts';
import { createAttemptsSinceRead } from '../attempt/attempts-since-read.ts';
import { readPasswordPolicies } from '../attempt/password-policies.ts';
import { idAttribute, usernameAttribute } from '../config/resolve.ts';
import type { Reader } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { subjectOf } from '../users/identity.ts';
import type { UserSearchResult } from '../users/user-search.ts';
import { createMemberships } from '../groups/memberships.ts';
import { createTtlCaches } from '../../ttl-cache.ts';
import { identify, outcomeFor, refuseAmbiguous, UNKNOWN } from './context.ts';
import type { LoginContext, LdapLoginDeps } from './context.ts';
import { findUser } from './find-user.ts';
import { authenticate } from './password-login.ts';
import type { LoginAttempt } from './password-login.ts';

/** Every method throws DirectoryFault when the directory gives no answer. */
export interface Login {
  authenticate(attempt: LoginAttempt): Promise<AuthnOutcome>;
  lookup(login: string, deadline: Deadline): Promise<Identity | undefined>;
  /** Checks again, without a password, an account that has logged in before. */
  revalidate(login: string, subject: string, deadline: Deadline): Promise<AuthnOutcome>;
  /** Returns when a server answers and accepts the service account. */
  probe(deadline: Deadline): Promise<void>;
  /** Reads when the directory locks accounts; undefined where it does not, or the policy is not readable. */
  lockoutPolicy(deadline: Deadline): Promise<LockoutPolicy | undefined>;
  /** Empties the caches of groups. */
  flush(): void;
}

export function createLogin(deps: LdapLoginDeps): Login {
  const { config, directory, clock, log } = deps;
  const backend = config.name;
  const domain = createDomainCache(clock, (pso) =>
    log.warn('password settings object not readable: the lockout guard uses the values of the domain', {
      backend,
      pso,
    }),
  );
  const caches = createTtlCaches(clock);
  const context: LoginContext = {
    ...deps,
    attempts: createAttemptsSinceRead(clock),
    checkAccount: createAccountCheck({ domain, clock }),
    domain,
    memberships: createMemberships(config, { domain, caches }),
    rules: {
      backend,
      usernameAttribute: usernameAttribute(config),
      idAttribute: idAttribute(config),
      attributes: config.attributes,
    },
  };
  return {
    authenticate: (attempt) => authenticate(context, attempt),
    lookup: (login, deadline) =>
      directory.withServer(deadline, ({ reader }) => lookup(context, login, reader, deadline)),
    revalidate: (login, subject, deadline) =>
      directory.withServer(deadline, ({ reader }) => revalidate(context, login, subject, reader, deadline)),
    probe: (deadline) => directory.withServer(deadline, (server) => server.probe(deadline)),
    lockoutPolicy: (deadline) =>
      directory.withServer(deadline, async ({ reader }) => {
        const { isActiveDirectory, lockout } = await domain.facts(reader, deadline);
        return isActiveDirectory ? lockout : readPasswordPolicies(reader, deadline);
      }),
    flush: caches.flush,
  };
}

async function lookup(
  context: LoginContext,
  login: string,
  reader: Reader,
  deadline: Deadline,
): Promise<Identity | undefined> {
  const result = await findByLogin(context, login, reader, deadline);
  if (result.kind === 'ambiguous') refuseAmbiguous(context, login, result.dns);
  if (result.kind !== 'found') return undefined;
  return identify(context, result.entry, await context.memberships.of(result.entry, reader, deadline));
}

async function revalidate(
  context: LoginContext,
  login: string,
  subject: string,
  reader: Reader,
  deadline: Deadline,
): Promise<AuthnOutcome> {
  const result = await findByLogin(context, login, reader, deadline);
  if (result.kind === 'none') return UNKNOWN;
  if (result.kind === 'ambiguous') return refuseAmbiguous(context, login, result.dns);
  const { entry } = result;
  // The name belongs to another account now.
  if (subjectOf(entry, context.rules.idAttribute) !== subject) return UNKNOWN;
  const reason = accountStateWithoutBind(entry, context.clock.now());
  if (reason !== undefined) return { kind: 'rejected', reason };
  return outcomeFor(context, entry, await context.memberships.of(entry, reader, deadline));
}

function findByLogin(
  context: LoginContext,
  login: string,
  reader: Reader,
  deadline: Deadline,
): Promise<UserSearchResult> {
  const { template } = context.config.users;
  return template?.isDn === true
    ? context.search.read(reader, template.fill(login) ?? '', deadline)
    : findUser(context, login, reader, deadline);
}
