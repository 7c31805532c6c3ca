/** The keys of a backend of type ldap. `config-check.ts` checks the combinations of keys. */
import { z } from 'zod';
import { parseDn } from '../../../core/dn.ts';
import { backendFields, duration, filePath, secretRef } from '../../fields.ts';
import { parseDnTemplate } from './dn-template.ts';
import type { DnTemplate } from './dn-template.ts';
import { parseEndpoint } from '../wire/endpoint.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { parseFilter } from './filter-parse.ts';
import type { FilterNode } from '../wire/filter.ts';
import { LDAP_PRESET_NAMES } from './presets.ts';

/** @param parse returns a sentence for a text that is not valid */
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
/** Attributes with secrets, which must not be copied into an identity; and `dn`, which is not an attribute. */
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
      'ldaps, starttls or none; default: ldaps with ldaps:// urls, none with loopback ldap:// urls, starttls with srv',
  }),
  caFile: filePath.optional().meta({
    description: 'Certificates (PEM) of the only authorities trusted for this directory; read again on change',
  }),
  certFile: filePath.optional().meta({
    description: 'The client certificate (PEM, with its chain) for the directory; read again on change',
  }),
  keyFile: filePath.optional().meta({ description: 'The private key (PEM) of certFile' }),
  serverName: z
    .string()
    .regex(/^[a-zA-Z0-9.:-]{1,253}$/, 'expected a host name')
    .optional()
    .meta({ description: 'The name that the certificate must have; default: the host in urls' }),
});

const urls = z.array(parsed<Endpoint>(parseEndpoint)).min(1).max(16).optional().meta({
  description: 'The servers of one directory, ldap://, ldaps:// or ldapi://, in the order in which they are tried',
});

const srv = z
  .string()
  .regex(/^(?=.{1,240}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/i, 'expected a domain, such as corp.example')
  .optional()
  .meta({ description: 'Instead of urls: the domain whose servers are found in DNS, in the _ldap._tcp records' });

const users = z.strictObject({
  base: dn.optional().meta({ description: 'The DN under which users are searched' }),
  scope: scope.meta({ description: 'sub: all entries under the base (default); one: its direct children' }),
  filter: parsed<FilterNode>((text) => parseFilter(text, ['login']))
    .optional()
    .meta({
      description: 'Which entries are users (RFC 4515). A filter with {login} also decides which entry a login means',
    }),
  loginAttributes: z.array(attribute).min(1).max(8).optional().meta({
    description: 'The attributes that a login is compared with; it must match one of them',
  }),
  usernameAttribute: attribute.optional().meta({ description: 'The attribute with the canonical user name' }),
  id: attribute.optional().meta({
    description: 'The attribute with an id that never changes; wrong passwords are counted for this id',
  }),
  domain: z
    .string()
    .regex(/^[^\\/@:\s]{1,255}$/, 'expected the name of a domain, such as CORP')
    .optional()
    .meta({ description: 'The domain that users may type before their name, as in CORP\\alice' }),
  template: parsed<DnTemplate>(parseDnTemplate).optional().meta({
    description: 'Instead of a search: the DN that users bind with, such as uid={login},ou=people,dc=example,dc=org',
  }),
});

const groups = z.strictObject({
  base: dn.meta({
    description: 'The DN under which groups are; groups outside do not count, whatever their name',
  }),
  scope: scope.meta({ description: 'sub: all entries under the base (default); one: its direct children' }),
  from: z.enum(['auto', 'memberOf', 'member', 'posixGroup']).default('auto').meta({
    description:
      'memberOf: that attribute of the user; member: a search for groups that list the DN; posixGroup: a search by uid and gid; auto: the default of the preset',
  }),
  memberAttributes: z.array(attribute).min(1).max(4).optional().meta({
    description: 'The attributes of a group with the DNs of its members',
  }),
  filter: parsed<FilterNode>((text) => parseFilter(text))
    .optional()
    .meta({
      description: 'Which groups count (RFC 4515); only with a search for groups',
    }),
  name: attribute
    .default('cn')
    .meta({
      description: 'The attribute with the name of a group in a policy, beside its DN; dn: the DN alone',
    })
    .or(z.literal('dn')),
  nested: z.enum(['auto', 'off', 'levels', 'inChain', 'tokenGroups']).default('auto').meta({
    description:
      'Groups of groups. off: they do not count; levels: one search for each level, at most ten; inChain, tokenGroups: Active Directory resolves them; auto: tokenGroups with Active Directory, otherwise levels',
  }),
});

export const ldapKeys = z.strictObject({
  type: z.literal('ldap'),
  ...backendFields,
  preset: z
    .enum(LDAP_PRESET_NAMES)
    .default('openldap')
    .meta({ description: 'The defaults for the names of attributes and classes; every key can be overridden' }),
  urls,
  srv,
  tls: tls.prefault({}),
  bind: z
    .strictObject({ dn: dn.meta({ description: 'The DN of the service account' }), password: secretRef })
    .optional()
    .meta({
      description:
        'The service account, which searches. Without it searches are anonymous, or run as the user with users.template',
    }),
  users,
  groups: groups.optional().meta({ description: 'Where groups come from; without it, users have no groups' }),
  attributes: z.array(attribute).max(32).default([]).meta({
    description: 'Attributes of the user that a policy may use as {attr:NAME}',
  }),
  timeouts: z
    .strictObject({
      connect: duration({ min: 0.1, max: 7 })
        .prefault('2s')
        .meta({ description: 'Time limit for opening a connection, with TLS and the bind of the service account' }),
      operation: duration({ min: 0.1, max: 7 })
        .prefault('4s')
        .meta({ description: 'Time limit for one bind or one search' }),
    })
    .prefault({}),
  pool: z
    .strictObject({
      search: z
        .int()
        .min(1)
        .max(16)
        .default(2)
        .meta({ description: 'Maximum number of connections to one server for searches' }),
      bind: z
        .int()
        .min(1)
        .max(64)
        .default(8)
        .meta({ description: 'Maximum number of connections to one server for logins' }),
      idle: duration({ min: 0.1, max: 3600 }).prefault('60s').meta({
        description:
          'How long an unused connection is kept; shorter than the idle timeout of the server and of load balancers',
      }),
      age: duration({ min: 1, max: 86_400 })
        .prefault('10m')
        .meta({ description: 'How long a connection is kept at most' }),
    })
    .prefault({}),
});

export type LdapKeys = z.output<typeof ldapKeys>;
