/** Looks at each server of a directory, and at what the configuration says is there; names the likely mistake. */
import type { LdapConfig } from '../config/config.ts';
import { groupSource } from '../config/config-check.ts';
import { openConnection } from '../wire/connection.ts';
import type { Connection, ConnectionOptions, SearchRequest } from '../wire/connection.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { ACTIVE_DIRECTORY, needsActiveDirectory } from '../attempt/domain.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { Entry } from '../wire/entry.ts';
import { faultText } from '../wire/fault-text.ts';
import { ANY_ENTRY, encodeFilter, or } from '../wire/filter.ts';
import type { UserSearch } from '../find-user.ts';
import { PRESETS } from '../config/presets.ts';
import type { ServiceAccount } from '../servers/service-account.ts';
import type { Tell } from './trace.ts';

export interface DiagnosisDeps {
  readonly config: LdapConfig;
  readonly options: () => ConnectionOptions;
  readonly endpoints: (deadline: Deadline) => Promise<readonly Endpoint[]>;
  readonly account: ServiceAccount | undefined;
  readonly search: UserSearch;
}

const START_TLS = '1.3.6.1.4.1.1466.20037';
const NO_SUCH_OBJECT = 32;
const ROOT_ATTRIBUTES = ['objectClass', 'vendorName', 'supportedCapabilities', 'supportedExtension', 'namingContexts'];

/** Never throws: a failure is a step that is not ok. */
export async function diagnoseServers(deps: DiagnosisDeps, tell: Tell, deadline: Deadline): Promise<void> {
  try {
    const endpoints = await deps.endpoints(deadline);
    // One at a time, so that the steps of each stand together.
    for (const endpoint of endpoints) await diagnoseServer(endpoint, deps, tell, deadline);
  } catch (error) {
    tell({ ok: false, text: faultText(error) });
  }
}

async function diagnoseServer(endpoint: Endpoint, deps: DiagnosisDeps, tell: Tell, deadline: Deadline): Promise<void> {
  const { options, account, config } = deps;
  const { url } = endpoint;
  try {
    const limit = deadline.within(options().timeout);
    using connection = await openConnection(endpoint, options(), limit);
    const { certificate } = connection;
    tell({
      ok: true,
      text:
        certificate === undefined ? `connects to ${url}, in clear` : `connects to ${url}, encrypted; ${certificate}`,
    });
    await account?.bind(connection, limit);
    tell({
      ok: true,
      text: `${url}: ${config.bind === undefined ? 'searches as nobody' : `binds as ${config.bind.dn}`}`,
    });
    await diagnoseEntries(connection, deps, tell, deadline);
  } catch (error) {
    tell({ ok: false, text: faultText(error) });
  }
}

async function diagnoseEntries(connection: Connection, deps: DiagnosisDeps, tell: Tell, deadline: Deadline) {
  const { config, options } = deps;
  const { url } = connection.endpoint;
  const root = await readBase(connection, '', ROOT_ATTRIBUTES, deadline);
  tellOfPreset(config, root.entry, url, tell);
  tellOfNesting(config, root.entry, url, tell);
  const hasStartTls = root.entry?.texts('supportedExtension').includes(START_TLS) === true;
  if (options().mode === 'none' && hasStartTls) {
    tell({ ok: true, text: `${url}: offers StartTLS, which is not used: set tls.mode: starttls` });
  }
  const contexts = root.entry?.texts('namingContexts') ?? [];
  const { base: people } = config.users;
  if (people !== undefined && (await hasBase(connection, 'users.base', people, contexts, tell, deadline))) {
    const anybody = await deps.search.findAnybody(connection, deadline);
    tell({
      ok: anybody.kind !== 'none',
      text:
        anybody.kind === 'none'
          ? `${url}: no user beneath ${people}: correct users.base, users.filter or preset, or let the account read there`
          : `${url}: finds users beneath ${people}`,
    });
  }
  const { groups } = config;
  if (groups !== undefined && (await hasBase(connection, 'groups.base', groups.base, contexts, tell, deadline))) {
    await diagnoseGroups(connection, config, groups, tell, deadline);
  }
}

async function diagnoseGroups(
  connection: Connection,
  config: LdapConfig,
  groups: NonNullable<LdapConfig['groups']>,
  tell: Tell,
  deadline: Deadline,
): Promise<void> {
  const members = groups.memberAttributes ?? PRESETS[config.preset].groups.memberAttributes;
  const attributes = groupSource(config) === 'posixGroup' ? ['memberUid', 'gidNumber'] : [...members, 'memberUid'];
  const filter = encodeFilter(or(attributes.map((attribute) => ({ kind: 'present', attribute }))));
  const request: SearchRequest = { base: groups.base, scope: groups.scope, filter, attributes: [], limit: 1 };
  const { entries } = await connection.search(request, deadline);
  tell({
    ok: entries.length > 0,
    text:
      entries.length > 0
        ? `${connection.endpoint.url}: finds groups beneath ${groups.base}`
        : `${connection.endpoint.url}: no group with ${attributes.join(' or ')} beneath ${groups.base}: correct groups.base or groups.memberAttributes`,
  });
}

async function hasBase(
  connection: Connection,
  key: string,
  base: string,
  contexts: readonly string[],
  tell: Tell,
  deadline: Deadline,
): Promise<boolean> {
  const { code, entry } = await readBase(connection, base, [], deadline);
  if (entry !== undefined) return true;
  const has = contexts.length === 0 ? '' : `; the server has ${contexts.join(' and ')}`;
  const why = code === 0 || code === NO_SUCH_OBJECT ? 'does not exist, or the account may not see it' : `gives ${code}`;
  tell({ ok: false, text: `${connection.endpoint.url}: ${base} ${why}: correct ${key}${has}` });
  return false;
}

async function readBase(
  connection: Connection,
  base: string,
  attributes: readonly string[],
  deadline: Deadline,
): Promise<{ readonly code: number; readonly entry: Entry | undefined }> {
  const request = { base, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes } as const;
  const { code, entries } = await connection.search(request, deadline);
  return { code, entry: entries[0] };
}

function tellOfPreset({ preset }: LdapConfig, root: Entry | undefined, url: string, tell: Tell): void {
  const fitting = root === undefined ? [] : presetsFor(root);
  const [likely] = fitting;
  if (likely === undefined) return;
  const fits = fitting.includes(preset);
  // Every key of a preset can be overridden, so that another one may do as well.
  tell({
    ok: true,
    text: fits
      ? `${url}: is what preset ${preset} is for`
      : `${url}: looks like ${likely}, and preset is ${preset}: set preset: ${likely}`,
  });
}

/** Logins would fail one by one later on. */
function tellOfNesting({ groups }: LdapConfig, root: Entry | undefined, url: string, tell: Tell): void {
  if (groups?.nested !== 'inChain' && groups?.nested !== 'tokenGroups') return;
  if (root?.texts('supportedCapabilities').includes(ACTIVE_DIRECTORY) === true) return;
  tell({ ok: false, text: `${url}: ${needsActiveDirectory(`groups.nested: ${groups.nested}`)}` });
}

function presetsFor(root: Entry): readonly string[] {
  const vendor = root.texts('vendorName').join(' ');
  if (root.texts('supportedCapabilities').includes(ACTIVE_DIRECTORY)) return ['active-directory'];
  if (/389 Project|Red Hat|Fedora/i.test(vendor)) return ['389ds', 'freeipa'];
  if (/lldap/i.test(vendor)) return ['lldap'];
  return root.texts('objectClass').some((name) => name.toLowerCase() === 'openldaprootdse') ? ['openldap'] : [];
}
