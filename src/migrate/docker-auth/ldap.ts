/** Translates `ldap_auth` of docker_auth to a backend of type ldap. */
import { parseDn } from '../../core/dn.ts';
import type { Report } from '../finding.ts';
import { child, entriesOf, entry, isTrue, textAt } from '../foreign-yaml.ts';
import type { ForeignEntry, ForeignNode } from '../foreign-yaml.ts';
import type { LabelSource, World } from './world.ts';

export interface Translated {
  /** The backend for `broker.yaml`; undefined: it cannot be translated. */
  readonly backend: Readonly<Record<string, unknown>> | undefined;
  readonly world: World;
}

export function translateLdap(
  section: ForeignEntry,
  resolvePath: (path: string) => string,
  report: Report,
): Translated {
  const { value: node, line } = section;
  const labels = labelSources(child(node, 'labels'), report);
  const world: World = { name: 'ldap', isCaseless: true, labels };
  const addr = textAt(node, 'addr') ?? '';
  const tls = tlsOf(node, addr);
  if (!/^(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?$/.test(addr)) {
    report(
      'lost',
      lineAt(section, 'addr'),
      `ldap_auth: "${addr}" is no HOST:PORT, so docker_auth reaches no directory`,
    );
    return { backend: undefined, world };
  }
  if (isTrue(child(node, 'insecure_tls_skip_verify'))) {
    const message =
      'ldap_auth: certificates are not verified, so that anybody on the way reads passwords; here they are: set tls.caFile';
    report('lost', lineAt(section, 'insecure_tls_skip_verify'), message);
  }
  const ca = textAt(node, 'ca_certificate');
  const users = usersOf(section, report);
  if (users === undefined) return { backend: undefined, world };
  const base = textAt(node, 'base') ?? '';
  const groups = [...labels.values()].some(({ key }) => key === 'group') ? groupsUnder(base) : undefined;
  const attributes = [...labels.values()].flatMap(({ key }) =>
    typeof key === 'string' && key.startsWith('attr:') ? [key.slice(5)] : [],
  );
  report(
    'differs',
    line,
    'ldap_auth: a name is the one in the directory, in lower case, and not what was typed: Bob and bob are one user',
  );
  const backend = {
    name: 'ldap',
    type: 'ldap',
    preset: /sAMAccountName|userPrincipalName/i.test(textAt(node, 'filter') ?? '') ? 'active-directory' : 'openldap',
    urls: [`${tls === 'ldaps' ? 'ldaps' : 'ldap'}://${addr}`],
    tls: { mode: tls, ...(ca === undefined || tls === 'none' ? {} : { caFile: resolvePath(ca) }) },
    ...bindOf(section, resolvePath, report),
    users,
    ...(groups === undefined ? {} : { groups }),
    ...(attributes.length === 0 ? {} : { attributes: [...new Set(attributes)] }),
  };
  return { backend, world };
}

function lineAt({ value, line }: ForeignEntry, key: string): number {
  return entry(value, key)?.line ?? line;
}

function tlsOf(node: ForeignNode, addr: string): 'ldaps' | 'starttls' | 'none' {
  const tls = textAt(node, 'tls');
  if (tls === 'always' || (addr.endsWith(':636') && tls !== 'starttls')) return 'ldaps';
  return tls === 'starttls' ? 'starttls' : 'none';
}

/** An attribute that a filter compares with the login. */
const LOGIN_ATTRIBUTE = /\(([a-zA-Z][a-zA-Z0-9-]*)=\$\{account\}\)/;

function usersOf(section: ForeignEntry, report: Report): Readonly<Record<string, unknown>> | undefined {
  const { value: node, line } = section;
  const base = textAt(node, 'base') ?? '';
  const filter = textAt(node, 'filter') ?? '';
  const [, attribute] = LOGIN_ATTRIBUTE.exec(filter) ?? [];
  const name = attribute === undefined || attribute === 'mail' ? {} : { usernameAttribute: attribute };
  if (isTrue(child(node, 'initial_bind_as_user'))) {
    const template = (textAt(node, 'bind_dn') ?? '').replaceAll('${account}', '{login}');
    if (parseDn(template.replaceAll('{login}', 'x')) === undefined || !template.includes('{login}')) {
      report(
        'lost',
        lineAt(section, 'bind_dn'),
        'ldap_auth: users bind with what is no DN; give it a service account (bind) instead',
      );
      return undefined;
    }
    if (filter !== '')
      report(
        'lost',
        lineAt(section, 'filter'),
        'ldap_auth: filter: users bind with their DN, and the entry of that DN is theirs',
      );
    return { template, ...name };
  }
  if (base === '' || parseDn(base) === undefined) {
    report('lost', lineAt(section, 'base'), `ldap_auth: base "${base}" is no DN`);
    return undefined;
  }
  if (!filter.includes('${account}')) {
    report(
      'lost',
      filter === '' ? line : lineAt(section, 'filter'),
      'ldap_auth: the filter has no ${account}, so it does not say whose login it is',
    );
    return undefined;
  }
  return { base, filter: filter.replaceAll('${account}', '{login}'), ...name };
}

function bindOf(
  section: ForeignEntry,
  resolvePath: (path: string) => string,
  report: Report,
): { readonly bind?: unknown } {
  const { value: node } = section;
  if (isTrue(child(node, 'initial_bind_as_user'))) return {};
  const dn = textAt(node, 'bind_dn') ?? '';
  const file = textAt(node, 'bind_password_file') ?? '';
  if (dn === '') return {};
  if (file === '' || parseDn(dn) === undefined) {
    const what = file === '' ? 'has no bind_password_file' : `binds as "${dn}", which is no DN`;
    report('lost', lineAt(section, 'bind_dn'), `ldap_auth: ${what}; searches are anonymous until bind is written`);
    return {};
  }
  return { bind: { dn, password: { file: resolvePath(file) } } };
}

/** Groups anywhere in the directory: below the last components of the base. */
function groupsUnder(base: string): Readonly<Record<string, unknown>> {
  const [suffix] = /dc=[^,]*(?:,\s*dc=[^,]*)*$/i.exec(base) ?? /[^,]+$/.exec(base) ?? [base];
  return { base: suffix.trim(), from: 'memberOf', name: 'cn', nested: 'off' };
}

function labelSources(labels: ForeignNode | undefined, report: Report): ReadonlyMap<string, LabelSource> {
  return new Map(
    entriesOf(labels).map(({ key: label, line, value }) => {
      const attribute = (textAt(value, 'attribute') ?? '').toLowerCase();
      const source = labelSource(label, attribute, {
        cn: isTrue(child(value, 'parse_cn')),
        lower: isTrue(child(value, 'lower_case')),
      });
      if (attribute === 'memberof' && !isTrue(child(value, 'lower_case'))) {
        report('differs', line, `ldap_auth: the label ${label} is compared without case, as the directory does`);
      }
      return [label, source];
    }),
  );
}

function labelSource(
  label: string,
  attribute: string,
  { cn, lower }: { readonly cn: boolean; readonly lower: boolean },
): LabelSource {
  const lost = (why: string): LabelSource => ({ key: { lost: `the label ${label} ${why}` } });
  if (attribute === '') return lost('has no attribute');
  if (attribute === 'memberof') {
    const group = (value: string): string => value;
    return cn
      ? { key: 'group', group, folded: true }
      : {
          key: { lost: `the label ${label} has whole DNs (no parse_cn), which only a rule for one of them can carry` },
          group,
        };
  }
  if (cn) return lost(`takes the CN out of ${attribute}, which is not carried but for memberOf`);
  return lower
    ? lost(`has ${attribute} in lower case; write the rule with {attr:${attribute}}`)
    : { key: `attr:${attribute}` };
}
