/** `doctor`: finds what makes clients ignore this helper. Most of it makes them go on without credentials, silently. */
import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { describeError } from '../../core/errors.ts';
import type { HelperCall } from '../commands.ts';
import { HELPER_SUFFIX } from '../configure/client-files.ts';
import { printable } from '../host.ts';
import type { Host } from '../host.ts';
import { findProgram } from '../logins/find-program.ts';
import { hasEnded } from '../logins/login.ts';
import type { StoredLogin } from '../logins/login.ts';
import { openLogins } from '../logins/store.ts';
import { requireRegistry } from '../registry-name.ts';
import { problem } from './finding.ts';
import type { Finding } from './finding.ts';
import { examineServer } from './server.ts';
import { configuredRegistries, examineSettings, readAllSettings } from './settings.ts';

/** Seconds before the end of a login from which on it is worth a hint. */
const SOON = 3 * 24 * 3600;

/** @returns the exit code: 1 where there is a problem */
export async function doctor(host: Host, call: HelperCall): Promise<number> {
  const findings: Finding[] = [await examineProgram(host)];
  const { settings, problems } = await readAllSettings(host);
  findings.push(...problems);
  const registries = new Set(call.arguments.map(requireRegistry));
  if (registries.size === 0) {
    const stored = await storedRegistries(host);
    findings.push(...stored.problems);
    for (const registry of [...stored.registries, ...configuredRegistries(settings)]) registries.add(registry);
    if (registries.size === 0 && stored.problems.length === 0)
      findings.push({ kind: 'hint', text: `no registry uses this helper; run: ${host.program} login REGISTRY` });
  }
  for (const registry of registries) {
    findings.push(...settings.flatMap((each) => examineSettings(host, each, registry)));
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
  if (path === undefined) {
    const file = await findProgram(name, host, constants.F_OK);
    if (file !== undefined) return problem(`${file} may not be executed; run: chmod +x ${file}`);
    return problem(
      `${name} is in no folder of PATH, so that docker goes on without credentials; link it in ${COMMON_FOLDERS[0]}`,
    );
  }
  if (host.platform !== 'win32' && !COMMON_FOLDERS.includes(dirname(path))) {
    return {
      kind: 'hint',
      text: `${path}: editors, CI agents and desktop programs may have another PATH; link it in ${COMMON_FOLDERS[0]}`,
    };
  }
  return { kind: 'ok', text: `${path} is in PATH` };
}

interface StoredRegistries {
  readonly registries: Iterable<string>;
  readonly problems: readonly Finding[];
}

async function storedRegistries(host: Host): Promise<StoredRegistries> {
  try {
    return { registries: (await (await openLogins(host)).list()).keys(), problems: [] };
  } catch (error) {
    return { registries: [], problems: [problem(describeError(error))] };
  }
}

/** The result, and the login where the server can be asked about it. */
interface ExaminedLogin {
  readonly finding: Finding;
  readonly login?: StoredLogin;
}

async function examineLogin(host: Host, registry: string): Promise<ExaminedLogin> {
  try {
    const login = await (await openLogins(host)).get(registry);
    const again = `run: ${host.program} login ${registry}`;
    if (login === undefined) return { finding: problem(`there is no login at ${registry}; ${again}`) };
    if (login === 'unreadable')
      return { finding: problem(`the login at ${registry} is stored in a form that cannot be read; ${again}`) };
    if (hasEnded(login, host.now())) return { finding: problem(`the login at ${registry} has ended; ${again}`) };
    const { account = 'an unnamed user', endsAt } = login;
    if (endsAt !== undefined && endsAt - host.now() < SOON)
      return { finding: { kind: 'hint', text: `the login at ${registry} ends soon; ${again}` }, login };
    return { finding: { kind: 'ok', text: `a login of ${account} at ${registry} is stored` }, login };
  } catch (error) {
    return { finding: problem(describeError(error)) };
  }
}
