/** The ldap backend for a test directory, and short functions for logins. */
import { deadlineIn } from '../../src/core/deadline.ts';
import { inspect } from 'node:util';
import type { z } from 'zod';
import type { BackendDeps } from '../../src/backends/backend.ts';
import { ldapConfig } from '../../src/backends/ldap/config/config.ts';
import { ldap } from '../../src/backends/ldap/index.ts';
import type { BackendTraits } from '../../src/backends/traits.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Identity } from '../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome } from '../../src/core/ports.ts';
import { realClock, recordingLog } from './fakes.ts';
import { GROUPS_DN, PEOPLE_DN, SERVICE } from './slapd-entries.ts';

export type LdapInput = Partial<z.input<typeof ldapConfig>>;
export type LdapLog = ReturnType<typeof recordingLog>;

/**
 * @param input the keys that differ from a search under `PEOPLE_DN` and `GROUPS_DN` as the service account
 * @param given `password` gives the password of the service account
 */
export async function createLdap(
  input: LdapInput,
  given: Partial<Omit<BackendDeps, 'secret'>> & { readonly password?: () => string } = {},
): Promise<Authenticator> {
  const { password = () => SERVICE.password, clock = realClock, log = recordingLog() } = given;
  return ldap.create(configOf(input), { clock, log, secret: () => ({ read: async () => new Secret(password()) }) });
}

export function ldapTraits(input: LdapInput): BackendTraits {
  return ldap.traits(configOf(input));
}

function configOf(input: LdapInput): z.output<typeof ldapConfig> {
  return ldapConfig.parse({
    type: 'ldap',
    name: 'corp',
    bind: { dn: SERVICE.dn, password: { env: 'LDAP_PASSWORD' } },
    users: { base: PEOPLE_DN },
    groups: { base: GROUPS_DN },
    ...input,
  });
}

export function logIn(to: Authenticator, username: string, password: string, budget = 8000): Promise<AuthnOutcome> {
  return to.authenticate({ username, password: new Secret(password) }, deadlineIn(realClock, budget));
}

/** @throws when the login is not authenticated. */
export async function identityOf(
  to: Authenticator,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<Identity> {
  const outcome = await logIn(to, username, password);
  if (outcome.kind !== 'authenticated') throw new Error(`expected authenticated, got ${inspect(outcome)}`);
  return outcome.identity;
}

/** The groups by their plain names, sorted. */
export function plainGroups({ groups }: Identity): readonly string[] {
  return [...groups].filter((name) => !name.includes('=')).toSorted();
}
