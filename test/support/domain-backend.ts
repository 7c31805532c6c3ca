/** The ldap backend for a test domain of Active Directory. */
import type { Authenticator } from '../../src/core/ports.ts';
import { createLdap } from './ldap-backend.ts';
import type { LdapInput, LdapLog } from './ldap-backend.ts';
import { recordingLog } from './fakes.ts';
import { AD_SERVICE, domainBackend } from './samba.ts';
import type { Samba } from './samba.ts';

/**
 * @param input the keys that differ from `domainBackend`
 * @param password of the service account
 */
export function createDomainBackend(
  samba: Samba,
  input: LdapInput = {},
  log: LdapLog = recordingLog(),
  password: string = AD_SERVICE.password,
): Promise<Authenticator> {
  const { urls, ...usual } = domainBackend(samba);
  const bind = { dn: AD_SERVICE.dn, password: { env: 'LDAP_PASSWORD' } };
  return createLdap({ ...usual, urls: [...urls], bind, ...input }, { log, password: () => password });
}
