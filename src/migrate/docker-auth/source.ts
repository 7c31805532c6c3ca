/** Finds the configuration of docker_auth in a file: as it is, in a ConfigMap, or in the values of its Helm chart. */
import { ConfigError } from '../../config/problems.ts';
import { child, entriesOf, entry, parseForeignYaml, readForeignYaml, textAt } from '../foreign-yaml.ts';
import type { ForeignEntry, ForeignFile, ForeignNode } from '../foreign-yaml.ts';
import { templatePlaceholders } from '../template-placeholder.ts';

interface DockerAuthSource extends ForeignFile {
  /** Where in the file the configuration is, and what of the file is not part of it. */
  readonly notes: readonly { readonly line: number; readonly message: string }[];
}

const SERVER = ['server', 'token'];
const RULES = ['acl', 'acl_mongo', 'acl_xorm', 'ext_authz', 'plugin_authz', 'casbin_authz'];
const USERS = [
  'users',
  'ldap_auth',
  'oidc_auth',
  'google_auth',
  'github_auth',
  'gitlab_auth',
  'mongo_auth',
  'xorm_auth',
  'ext_auth',
  'plugin_authn',
];

/** @throws ConfigError if the file cannot be read, has no configuration of docker_auth, or has placeholders in `acl` */
export async function readDockerAuth(path: string): Promise<DockerAuthSource> {
  const file = await readForeignYaml(path);
  const source = sourceIn(file);
  if (!isDockerAuth(source.root)) throw refusal(source, 1, `found no ${missing(source.root)}${whereElse(source.root)}`);
  const rules = entry(source.root, 'acl');
  const [open] = rules === undefined ? [] : templatePlaceholders(rules.value);
  // A rule that is not filled in matches nothing, so that a later rule would decide in its place.
  if (open !== undefined) throw refusal(source, open.line, `acl: found ${open.text}: fill in the template first`);
  return source;
}

function sourceIn(file: ForeignFile): DockerAuthSource {
  const { root } = file;
  const kind = textAt(root, 'kind');
  if (kind !== undefined && child(root, 'apiVersion') !== undefined) return inManifest(file, kind);
  const values = child(child(root, 'configmap'), 'data');
  return values === undefined ? { ...file, notes: [] } : inChart(file, values);
}

function isDockerAuth(root: ForeignNode): boolean {
  return [SERVER, [...USERS, ...RULES]].every((keys) => keys.some((key) => entry(root, key) !== undefined));
}

function missing(root: ForeignNode): string {
  const has = (keys: readonly string[]): boolean => keys.some((key) => entry(root, key) !== undefined);
  const parts = [...(has(SERVER) ? [] : ['server and token']), ...(has([...USERS, ...RULES]) ? [] : ['users and acl'])];
  return `${parts.join(', and no ')}, expected a configuration of docker_auth`;
}

/** A file of Kubernetes. The text of a ConfigMap begins in the line after its key. */
function inManifest(file: ForeignFile, kind: string): DockerAuthSource {
  const data = [...entriesOf(child(file.root, 'data')), ...entriesOf(child(file.root, 'stringData'))];
  const found = kind === 'ConfigMap' || kind === 'Secret' ? data.flatMap((one) => embedded(file, one) ?? []) : [];
  const [source, ...others] = found;
  if (source !== undefined && others.length === 0) return source;
  const problem =
    others.length > 0
      ? 'found several configurations of docker_auth, expected one: write the one to import to a file'
      : `found a ${kind} of Kubernetes without a configuration of docker_auth under data: write the decoded text of auth_config.yml to a file, and import that`;
  throw refusal(file, 1, problem);
}

function embedded({ file }: ForeignFile, { key, line, value }: ForeignEntry): DockerAuthSource | undefined {
  if (value.kind !== 'scalar' || !/\.ya?ml$/.test(key)) return undefined;
  const inner = parseForeignYaml(`${'\n'.repeat(line)}${value.text}`, file);
  return isDockerAuth(inner.root) ? { ...inner, notes: [{ line, message: `read from data."${key}"` }] } : undefined;
}

/** The chart writes the rest of the configuration itself (chart/docker-auth/templates/configmap.yaml of docker_auth). */
function inChart({ file, root, repeated }: ForeignFile, values: ForeignNode): DockerAuthSource {
  const { line } = values;
  const text = (of: string): ForeignNode => ({ kind: 'scalar', line, text: of });
  const map = (entries: Readonly<Record<string, ForeignNode>>): readonly ForeignEntry[] =>
    Object.entries(entries).map(([key, value]) => ({ key, line, value }));
  const secret = child(root, 'secret');
  const names =
    textAt(secret, 'secretName') === undefined
      ? { certificate: 'server.pem', key: 'server.key' }
      : {
          certificate: `certs/${textAt(secret, 'certificateFileName') ?? 'tls.crt'}`,
          key: `certs/${textAt(secret, 'keyFileName') ?? 'tls.key'}`,
        };
  const token = entriesOf(child(values, 'token')).map((one) =>
    one.key === 'disableLegacyKeyId' ? { ...one, key: 'disable_legacy_key_id' } : one,
  );
  const key = map({ certificate: text(`/config/${names.certificate}`), key: text(`/config/${names.key}`) });
  const port = textAt(child(root, 'service'), 'targetPort') ?? '5001';
  const entries: readonly ForeignEntry[] = [
    ...map({
      server: { kind: 'map', line, entries: map({ addr: text(`:${port}`) }) },
      token: { kind: 'map', line, entries: [...token, ...key] },
    }),
    ...entriesOf(values).filter((one) => one.key !== 'token'),
  ];
  const rest = entriesOf(root).filter((one) => one.key !== 'configmap');
  const notes = [
    { line, message: 'read from configmap.data, the values of the Helm chart of docker_auth' },
    ...(rest.length === 0
      ? []
      : [{ line: 1, message: `for Kubernetes, and not imported: ${rest.map((one) => one.key).join(', ')}` }]),
  ];
  return { file, repeated, root: { kind: 'map', line, entries }, notes };
}

/** Where a part of the file looks like a configuration of docker_auth. */
function whereElse(root: ForeignNode): string {
  const found = nested(root, '', 0);
  return found === undefined
    ? ''
    : `; the part under ${found.path} (line ${found.line}) looks like one: write it to a file of its own, and import that`;
}

const MAX_DEPTH = 6;

function nested(
  node: ForeignNode,
  path: string,
  depth: number,
): { readonly path: string; readonly line: number } | undefined {
  if (depth > MAX_DEPTH) return undefined;
  for (const { key, line, value } of entriesOf(node)) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (value.kind === 'map' && RULES.some((rules) => entry(value, rules) !== undefined)) return { path: inner, line };
    const deeper = nested(value, inner, depth + 1);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

function refusal({ file }: Pick<ForeignFile, 'file'>, line: number, message: string): ConfigError {
  return new ConfigError([{ file, line, column: 1, path: '', message }]);
}
