import type { z } from 'zod';
import { checkLdapConfig } from './config-check.ts';
import { ldapKeys } from './keys.ts';

/** `type: ldap`: users and groups of an LDAP directory. */
export const ldapConfig = ldapKeys.superRefine((config, context) => {
  for (const { path, message } of checkLdapConfig(config))
    context.addIssue({ code: 'custom', path: [...path], message });
});

export type LdapConfig = z.output<typeof ldapConfig>;
