/** What the keys of an ldap backend must have to do with each other. */
import type { LdapConfig } from './config.ts';
import { isLoopback } from '../wire/endpoint.ts';
import { placeholdersOf } from '../wire/filter.ts';
import { PRESETS } from './presets.ts';

export interface ConfigProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type TlsMode = 'ldaps' | 'starttls' | 'none';
type Checked = Pick<LdapConfig, 'preset' | 'urls' | 'srv' | 'tls' | 'bind' | 'users' | 'groups'>;

export function checkLdapConfig(config: Checked): readonly ConfigProblem[] {
  return [...checkServers(config), ...checkTls(config), ...checkUsers(config), ...checkGroups(config)];
}

/** The mode in force: `tls.mode`, or what the urls say without it. */
export function tlsMode({ tls, urls }: Pick<Checked, 'tls' | 'urls'>): TlsMode {
  if (urls === undefined) return tls.mode ?? 'starttls';
  return tls.mode ?? (urls.every(({ secure }) => secure) ? 'ldaps' : 'none');
}

/** The way groups are found: `groups.from`, or the preset's. */
export function groupSource({
  preset,
  groups,
}: Pick<Checked, 'preset' | 'groups'>): 'memberOf' | 'member' | 'posixGroup' {
  const from = groups?.from ?? 'auto';
  return from === 'auto' ? PRESETS[preset].groups.from : from;
}

function checkServers({ urls, srv }: Checked): readonly ConfigProblem[] {
  if ((urls === undefined) !== (srv === undefined)) return [];
  return [{ path: urls === undefined ? [] : ['srv'], message: 'expected either urls or srv' }];
}

function checkTls(config: Checked): readonly ConfigProblem[] {
  const { urls = [], tls } = config;
  const problems: ConfigProblem[] = [];
  const mode = tlsMode(config);
  for (const [index, endpoint] of urls.entries()) {
    if (endpoint.path !== undefined && mode !== 'none') {
      problems.push({ path: ['urls', index], message: 'expected ldapi:// beside ldapi:// and loopback ldap:// only' });
      continue;
    }
    if (mode === 'ldaps' && !endpoint.secure) {
      problems.push({ path: ['urls', index], message: 'expected ldaps:// beside tls.mode ldaps' });
    }
    if (mode !== 'ldaps' && endpoint.secure) {
      const message =
        tls.mode === undefined
          ? 'expected ldaps:// in all urls or in none'
          : `expected ldap:// beside tls.mode ${mode}`;
      problems.push({ path: ['urls', index], message });
    }
  }
  if (tls.mode === undefined && mode === 'none' && !urls.every((endpoint) => isLoopback(endpoint) || endpoint.secure)) {
    problems.push({
      path: ['tls'],
      message: 'expected mode: starttls beside ldap:// urls, or mode: none to send passwords in clear',
    });
  }
  if (mode === 'none' && tls.caFile !== undefined) {
    problems.push({ path: ['tls', 'caFile'], message: 'expected beside ldaps or starttls only' });
  }
  for (const key of ['certFile', 'keyFile'] as const) {
    const other = key === 'certFile' ? 'keyFile' : 'certFile';
    if (tls[key] !== undefined && tls[other] === undefined) {
      problems.push({ path: ['tls', key], message: `expected beside ${other} only` });
    }
    if (mode === 'none' && tls[key] !== undefined) {
      problems.push({ path: ['tls', key], message: 'expected beside ldaps or starttls only' });
    }
  }
  return problems;
}

function checkUsers({ users }: Checked): readonly ConfigProblem[] {
  const { base, filter, loginAttributes, template } = users;
  const decides = filter !== undefined && placeholdersOf(filter).has('login');
  const problems: ConfigProblem[] = [];
  if (base === undefined && template === undefined) {
    problems.push({
      path: ['users'],
      message: 'expected base (where users are searched) or template (the DN they bind with)',
    });
  }
  if (decides && loginAttributes !== undefined) {
    problems.push({
      path: ['users', 'loginAttributes'],
      message: 'expected nothing beside a filter with {login} in it',
    });
  }
  if (template !== undefined && (loginAttributes !== undefined || base !== undefined)) {
    problems.push({
      path: ['users', 'template'],
      message: 'expected without base and loginAttributes: it needs no search',
    });
  }
  if (template !== undefined && decides) {
    problems.push({ path: ['users', 'filter'], message: 'expected a filter without {login} beside template' });
  }
  return problems;
}

function checkGroups({ preset, groups }: Checked): readonly ConfigProblem[] {
  if (groups === undefined) return [];
  const problems: ConfigProblem[] = [];
  const source = groupSource({ preset, groups });
  if (!PRESETS[preset].groups.primary && (groups.nested === 'inChain' || groups.nested === 'tokenGroups')) {
    problems.push({
      path: ['groups', 'nested'],
      message: 'expected auto, levels or off: only Active Directory can more',
    });
  }
  if (source !== 'memberOf') return problems;
  if (groups.filter !== undefined) {
    problems.push({
      path: ['groups', 'filter'],
      message: 'expected beside from: member or posixGroup, which search groups',
    });
  }
  if (groups.name !== 'cn' && groups.name !== 'dn') {
    problems.push({
      path: ['groups', 'name'],
      message: 'expected cn or dn beside from: memberOf, which gives DNs only',
    });
  }
  return problems;
}
