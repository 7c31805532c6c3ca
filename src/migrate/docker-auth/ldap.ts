/** Translates `ldap_auth` of docker_auth to a backend of type ldap. */
import { isBindName, parseBindTemplate } from '../../backends/ldap/config/name-template.ts';
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
      `ldap_auth: addr "${addr}" is not HOST:PORT, so docker_auth reaches no directory`,
    );
    return { backend: undefined, world };
  }
  if (isTrue(child(node, 'insecure_tls_skip_verify'))) {
    const message =
      'ldap_auth: docker_auth does not verify certificates, so an attacker on the network can read passwords; Fairlead verifies them: set tls.caFile';
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
    'ldap_auth: the name of a user is the name in the directory, in lower case, and not the typed one: Bob and bob are one user',
  );
  const backend = {
    name: 'ldap',
    type: 'ldap',
    preset: isActiveDirectory(node) ? 'active-directory' : 'openldap',
    urls: [`${tls === 'ldaps' ? 'ldaps' : 'ldap'}://${addr}`],
    tls: { mode: tls, ...(ca === undefined || tls === 'none' ? {} : { caFile: resolvePath(ca) }) },
    ...bindOf(section, resolvePath, report),
    users,
    ...(groups === undefined ? {} : { groups }),
    ...(attributes.length === 0 ? {} : { attributes: [...new Set(attributes)] }),
  };
  return { backend, world };
}

/** Only Active Directory has these attributes, and binds names that are not DNs. */
function isActiveDirectory(node: ForeignNode): boolean {
  const bindName = (textAt(node, 'bind_dn') ?? '').replaceAll('${account}', 'x');
  return /sAMAccountName|userPrincipalName/i.test(textAt(node, 'filter') ?? '') || isBindName(bindName);
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
  if (isTrue(child(node, 'initial_bind_as_user'))) return ownBindUsers(section, name, report);
  if (base === '' || parseDn(base) === undefined) {
    report('lost', lineAt(section, 'base'), `ldap_auth: base "${base}" is not a DN`);
    return undefined;
  }
  if (!filter.includes('${account}')) {
    report(
      'lost',
      filter === '' ? line : lineAt(section, 'filter'),
      'ldap_auth: the filter has no ${account}, so it does not depend on the login',
    );
    return undefined;
  }
  return { base, filter: filter.replaceAll('${account}', '{login}'), ...name };
}

/** Users who bind before anything is searched: with a DN, or in Active Directory with a name in a domain. */
function ownBindUsers(
  section: ForeignEntry,
  name: Readonly<Record<string, string>>,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  const { value: node } = section;
  const base = textAt(node, 'base') ?? '';
  const template = (textAt(node, 'bind_dn') ?? '').replaceAll('${account}', '{login}');
  const parsed = parseBindTemplate(template);
  const lost = (key: string, message: string): void => report('lost', lineAt(section, key), `ldap_auth: ${message}`);
  if (typeof parsed === 'string') {
    lost('bind_dn', `users bind with "${template}": ${parsed}; or configure a service account (bind)`);
    return undefined;
  }
  if (!parsed.isDn && parseDn(base) === undefined) {
    lost('base', `base "${base}" is not a DN; users.base is required with the template ${template}`);
    return undefined;
  }
  if ((textAt(node, 'filter') ?? '') !== '') {
    lost('filter', 'filter: it is not applied, because the entry of the user is the one that the bind names');
  }
  return { ...(parsed.isDn ? {} : { base }), template, ...(parsed.isDn ? name : {}) };
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
  if (file === '' || (parseDn(dn) === undefined && !isBindName(dn))) {
    const what =
      file === ''
        ? 'bind_dn has no bind_password_file'
        : `bind_dn "${dn}" is neither a DN nor a name in a domain, such as svc@corp.example`;
    report('lost', lineAt(section, 'bind_dn'), `ldap_auth: ${what}; searches are anonymous until you write bind`);
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
        report('differs', line, `ldap_auth: the label ${label} is compared without case, as in the directory`);
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
          key: { lost: `the label ${label} has whole DNs (no parse_cn), which only a rule for one DN can express` },
          group,
        };
  }
  if (cn) return lost(`takes the CN of ${attribute}, which is converted for memberOf only`);
  return lower
    ? lost(`has ${attribute} in lower case; write the rule with {attr:${attribute}}`)
    : { key: `attr:${attribute}` };
}
