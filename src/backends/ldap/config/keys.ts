/** The keys of a backend of type ldap. `config-check.ts` checks the combinations of keys. */
import { z } from 'zod';
import { parseDn } from '../../../core/dn.ts';
import type { NameValue } from '../../../core/dn.ts';
import { backendFields, duration, filePath, secretRef } from '../../fields.ts';
import { escapeDnValue } from './dn-template.ts';
import { isBindName, parseBindTemplate } from './name-template.ts';
import type { BindTemplate } from './name-template.ts';
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

/** What a service account binds with. The preset decides whether it may be a name without a DN. */
const bindName = z
  .string()
  .max(2048)
  .refine((text) => isDn(text) || isBindName(text), { error: dnProblem })
  .transform(withoutQuotes);

/** The base of a search, where an empty text means the root: every naming context of the server. */
const base = z
  .string()
  .refine((text) => text === '' || isDn(text), { error: dnProblem })
  .transform(withoutQuotes);

function isDn(text: string): boolean {
  return parseDn(text) !== undefined;
}

function dnProblem({ input }: { readonly input?: unknown }): string {
  return /^"[^"]*=/.test(String(input))
    ? 'expected quotes around the value only, such as CN="Doe, J",DC=example, or CN=Doe\\, J,DC=example'
    : 'expected a distinguished name such as ou=people,dc=example,dc=org';
}

/** Quotes are the old form of RFC 2253, which a server need not accept (RFC 4514, section 2.4). */
function withoutQuotes(text: string): string {
  const parts = text.includes('"') ? parseDn(text) : undefined;
  if (parts === undefined) return text;
  const print = ({ type, value, encoded }: NameValue): string =>
    `${type}=${encoded ? `#${value}` : escapeDnValue(value)}`;
  return parts.map((part) => part.map(print).join('+')).join(',');
}

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
      'How the connection is protected. Required with `ldap://` urls of other machines: `none` sends passwords in clear text. Default: `ldaps` with `ldaps://`, `none` with `ldap://` on this machine, `starttls` with `srv`.',
  }),
  caFile: filePath.optional().meta({
    description:
      'Path of the certificates (PEM) of the only authorities trusted for this directory. Read again when it changes. Default: those that Node.js includes.',
  }),
  certFile: filePath.optional().meta({
    description:
      'Path of the client certificate (PEM, with its chain) that the broker presents to the directory. Read again when it changes.',
  }),
  keyFile: filePath
    .optional()
    .meta({ description: 'Path of the private key (PEM) of certFile. Required with `tls.certFile`.' }),
  serverName: z
    .string()
    .regex(/^[a-zA-Z0-9.:-]{1,253}$/, 'expected a host name')
    .optional()
    .meta({ description: 'The name that the certificate of the server must have. Default: the host in `urls`.' }),
});

const urls = z.array(parsed<Endpoint>(parseEndpoint)).min(1).max(16).optional().meta({
  description:
    'The servers of one directory, in the order they are asked: `ldaps://HOST`, `ldap://HOST`, either with `:PORT`, or `ldapi:///PATH` for a socket on this machine. Either this or `srv` is required.',
});

const srv = z
  .string()
  .regex(/^(?=.{1,240}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/i, 'expected a domain, such as corp.example')
  .optional()
  .meta({
    description:
      'Instead of urls: the domain whose servers DNS names as _ldap._tcp records. They are looked up again every five minutes. With `tls.mode: ldaps`, port 636 of each is used. A server whose name is not in the domain is left out, unless `tls.serverName` says which name its certificate must have.',
  });

const site = z
  .string()
  .regex(/^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i, 'expected the name of a site, such as Berlin')
  .optional()
  .meta({
    description:
      'With `srv`: the site of Active Directory whose servers are asked first. Servers of other sites follow, for the time when no server of the site answers.',
  });

const users = z.strictObject({
  base: base.optional().meta({
    description:
      'The DN under which users are searched. An empty text searches from the root, as with the global catalog of a forest (port 3268 or 3269).',
  }),
  scope: scope.meta({ description: '`sub`: all entries under the base. `one`: its direct children.' }),
  filter: parsed<FilterNode>((text) => parseFilter(text, ['login']))
    .optional()
    .meta({
      description:
        'Which entries are users (RFC 4515). A filter that contains `{login}` alone decides which entry a login means. Default: the preset’s.',
    }),
  loginAttributes: z.array(attribute).min(1).max(8).optional().meta({
    description:
      'The attributes a login is compared with. One match in any of them is enough. Two entries that match are an error, not a choice. Default: the preset’s: `uid`, or `sAMAccountName` and `userPrincipalName`.',
  }),
  usernameAttribute: attribute.optional().meta({
    description:
      'The attribute that holds the canonical user name. It is the value of `{user}` in the policy, whatever form of the login was typed. Default: the preset’s: `uid` or `sAMAccountName`.',
  }),
  id: attribute.optional().meta({
    description:
      'The attribute that holds an id that stays when a user is renamed. Wrong passwords are counted by it, whichever of the user’s names is typed; by the DN where an entry has none. Default: the preset’s: `objectGUID`, `entryUUID`, `nsUniqueId` or `ipaUniqueID`.',
  }),
  domain: z
    .string()
    .regex(/^[^\\/@:\s]{1,255}$/, 'expected the name of a domain, such as CORP')
    .optional()
    .meta({
      description:
        'The domain that people may type before their name, as in `CORP\\alice`. A login with another domain is an unknown user. In Active Directory `alice@CORP` and `alice@corp.example` mean the same account, unless they are the userPrincipalName of another.',
    }),
  expiredPasswords: z.enum(['refuse', 'accept']).default('refuse').meta({
    description:
      'FreeIPA accepts the bind of a user whose password has expired or was reset by an administrator. `refuse`: such a user cannot log in. `accept`: the bind decides. Only with `preset: freeipa`.',
  }),
  template: parsed<BindTemplate>(parseBindTemplate).optional().meta({
    description:
      'Instead of a search: the DN users bind with, such as `uid={login},ou=people,dc=example,dc=org`. In Active Directory also `{login}@corp.example` or `CORP\\{login}`; the entry is then searched under `users.base` after the bind. Such a directory cannot distinguish an unknown user from a wrong password: put it last, or set `usernames`.',
  }),
});

const groups = z.strictObject({
  base: base.meta({
    description: 'The DN under which groups are. A group elsewhere does not count, whatever its name.',
  }),
  scope: scope.meta({ description: '`sub`: all entries under the base. `one`: its direct children.' }),
  from: z.enum(['auto', 'memberOf', 'member', 'posixGroup']).default('auto').meta({
    description:
      'How groups are found. `memberOf`: the user entry lists them. `member`: a search for groups that list the user’s DN. `posixGroup`: a search by uid and primary gid. `auto`: as the preset says.',
  }),
  memberAttributes: z.array(attribute).min(1).max(4).optional().meta({
    description:
      'The attributes of a group that hold the DNs of its members. Each needs an index in the directory. Default: the preset’s.',
  }),
  filter: parsed<FilterNode>((text) => parseFilter(text))
    .optional()
    .meta({
      description: 'Which groups count (RFC 4515), where groups are searched. Default: all.',
    }),
  name: attribute.or(z.literal('dn')).optional().meta({
    description:
      'The attribute that names a group in the policy. Where the attribute is in the RDN of the group, the value there is the name and further values are ignored; elsewhere it must have one value. The DN of the group always works as well; with `dn`, only the DN does. With `from: memberOf`, only the first part of the DN names a group. Default: the preset’s: `cn`, or `ou` for glauth.',
  }),
  distribution: z.boolean().default(false).meta({
    description:
      'Whether distribution groups of Active Directory count as well. Windows uses them for mail only, and users may create them and add themselves. Before you set it, set `base` to a folder that only administrators write to.',
  }),
  nested: z.enum(['auto', 'off', 'levels', 'inChain', 'tokenGroups']).default('auto').meta({
    description:
      'Groups of groups. `off`: only groups that list the user. `levels`: a search for each level, to a depth of ten. `tokenGroups` (Active Directory): the user’s token, which has all security groups. `inChain` (Active Directory): one slow search in which the server follows groups of every type; it gives those that count. `auto`: `tokenGroups` where the server is Active Directory and the service account may read it, otherwise `levels`. Which groups list other groups is cached for 30 s. In Active Directory the primary group always counts.',
  }),
});

export const ldapKeys = z.strictObject({
  type: z.literal('ldap'),
  ...backendFields,
  preset: z.enum(LDAP_PRESET_NAMES).default('openldap').meta({
    description: 'The kind of directory. It sets the defaults for attributes and filters; every key overrides it.',
  }),
  urls,
  srv,
  site,
  tls: tls.prefault({}).meta({ description: 'How connections to the directory are protected' }),
  bind: z
    .strictObject({
      dn: bindName.meta({
        description:
          'The DN of the account that searches. In Active Directory also `svc-registry@corp.example` or `CORP\\svc-registry`.',
      }),
      password: secretRef,
    })
    .optional()
    .meta({
      description:
        'The service account that searches. Default: searches are anonymous, or run as the user with `users.template`.',
    }),
  users: users.meta({ description: 'Where users are. One of `users.base` and `users.template` is required.' }),
  groups: groups.optional().meta({ description: 'Where groups come from. Default: users have no groups.' }),
  followAliases: z.boolean().default(false).meta({
    description:
      'Whether an alias under `users.base` or `groups.base` stands for the entry that it names, which may be elsewhere (RFC 4512, section 2.6). Whoever may create an alias there decides who can log in.',
  }),
  attributes: z.array(attribute).max(32).default([]).meta({
    description:
      'Attributes of the user that the policy may use as `{attr:NAME}`. An attribute that holds a password is refused.',
  }),
  timeouts: z
    .strictObject({
      connect: duration({ min: 0.1, max: 7 })
        .prefault('2s')
        .meta({ description: 'One connection, including TLS and the bind of the service account' }),
      operation: duration({ min: 0.1, max: 7 }).prefault('4s').meta({ description: 'One bind or one search' }),
    })
    .prefault({})
    .meta({ description: 'How long the directory may take, within the 8 s of a login' }),
  pool: z
    .strictObject({
      search: z
        .int()
        .min(1)
        .max(16)
        .default(2)
        .meta({ description: 'Connections to one server for searches, bound as the service account' }),
      bind: z.int().min(1).max(64).default(8).meta({ description: 'Connections to one server for the binds of users' }),
      idle: duration({ min: 0.1, max: 3600 }).prefault('60s').meta({
        description:
          'How long an unused connection is kept. Set it shorter than the idle timeout of the server and of any load balancer in front of it.',
      }),
      age: duration({ min: 1, max: 86_400 }).prefault('10m').meta({ description: 'How long any connection is kept' }),
    })
    .prefault({})
    .meta({
      description:
        'Connections that are kept to each server. Each is used by one login at a time, and never again after an error.',
    }),
});

export type LdapKeys = z.output<typeof ldapKeys>;
