/** Checks that the keys of an ldap backend fit each other. */
import { canonicalParts } from '../../../core/dn.ts';
import type { ConfigWarning } from '../../backend.ts';
import type { LdapKeys } from './keys.ts';
import { isLoopback } from '../wire/endpoint.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { placeholdersOf } from '../wire/filter.ts';
import { LDAP_PRESETS } from './presets.ts';
import { groupSource, tlsMode } from './resolve.ts';
import type { TlsMode } from './resolve.ts';

interface LdapConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Checked = Pick<LdapKeys, 'preset' | 'urls' | 'srv' | 'tls' | 'bind' | 'users' | 'groups'>;

export function checkLdapConfig(config: Checked): readonly LdapConfigProblem[] {
  return [...checkServers(config), ...checkTls(config), ...checkUsers(config), ...checkGroups(config)];
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

function checkServers({ urls, srv }: Checked): readonly LdapConfigProblem[] {
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
  const isUnencrypted = mode === 'none' && !urls.every((endpoint) => isLoopback(endpoint) || endpoint.secure);
  if (tls.mode !== undefined || !isUnencrypted) return [];
  const message = 'expected mode: starttls with ldap:// urls, or mode: none to send passwords without encryption';
  return [{ path: ['tls'], message }];
}

function schemeProblem({ path, secure }: Endpoint, mode: TlsMode, modeIsSet: boolean): string | undefined {
  if (path !== undefined) {
    return mode === 'none' ? undefined : 'expected ldapi:// only together with ldapi:// and loopback ldap:// urls';
  }
  if (mode === 'ldaps') return secure ? undefined : 'expected ldaps:// with tls.mode ldaps';
  if (!secure) return undefined;
  return modeIsSet ? `expected ldap:// with tls.mode ${mode}` : 'expected ldaps:// in all urls or in none';
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

function checkUsers({ users }: Checked): readonly LdapConfigProblem[] {
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
  if (template !== undefined && (loginAttributes !== undefined || base !== undefined)) {
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
  if (groups.filter !== undefined) {
    problems.push({
      path: ['groups', 'filter'],
      message: 'expected only with from: member or posixGroup, which search groups',
    });
  }
  if (groups.name !== 'cn' && groups.name !== 'dn') {
    problems.push({
      path: ['groups', 'name'],
      message: 'expected cn or dn with from: memberOf, which gives DNs only',
    });
  }
  return problems;
}
