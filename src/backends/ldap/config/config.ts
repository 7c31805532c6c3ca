import { z } from 'zod';
import { parseDn } from '../../../core/dn.ts';
import { backendFields, duration, filePath, secretRef } from '../../fields.ts';
import { checkLdapConfig } from './config-check.ts';
import { parseDnTemplate } from './dn-template.ts';
import type { DnTemplate } from './dn-template.ts';
import { parseEndpoint } from '../wire/endpoint.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { parseFilter } from './filter-text.ts';
import type { FilterNode } from '../wire/filter.ts';
import { PRESET_NAMES } from './presets.ts';

/** A text that a parser takes, or says in a sentence why not. */
function parsed<T extends object>(parse: (text: string) => T | string) {
  return z
    .string()
    .min(1)
    .transform((text, context): T => {
      const result = parse(text);
      if (typeof result !== 'string') return result;
      context.addIssue({ code: 'custom', message: result });
      return z.NEVER;
    });
}

const dn = z.string().refine((text) => parseDn(text) !== undefined, {
  error: 'expected a distinguished name such as ou=people,dc=example,dc=org',
});

const ATTRIBUTE = /^(?:[a-zA-Z][a-zA-Z0-9-]{0,63}|\d+(?:\.\d+)+)$/;
/** Attributes that hold what nobody should copy into an identity; and `dn`, which is no attribute. */
const UNREADABLE =
  /^(?:userPassword|unicodePwd|.*(?:pwdHistory|LMHash|NTHash|ntPassword|lmPassword|KerberosKey|PrincipalKey)|dn)$/i;
const attribute = z
  .string()
  .regex(ATTRIBUTE, 'expected the name of an attribute, such as uid')
  .refine((name) => !UNREADABLE.test(name), { error: 'expected an attribute that holds no password and no key' });

const scope = z.enum(['sub', 'one']).default('sub');

const tls = z.strictObject({
  mode: z.enum(['ldaps', 'starttls', 'none']).optional().meta({
    description:
      'ldaps, starttls or none; default ldaps beside ldaps:// urls, none beside loopback ldap:// ones, starttls beside srv',
  }),
  caFile: filePath.optional().meta({
    description: 'Certificates (PEM) of the only authorities trusted for this directory; read again on change',
  }),
  certFile: filePath.optional().meta({
    description: 'The certificate (PEM, with its chain) this broker shows the directory; read again on change',
  }),
  keyFile: filePath.optional().meta({ description: 'The private key (PEM) of certFile' }),
  serverName: z
    .string()
    .regex(/^[a-zA-Z0-9.:-]{1,253}$/, 'expected a host name')
    .optional()
    .meta({ description: 'The name the certificate must have, where it is not the host in urls' }),
});

const urls = z.array(parsed<Endpoint>(parseEndpoint)).min(1).max(16).optional().meta({
  description: 'The servers of one directory, ldap://, ldaps:// or ldapi://, in the order they are asked',
});

const srv = z
  .string()
  .regex(/^(?=.{1,240}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/i, 'expected a domain, such as corp.example')
  .optional()
  .meta({ description: 'Instead of urls: the domain whose servers DNS names, as _ldap._tcp records' });

const users = z.strictObject({
  base: dn.optional().meta({ description: 'The DN beneath which users are searched' }),
  scope: scope.meta({ description: 'sub: all beneath the base (default); one: its direct children' }),
  filter: parsed<FilterNode>((text) => parseFilter(text, ['login']))
    .optional()
    .meta({
      description: 'Which entries are users (RFC 4515). With {login} in it, it decides alone which entry a login means',
    }),
  loginAttributes: z.array(attribute).min(1).max(8).optional().meta({
    description: 'The attributes a login is compared with; one match in any of them',
  }),
  usernameAttribute: attribute.optional().meta({ description: 'The attribute that holds the canonical user name' }),
  id: attribute.optional().meta({
    description: 'The attribute that holds what never changes about a user; wrong passwords are counted by it',
  }),
  domain: z
    .string()
    .regex(/^[^\\/@:\s]{1,255}$/, 'expected the name of a domain, such as CORP')
    .optional()
    .meta({ description: 'The domain that people may type before their name, as in CORP\\alice' }),
  template: parsed<DnTemplate>(parseDnTemplate).optional().meta({
    description: 'Instead of a search: the DN users bind with, such as uid={login},ou=people,dc=example,dc=org',
  }),
});

const groups = z.strictObject({
  base: dn.meta({
    description: 'The DN beneath which groups are; a group elsewhere does not count, whatever its name',
  }),
  scope: scope.meta({ description: 'sub: all beneath the base (default); one: its direct children' }),
  from: z.enum(['auto', 'memberOf', 'member', 'posixGroup']).default('auto').meta({
    description:
      'memberOf of the user; a search for groups that list the DN (member) or uid and gid (posixGroup); auto: the preset’s way',
  }),
  memberAttributes: z.array(attribute).min(1).max(4).optional().meta({
    description: 'The attributes of a group that hold its members’ DNs',
  }),
  filter: parsed<FilterNode>((text) => parseFilter(text))
    .optional()
    .meta({
      description: 'Which groups count (RFC 4515); where groups are searched',
    }),
  name: attribute
    .default('cn')
    .meta({
      description: 'The attribute that names a group in policy; dn: only its DN does, which always does',
    })
    .or(z.literal('dn')),
  nested: z.enum(['auto', 'off', 'levels', 'inChain', 'tokenGroups']).default('auto').meta({
    description:
      'Groups of groups. off: they do not count; levels: a search for each level, ten at most; inChain, tokenGroups: Active Directory finds them itself; auto: tokenGroups there, levels elsewhere',
  }),
});

/** `type: ldap`: users and groups of an LDAP directory. */
export const ldapConfig = z
  .strictObject({
    type: z.literal('ldap'),
    ...backendFields,
    preset: z
      .enum(PRESET_NAMES)
      .default('openldap')
      .meta({ description: 'What the directory calls things; every key can be overridden' }),
    urls,
    srv,
    tls: tls.prefault({}),
    bind: z
      .strictObject({ dn: dn.meta({ description: 'The DN of the account that searches' }), password: secretRef })
      .optional()
      .meta({
        description: 'The service account; without it, searches are anonymous, or the user’s with users.template',
      }),
    users,
    groups: groups.optional().meta({ description: 'Where groups come from; without it, users have none' }),
    attributes: z.array(attribute).max(32).default([]).meta({
      description: 'Attributes of the user that a policy may use as {attr:NAME}',
    }),
    timeouts: z
      .strictObject({
        connect: duration({ min: 0.1, max: 7 })
          .prefault('2s')
          .meta({ description: 'One connection, with its TLS and the bind of the service account' }),
        operation: duration({ min: 0.1, max: 7 }).prefault('4s').meta({ description: 'One bind or one search' }),
      })
      .prefault({}),
    pool: z
      .strictObject({
        search: z.int().min(1).max(16).default(2).meta({ description: 'Connections to one server for searches' }),
        bind: z.int().min(1).max(64).default(8).meta({ description: 'Connections to one server for logins' }),
        idle: duration({ min: 0.1, max: 3600 })
          .prefault('60s')
          .meta({ description: 'How long an unused connection is kept; less than the server and balancers allow' }),
        age: duration({ min: 1, max: 86_400 }).prefault('10m').meta({ description: 'How long any connection is kept' }),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    for (const { path, message } of checkLdapConfig(config))
      context.addIssue({ code: 'custom', path: [...path], message });
  });

export type LdapConfig = z.output<typeof ldapConfig>;
