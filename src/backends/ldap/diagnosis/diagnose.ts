/** Checks each server of a directory and what the configuration says about it; reports the likely mistakes. */
import type { LdapConfig } from '../config/config.ts';
import { LDAP_PRESETS } from '../config/presets.ts';
import { groupSource, memberAttributes } from '../config/resolve.ts';
import { openConnection } from '../wire/connection.ts';
import type { LdapConnection, ConnectionOptions } from '../wire/connection.ts';
import type { SearchRequest } from '../wire/search.ts';
import type { Deadline } from '../../../core/deadline.ts';
import { ACTIVE_DIRECTORY, needsActiveDirectory } from '../attempt/active-directory.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { LdapEntry } from '../wire/entry.ts';
import { faultText } from '../wire/fault-text.ts';
import { ANY_ENTRY, encodeFilter, or } from '../wire/filter.ts';
import { RESULT } from '../wire/result-code.ts';
import type { UserSearch } from '../users/user-search.ts';
import type { ServiceAccount } from '../servers/service-account.ts';
import { diagnoseLockout } from './lockout.ts';
import { KIND_ATTRIBUTES, presetsFor } from './server-kind.ts';
import type { ReportStep } from './trace.ts';

interface DiagnosisDeps {
  readonly config: LdapConfig;
  readonly options: () => ConnectionOptions;
  readonly endpoints: (deadline: Deadline) => Promise<readonly Endpoint[]>;
  readonly serviceAccount: ServiceAccount | undefined;
  readonly search: UserSearch;
}

/** The diagnosis of one server, over one connection. */
interface ServerDiagnosis {
  readonly config: LdapConfig;
  readonly search: UserSearch;
  readonly connection: LdapConnection;
  readonly deadline: Deadline;
  /** Adds the url of the server to the text. */
  readonly report: ReportStep;
}

/** supportedExtension of a server with StartTLS (RFC 4511, section 4.14). */
const START_TLS = '1.3.6.1.4.1.1466.20037';
const ROOT_ATTRIBUTES = [...KIND_ATTRIBUTES, 'supportedExtension', 'namingContexts', 'defaultNamingContext'];

/** Never throws: a fault is reported as a step that is not ok. */
export async function diagnoseServers(deps: DiagnosisDeps, report: ReportStep, deadline: Deadline): Promise<void> {
  try {
    const endpoints = await deps.endpoints(deadline);
    // One after the other, so that the report has the steps of each server together.
    for (const endpoint of endpoints) await diagnoseServer(endpoint, deps, report, deadline);
  } catch (error) {
    report({ ok: false, text: faultText(error) });
  }
}

async function diagnoseServer(
  endpoint: Endpoint,
  deps: DiagnosisDeps,
  report: ReportStep,
  deadline: Deadline,
): Promise<void> {
  const { options, serviceAccount, config, search } = deps;
  const { url } = endpoint;
  try {
    const limit = deadline.within(options().timeout);
    using connection = await openConnection(endpoint, options(), limit);
    const { certificate } = connection;
    const encryption = certificate === undefined ? 'without encryption' : `encrypted; ${certificate}`;
    report({ ok: true, text: `connects to ${url}, ${encryption}` });
    await serviceAccount?.bind(connection, limit);
    report({ ok: true, text: `${url}: ${bindingText(config)}` });
    await diagnoseEntries(
      {
        config,
        search,
        connection,
        deadline,
        report: (step) => report({ ...step, text: `${url}: ${step.text}` }),
      },
      options().mode,
    );
  } catch (error) {
    report({ ok: false, text: faultText(error) });
  }
}

function bindingText({ bind, users }: LdapConfig): string {
  if (bind !== undefined) return `binds as ${bind.dn}`;
  return users.template === undefined ? 'searches anonymously' : 'has no service account, users bind themselves';
}

async function diagnoseEntries(server: ServerDiagnosis, mode: ConnectionOptions['mode']): Promise<void> {
  const { config, search, connection, deadline, report } = server;
  const root = await readBase(server, '', ROOT_ATTRIBUTES);
  reportPreset(config, root.entry, report);
  reportNesting(config, root.entry, report);
  const isAnonymous = config.bind === undefined && config.users.template !== undefined;
  if (root.entry !== undefined && LDAP_PRESETS[config.preset].bindNames && !isAnonymous)
    await diagnoseLockout(server, root.entry);
  const hasStartTls = root.entry?.texts('supportedExtension').includes(START_TLS) === true;
  if (mode === 'none' && hasStartTls) {
    report({ ok: true, isWarning: true, text: 'offers StartTLS, which is not used: set tls.mode: starttls' });
  }
  if (isAnonymous) {
    const text = 'nothing else can be read without a password: check --login tests users.template';
    return report({ ok: true, text });
  }
  const contexts = root.entry?.texts('namingContexts') ?? [];
  const { base } = config.users;
  if (base !== undefined && (await hasBase(server, 'users.base', base, contexts))) {
    const hasUsers = (await search.findAnyUser(connection, deadline)).kind !== 'none';
    const advice = 'correct users.base, users.filter or preset, or let the account read there';
    report({ ok: hasUsers, text: hasUsers ? `finds users under ${base}` : `no user under ${base}: ${advice}` });
  }
  const { groups } = config;
  if (groups !== undefined && (await hasBase(server, 'groups.base', groups.base, contexts))) {
    await diagnoseGroups(server, groups);
  }
}

async function diagnoseGroups(
  { config, connection, deadline, report }: ServerDiagnosis,
  { base, scope }: NonNullable<LdapConfig['groups']>,
): Promise<void> {
  const attributes =
    groupSource(config) === 'posixGroup' ? ['memberUid', 'gidNumber'] : [...memberAttributes(config), 'memberUid'];
  const filter = encodeFilter(or(attributes.map((attribute) => ({ kind: 'present', attribute }))));
  const request: SearchRequest = { base, scope, filter, attributes: [], limit: 1 };
  const hasGroups = (await connection.search(request, deadline)).entries.length > 0;
  const problem = `no group with ${attributes.join(' or ')} under ${base}: correct groups.base or groups.memberAttributes`;
  report({ ok: hasGroups, text: hasGroups ? `finds groups under ${base}` : problem });
}

/** @param key the key of the configuration that has the base */
async function hasBase(
  server: ServerDiagnosis,
  key: string,
  base: string,
  contexts: readonly string[],
): Promise<boolean> {
  const { code, entry } = await readBase(server, base, []);
  if (entry !== undefined) return true;
  const available = contexts.length === 0 ? '' : `; the server has ${contexts.join(' and ')}`;
  const isMissing = code === RESULT.success || code === RESULT.noSuchObject;
  const reader =
    server.config.bind === undefined ? 'is hidden from searches without a bind' : 'the account may not see it';
  const problem = isMissing ? `does not exist, or ${reader}` : `gives result ${code}`;
  const cure = server.config.bind === undefined ? `correct ${key}, or configure bind` : `correct ${key}`;
  server.report({ ok: false, text: `${base} ${problem}: ${cure}${available}` });
  return false;
}

async function readBase(
  { connection, deadline }: ServerDiagnosis,
  base: string,
  attributes: readonly string[],
): Promise<{ readonly code: number; readonly entry: LdapEntry | undefined }> {
  const request = { base, scope: 'base', filter: encodeFilter(ANY_ENTRY), attributes } as const;
  const { code, entries } = await connection.search(request, deadline);
  return { code, entry: entries[0] };
}

/** A different preset is not a failure, because every key of it can be overridden. */
function reportPreset({ preset }: LdapConfig, root: LdapEntry | undefined, report: ReportStep): void {
  const suitable: readonly string[] = root === undefined ? [] : presetsFor(root);
  const [likely] = suitable;
  if (likely === undefined) return;
  if (suitable.includes(preset)) return report({ ok: true, text: `matches preset ${preset}` });
  const text = `looks like ${likely}, and preset is ${preset}: set preset: ${likely}`;
  report({ ok: true, isWarning: true, text });
}

/** With this mistake the server works, and every login fails. */
function reportNesting({ groups }: LdapConfig, root: LdapEntry | undefined, report: ReportStep): void {
  if (groups?.nested !== 'inChain' && groups?.nested !== 'tokenGroups') return;
  if (root?.texts('supportedCapabilities').includes(ACTIVE_DIRECTORY) === true) return;
  report({ ok: false, text: needsActiveDirectory(`groups.nested: ${groups.nested}`) });
}
