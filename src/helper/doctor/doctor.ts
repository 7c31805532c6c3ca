/** `doctor`: finds what makes clients ignore this helper. Most of it makes them go on without credentials, silently. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeError } from '../core/errors.ts';
import type { HelperCall } from './commands.ts';
import { clientFiles, HELPER_SUFFIX } from './configure/client-files.ts';
import type { ClientFile } from './configure/client-files.ts';
import { examineServer } from './doctor-server.ts';
import { printable } from './host.ts';
import type { Host } from './host.ts';
import { findProgram } from './logins/find-program.ts';
import { hasEnded } from './logins/login.ts';
import type { StoredLogin } from './logins/login.ts';
import { openLogins } from './logins/store.ts';
import { parseObject } from './protocol.ts';
import { registryName, requireRegistry } from './registry-name.ts';

/** One result. A problem says what to do. */
export interface Finding {
  readonly kind: 'ok' | 'hint' | 'problem';
  readonly text: string;
}

/** A file of a client as far as it names helpers; undefined: there is no such file. */
interface ClientSettings {
  readonly file: ClientFile;
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

const SOON = 3 * 24 * 3600;

/** @returns the exit code: 1 where there is a problem */
export async function doctor(host: Host, call: HelperCall): Promise<number> {
  const findings: Finding[] = [await examineProgram(host)];
  const settings: ClientSettings[] = [];
  for (const file of clientFiles(host)) {
    try {
      settings.push({ file, json: await readSettings(file) });
    } catch (error) {
      findings.push({ kind: 'problem', text: describeError(error) });
    }
  }
  const registries =
    call.arguments.length > 0 ? call.arguments.map(requireRegistry) : await ownRegistries(host, settings);
  if (registries.length === 0)
    findings.push({ kind: 'hint', text: `no registry uses this helper; run: ${host.program} login REGISTRY` });
  for (const registry of registries) {
    findings.push(...settings.flatMap((each) => examineSettings(each, registry)));
    const { finding, login } = await examineLogin(host, registry);
    findings.push(finding, ...(await examineServer(host, registry, login)));
  }
  for (const { kind, text } of findings) host.stdout(`${printable(`${kind.padEnd('problem'.length)}  ${text}`)}\n`);
  return findings.some(({ kind }) => kind === 'problem') ? 1 : 0;
}

/** Where programs look that are not started from a shell. */
const COMMON_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin'];

async function examineProgram(host: Host): Promise<Finding> {
  const name = `docker-credential-${HELPER_SUFFIX}`;
  const path = await findProgram(name, host);
  if (path === undefined)
    return { kind: 'problem', text: `${name} is not in a folder of PATH: docker goes on without credentials` };
  if (host.platform !== 'win32' && !COMMON_FOLDERS.includes(dirname(path))) {
    return {
      kind: 'hint',
      text: `${path}: editors, CI agents and desktop programs may have another PATH; link it in ${COMMON_FOLDERS[0]}`,
    };
  }
  return { kind: 'ok', text: `${path} is in PATH` };
}

async function readSettings(file: ClientFile): Promise<ClientSettings['json']> {
  let text: string;
  try {
    text = await readFile(file.path, 'utf8');
  } catch {
    return undefined;
  }
  return parseObject(text, `the settings in ${file.path}`);
}

/** The registries that have a login, or a key for this helper. */
async function ownRegistries(host: Host, settings: readonly ClientSettings[]): Promise<readonly string[]> {
  const stored = await (await openLogins(host)).list();
  const configured = settings.flatMap(({ json }) =>
    Object.entries(objectIn(json, 'credHelpers')).flatMap(([key, helper]) =>
      helper === HELPER_SUFFIX ? (registryName(key) ?? []) : [],
    ),
  );
  return [...new Set([...stored.keys(), ...configured])];
}

function examineSettings({ file, json }: ClientSettings, registry: string): readonly Finding[] {
  const findings: Finding[] = [];
  const helpers = objectIn(json, 'credHelpers');
  const helper = helpers[registry];
  if (helper === HELPER_SUFFIX) {
    findings.push({ kind: 'ok', text: `${file.path} names this helper for ${registry}: ${file.clients}` });
  } else if (helper !== undefined) {
    findings.push({
      kind: 'problem',
      text: `${file.path} names the helper ${JSON.stringify(helper)} for ${registry}: ${file.clients}`,
    });
  } else {
    findings.push({ kind: 'problem', text: missingKey(file, helpers, json?.['credsStore'], registry) });
  }
  const entry = objectIn(objectIn(json, 'auths'), registry);
  if (typeof entry['auth'] === 'string' && entry['auth'] !== '')
    findings.push({
      kind: 'problem',
      text: `${file.path} has a password for ${registry} in clear text; remove its entry in "auths"`,
    });
  return findings;
}

function missingKey(
  { path, clients }: ClientFile,
  helpers: Readonly<Record<string, unknown>>,
  credsStore: unknown,
  registry: string,
): string {
  const [host] = registry.split(/:(?=\d+$)/);
  const similar = Object.keys(helpers).find((key) => {
    const name = registryName(key);
    return name === registry || name === host || name?.split(/:(?=\d+$)/)[0] === registry;
  });
  if (similar !== undefined)
    return `${path}: the key "${similar}" in "credHelpers" is not the name that ${clients} look for; it must be "${registry}"`;
  const store = credsStore === HELPER_SUFFIX ? '"credsStore" is not enough for podman and skopeo: ' : '';
  return `${path}: ${store}no helper for ${registry} is named for ${clients}; run: docker-credential-${HELPER_SUFFIX} configure ${registry}`;
}

/** The result, and the login where the server can be asked about it. */
interface ExaminedLogin {
  readonly finding: Finding;
  readonly login?: StoredLogin;
}

async function examineLogin(host: Host, registry: string): Promise<ExaminedLogin> {
  const problem = (text: string): ExaminedLogin => ({ finding: { kind: 'problem', text } });
  try {
    const login = await (await openLogins(host)).get(registry);
    const again = `run: ${host.program} login ${registry}`;
    if (login === undefined) return problem(`there is no login at ${registry}; ${again}`);
    if (hasEnded(login, host.now())) return problem(`the login at ${registry} has ended; ${again}`);
    const { account = 'an unnamed user', endsAt } = login;
    if (endsAt !== undefined && endsAt - host.now() < SOON)
      return { finding: { kind: 'hint', text: `the login at ${registry} ends soon; ${again}` }, login };
    return { finding: { kind: 'ok', text: `a login of ${account} at ${registry} is stored` }, login };
  } catch (error) {
    return problem(describeError(error));
  }
}

function objectIn(json: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null) return {};
  const value: unknown = Object.fromEntries(Object.entries(json))[name];
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
