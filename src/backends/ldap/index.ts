/** Users and groups of an LDAP directory: OpenLDAP, Active Directory, FreeIPA, 389 Directory Server, LLDAP and others. */
import { defineBackend } from '../backend.ts';
import { ldapWarnings } from './config/config-check.ts';
import { ldapConfig } from './config/config.ts';
import { ldapTraits } from './traits.ts';

export const ldap = defineBackend({
  type: 'ldap',
  schema: ldapConfig,
  traits: ldapTraits,
  warnings: ldapWarnings,
  create: async (config, deps) => (await import('./authenticator.ts')).openLdap(config, deps),
});
