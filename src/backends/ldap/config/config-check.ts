/** Checks that the keys of an ldap backend fit each other. */
import type { ConfigWarning } from '../../backend.ts';
import type { LdapKeys } from './keys.ts';
import { canonicalParts, parseDn } from '../../../core/dn.ts';
import { isLoopbackHost } from '../../../core/address.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { placeholdersOf } from '../wire/filter.ts';
import { LDAP_PRESETS } from './presets.ts';
import { groupSource, tlsMode } from './resolve.ts';
import type { TlsMode } from './resolve.ts';

/** Attributes that name entries. Others are never in the DN of a group, so no group would have a name. */
const RDN_ATTRIBUTES: ReadonlySet<string> = new Set(['cn', 'ou', 'uid', 'o', 'dc']);

interface LdapConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Checked = Pick<LdapKeys, 'preset' | 'urls' | 'srv' | 'site' | 'tls' | 'bind' | 'users' | 'groups'>;

export function checkLdapConfig(config: Checked): readonly LdapConfigProblem[] {
  return [checkServers, checkTls, checkBind, checkUsers, checkExpired, checkGroups].flatMap((check) => check(config));
}

/** What is accepted and gives rights to more groups than is probably meant. */
export function ldapWarnings({ groups }: Pick<Checked, 'groups'>): readonly ConfigWarning[] {
  const parts = canonicalParts(groups?.base ?? '') ?? [];
  if (parts.length === 0 || !parts.every((part) => part.startsWith('dc='))) return [];
  const message =
    'is the whole directory, so whoever may create a group anywhere in it can choose the name of one with rights; ' +
    'name the folder that only administrators write to';
  return [{ path: ['groups', 'base'], message }];
}

function checkServers({ urls, srv, site }: Checked): readonly LdapConfigProblem[] {
  if (site !== undefined && srv === undefined) return [{ path: ['site'], message: 'expected only together with srv' }];
  if ((urls === undefined) !== (srv === undefined)) return [];
  return [{ path: urls === undefined ? [] : ['srv'], message: 'expected either urls or srv' }];
}

function checkTls(config: Checked): readonly LdapConfigProblem[] {
  const { urls = [], tls } = config;
  const mode = tlsMode(config);
  const schemeProblems = urls.flatMap((endpoint, index) => {
    const message = schemeProblem(endpoint, mode, tls.mode !== undefined);
    return message === undefined ? [] : [{ path: ['urls', index], message }];
  });
  return [...schemeProblems, ...checkTlsMode(config, mode), ...checkTlsFiles(tls, mode)];
}

/** Without encryption only where the operator says so, or on this machine. */
function checkTlsMode({ urls = [], tls }: Checked, mode: TlsMode): readonly LdapConfigProblem[] {
  const isUnencrypted = mode === 'none' && !urls.every(({ host, secure }) => isLoopbackHost(host) || secure);
  if (tls.mode !== undefined || !isUnencrypted) return [];
  const message = 'expected mode: starttls with ldap:// urls, or mode: none to send passwords without encryption';
  return [{ path: ['tls'], message }];
}

function schemeProblem({ path, secure }: Endpoint, mode: TlsMode, modeIsSet: boolean): string | undefined {
  if (path !== undefined) {
    return mode === 'none' ? undefined : 'expected ldapi:// only together with ldapi:// and loopback ldap:// urls';
  }
  if (mode === 'ldaps')
    return secure ? undefined : 'expected ldaps:// with tls.mode ldaps; ldap:// needs mode: starttls';
  if (!secure) return undefined;
  if (!modeIsSet) return 'expected ldaps:// in all urls or in none';
  return mode === 'starttls'
    ? 'expected ldap:// with tls.mode starttls, which encrypts the connection; ldaps:// needs no mode'
    : 'expected no tls.mode with ldaps://, which is encrypted; mode: none is for ldap:// without encryption';
}

function checkTlsFiles(tls: Checked['tls'], mode: TlsMode): readonly LdapConfigProblem[] {
  const pairs = { certFile: 'keyFile', keyFile: 'certFile' } as const;
  const pairProblems = (['certFile', 'keyFile'] as const)
    .filter((key) => tls[key] !== undefined && tls[pairs[key]] === undefined)
    .map((key) => ({ path: ['tls', key], message: `expected only together with ${pairs[key]}` }));
  const unusedProblems = (['caFile', 'certFile', 'keyFile'] as const)
    .filter((key) => tls[key] !== undefined && mode === 'none')
    .map((key) => ({ path: ['tls', key], message: 'expected only with tls.mode ldaps or starttls' }));
  return [...pairProblems, ...unusedProblems];
}

function checkBind({ preset, bind }: Checked): readonly LdapConfigProblem[] {
  if (bind === undefined || parseDn(bind.dn) !== undefined) return [];
  if (LDAP_PRESETS[preset].bindNames) return [];
  const message =
    'expected a distinguished name such as cn=reader,dc=example,dc=org; a name with a domain needs preset: active-directory';
  return [{ path: ['bind', 'dn'], message }];
}

function checkExpired({ preset, users }: Checked): readonly LdapConfigProblem[] {
  if (users.expiredPasswords === 'refuse' || preset === 'freeipa') return [];
  return [{ path: ['users', 'expiredPasswords'], message: 'expected only with preset: freeipa' }];
}

function checkUsers({ preset, users }: Checked): readonly LdapConfigProblem[] {
  const { base, filter, loginAttributes, template } = users;
  const filterHasLogin = filter !== undefined && placeholdersOf(filter).has('login');
  const problems: LdapConfigProblem[] = [];
  if (base === undefined && template === undefined) {
    problems.push({
      path: ['users'],
      message: 'expected base (where users are searched) or template (the DN they bind with)',
    });
  }
  if (filterHasLogin && loginAttributes !== undefined) {
    problems.push({
      path: ['users', 'loginAttributes'],
      message: 'expected no loginAttributes with a filter that has {login}',
    });
  }
  if (template?.isDn === false) {
    if (!LDAP_PRESETS[preset].bindNames) {
      problems.push({
        path: ['users', 'template'],
        message:
          'expected a DN such as uid={login},ou=people,dc=example,dc=org; other names need preset: active-directory',
      });
    }
    if (base === undefined) {
      problems.push({
        path: ['users'],
        message: 'expected base: with such a template the entry is searched after the bind',
      });
    }
  } else if (template !== undefined && (loginAttributes !== undefined || base !== undefined)) {
    problems.push({
      path: ['users', 'template'],
      message: 'expected no base and no loginAttributes with template, which needs no search',
    });
  }
  if (template !== undefined && filterHasLogin) {
    problems.push({ path: ['users', 'filter'], message: 'expected a filter without {login} with template' });
  }
  return problems;
}

function checkGroups({ preset, groups }: Checked): readonly LdapConfigProblem[] {
  if (groups === undefined) return [];
  const problems: LdapConfigProblem[] = [];
  const source = groupSource({ preset, groups });
  if (!LDAP_PRESETS[preset].groups.primary && (groups.nested === 'inChain' || groups.nested === 'tokenGroups')) {
    problems.push({
      path: ['groups', 'nested'],
      message: 'expected auto, levels or off: the others need Active Directory',
    });
  }
  if (!LDAP_PRESETS[preset].groups.primary && groups.distribution) {
    problems.push({ path: ['groups', 'distribution'], message: 'expected only with preset: active-directory' });
  }
  if (source !== 'memberOf') return problems;
  if (groups.name !== undefined && groups.name !== 'dn' && !RDN_ATTRIBUTES.has(groups.name.toLowerCase())) {
    problems.push({
      path: ['groups', 'name'],
      message: 'expected cn or dn, or ou, uid, o or dc, with from: memberOf, which gives DNs only',
    });
  }
  if (groups.filter !== undefined) {
    problems.push({
      path: ['groups', 'filter'],
      message: 'expected only with from: member or posixGroup, which search groups',
    });
  }
  return problems;
}
