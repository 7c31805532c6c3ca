/**
 * Accounts at Keycloak, by its Admin REST API: whether they are enabled, their names, groups and realm roles. The role
 * `view-users` is enough for that. The claims that a sign-in would give can be asked for as well, but only with
 * `view-clients`, which shows the secrets of all clients.
 */
import { isObject } from '../../../core/is-object.ts';
import { BrokerError } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { Claims } from '../../oidc/claim-path.ts';
import { createApplicationClient } from '../../oidc/client/application-client.ts';
import type { ApplicationAnswer } from '../../oidc/client/application-client.ts';
import { describeFault } from '../../oidc/client/fault.ts';
import type { Fault } from '../../oidc/client/fault.ts';
import { identityFrom } from '../../oidc/client/identity.ts';
import type { ClaimRules } from '../../oidc/client/identity.ts';
import type { Session } from '../../oidc/client/provider.ts';
import { MAX_GROUPS } from '../../names.ts';
import type { AccountDirectory } from './looked-up.ts';

interface KeycloakDeps {
  /** Of the realm: `https://id.example.com/admin/realms/corp`. */
  readonly adminUrl: string;
  readonly rules: ClaimRules;
  readonly clock: Clock;
  readonly log: Log;
}

type Answer = Exclude<ApplicationAnswer, { kind: 'no-token' }>;

const API = 'the Admin REST API of Keycloak';
const PERMISSION =
  'switch on service accounts for this client, and give its service account the role view-users of realm-management';

export function keycloakDirectory({ adminUrl, rules, clock, log }: KeycloakDeps): AccountDirectory {
  const client = createApplicationClient(clock);

  function failure(what: string, fault?: Fault): BrokerError {
    const isRefusal = fault?.kind === 'answer' && [400, 401, 403].includes(fault.status);
    const cause = `the account cannot be checked: ${what}${isRefusal ? `: ${PERMISSION}` : ''}`;
    log.error('account at Keycloak not read', { backend: rules.backend, cause });
    return new BrokerError('backend_unavailable', cause);
  }

  async function ask(session: Session, path: string): Promise<Answer> {
    const answer = await client.request(session, { url: `${adminUrl}${path}` });
    if (answer.kind !== 'no-token') return answer;
    throw failure(`the token endpoint gives the client no token: it ${describeFault(answer.fault)}`, answer.fault);
  }

  function jsonIn(answer: Answer): unknown {
    if (answer.kind === 'json') return answer.json;
    throw failure(`${API} ${describeFault(answer.fault)}`, answer.fault);
  }

  /** @param member of each entry of the list that the path has */
  async function textsAt(session: Session, path: string, member: 'path' | 'name'): Promise<readonly string[]> {
    const list = jsonIn(await ask(session, path));
    const texts = Array.isArray(list)
      ? list.map((entry) => (isObject(entry) ? entry[member] : undefined))
      : [undefined];
    if (texts.every((text) => typeof text === 'string')) return texts;
    throw failure(`${API} gives a list without the ${member} of each entry`);
  }

  async function claimsOf(session: Session, path: string, user: Claims): Promise<Claims> {
    const { id, username, email, emailVerified } = user;
    const groups = await textsAt(session, `${path}/groups?first=0&max=${MAX_GROUPS + 1}`, 'path');
    const areRolesUsed = rules.groups.some(({ claims }) => claims.includes('realm_access'));
    const roles = areRolesUsed ? await textsAt(session, `${path}/role-mappings/realm/composite`, 'name') : undefined;
    return {
      sub: id,
      preferred_username: username,
      email,
      email_verified: emailVerified,
      groups,
      ...(roles === undefined ? {} : { realm_access: { roles } }),
    };
  }

  return {
    // With a pairwise subject, Keycloak finds no such user, and the sign-in is refused.
    idOf: (_claims, subject) => subject,
    find: async (session, id) => {
      const path = `/users/${encodeURIComponent(id)}`;
      const answer = await ask(session, path);
      if (answer.kind === 'not-found' && isMissingUser(answer.json)) return { kind: 'missing' };
      const user = jsonIn(answer);
      if (!isObject(user) || user['id'] !== id || typeof user['enabled'] !== 'boolean') {
        throw failure(`${API} does not say of this user whether the account is enabled`);
      }
      if (!user['enabled']) return { kind: 'disabled' };
      const claims = await claimsOf(session, path, user);
      return { kind: 'found', identity: { ...identityFrom([claims], rules), subject: id } };
    },
  };
}

/** A 404 of a proxy, or for a wrong realm, says nothing about the user. */
function isMissingUser(json: unknown): boolean {
  return isObject(json) && json['error'] === 'User not found';
}
