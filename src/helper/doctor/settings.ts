/** The part of `doctor` that reads the files of the clients. */
import { readFile } from 'node:fs/promises';
import { codeOf } from '../../core/system-error.ts';
import { backupOf } from '../configure/configure.ts';
import { clientFiles, HELPER_SUFFIX } from '../configure/client-files.ts';
import type { ClientFile } from '../configure/client-files.ts';
import { describeError } from '../../core/errors.ts';
import { HelperError } from '../host.ts';
import type { Host } from '../host.ts';
import { objectIn, parseObject } from '../protocol.ts';
import { registryName } from '../registry-name.ts';
import { problem } from './finding.ts';
import type { Finding } from './finding.ts';

/** The content of a file; undefined: there is no such file. */
type Settings = Readonly<Record<string, unknown>> | undefined;

/** What one client reads. */
interface ClientSettings {
  readonly file: ClientFile;
  readonly json: Settings;
  /** The copy that `configure` has left next to it. */
  readonly backup: Settings;
  /** The file that the client reads before it. */
  readonly runtime: Settings;
}

interface AllSettings {
  readonly settings: readonly ClientSettings[];
  readonly problems: readonly Finding[];
}

export async function readAllSettings(host: Host): Promise<AllSettings> {
  const settings: ClientSettings[] = [];
  const problems: Finding[] = [];
  for (const file of clientFiles(host)) {
    try {
      settings.push({
        file,
        json: await readSettings(file.path),
        backup: await readSettings(backupOf(file.path)),
        runtime: file.runtimePath === undefined ? undefined : await readSettings(file.runtimePath),
      });
    } catch (error) {
      problems.push(problem(describeError(error)));
    }
  }
  return { settings, problems };
}

/** @throws HelperError */
async function readSettings(path: string): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new HelperError(`${path} cannot be read (${String(code)}); make it a file that you may read`);
  }
  // Docker makes an empty file where it cannot write.
  if (text.trim() === '') return undefined;
  return parseObject(text, `the settings in ${path}`, 'correct the file: no client can read it');
}

/** The registries that have a key for this helper. */
export function configuredRegistries(settings: readonly ClientSettings[]): readonly string[] {
  return settings.flatMap(({ json }) =>
    Object.entries(objectIn(json, 'credHelpers')).flatMap(([key, helper]) =>
      helper === HELPER_SUFFIX ? (registryName(key) ?? []) : [],
    ),
  );
}

export function examineSettings(host: Host, settings: ClientSettings, registry: string): readonly Finding[] {
  const { file, json, backup, runtime } = settings;
  const findings = [examineKey(host, settings, registry)];
  if (hasPassword(json, registry))
    findings.push(
      problem(`${file.path} has a password for ${registry} in clear text; remove its entry in "auths" from the file`),
    );
  if (hasPassword(backup, registry))
    findings.push(problem(`${backupOf(file.path)} has a password for ${registry} in clear text; remove this file`));
  if (file.runtimePath !== undefined && hasPassword(runtime, registry))
    findings.push(
      problem(
        `${file.runtimePath} has a password for ${registry}, which ${file.clients} use before this helper; ` +
          'remove its entry in "auths" from the file',
      ),
    );
  return findings;
}

function examineKey({ program }: Host, { file, json }: ClientSettings, registry: string): Finding {
  const { path, clients } = file;
  const helpers = objectIn(json, 'credHelpers');
  const helper = helpers[registry];
  if (helper === HELPER_SUFFIX) return { kind: 'ok', text: `${path} names this helper for ${registry}: ${clients}` };
  const configure = `run: ${program} configure ${registry}`;
  if (helper !== undefined)
    return problem(
      `${path} names the helper ${JSON.stringify(helper)}, and not this one, for ${registry}: ${clients}; ${configure}`,
    );
  const similar = similarKey(helpers, registry);
  if (similar !== undefined) {
    return problem(
      `${path}: the key "${similar}" in "credHelpers" is not "${registry}", and is ignored by ${clients}; ${configure}`,
    );
  }
  const store = json?.['credsStore'] === HELPER_SUFFIX ? '"credsStore" is not enough for podman and skopeo: ' : '';
  return problem(`${path}: ${store}no helper for ${registry} is named for ${clients}; ${configure}`);
}

/** A key that a person could mean this registry by. */
function similarKey(helpers: Readonly<Record<string, unknown>>, registry: string): string | undefined {
  const [host] = registry.split(/:(?=\d+$)/);
  return Object.keys(helpers).find((key) => {
    const name = registryName(key);
    return name === registry || name === host || name?.split(/:(?=\d+$)/)[0] === registry;
  });
}

function hasPassword(json: Settings, registry: string): boolean {
  const { auth } = objectIn(objectIn(json, 'auths'), registry);
  return typeof auth === 'string' && auth !== '';
}
