/** Translates a configuration of docker_auth to the files of a broker, with findings. */
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../config/problems.ts';
import type { ConfigProblem } from '../../config/problems.ts';
import { reportInto } from '../finding.ts';
import type { Finding, Report } from '../finding.ts';
import { child, entriesOf, entry, textAt } from '../foreign-yaml.ts';
import type { ForeignEntry, ForeignFile } from '../foreign-yaml.ts';
import type { NewFile } from '../new-files.ts';
import { policyText } from '../write-policy.ts';
import { templatePlaceholders } from '../template-placeholder.ts';
import { yamlText } from '../write-yaml.ts';
import { readAcl } from './acl.ts';
import type { AclRule } from './acl.ts';
import { unknownKeys } from './known-keys.ts';
import { translateLdap } from './ldap.ts';
import { OIDC_SECRET_FILE, translateOidc } from './oidc.ts';
import { plainName, standsForItself } from './plain.ts';
import { guessPublicUrl, translateServer, translateToken } from './server.ts';
import { translateAcl } from './translate-acl.ts';
import { readDockerAuth } from './source.ts';
import { reportTraps } from './traps.ts';
import { groupsOf, readUsers } from './users.ts';
import type { StaticUsers } from './users.ts';
import type { World } from './world.ts';

interface DockerAuthOptions {
  /** Registries that the rules do not name. */
  readonly services: readonly string[];
  readonly publicUrl: string | undefined;
}

export interface DockerAuthImport {
  readonly files: readonly NewFile[];
  readonly findings: readonly Finding[];
  readonly rules: readonly AclRule[];
  readonly users: StaticUsers;
  readonly worlds: readonly World[];
  readonly services: readonly string[];
}

/** @throws ConfigError if the file cannot be read, or docker_auth does not start with it */
export async function importDockerAuth(path: string, options: DockerAuthOptions): Promise<DockerAuthImport> {
  const source = await readDockerAuth(path);
  const findings: Finding[] = [];
  const report = reportInto(findings, source.file);
  for (const { line, message } of source.notes) report('note', line, message);
  const rules = rulesOf(source);
  reportKeys(source, report);
  reportLeftOut(source, report);
  reportTemplates(source, report);
  const inFolder = (file: string): string => resolve(dirname(resolve(path)), file);
  const named = new Set<string>();
  const resolvePath = (file: string): string => {
    named.add(inFolder(file));
    return inFolder(file);
  };

  const users = readUsers(child(source.root, 'users'), report);
  const ldap = entry(source.root, 'ldap_auth');
  const oidc = entry(source.root, 'oidc_auth');
  const fromLdap = ldap === undefined ? undefined : translateLdap(ldap, resolvePath, report);
  const fromOidc = oidc === undefined ? undefined : translateOidc(oidc, resolvePath, report);
  const others = [fromLdap, fromOidc].flatMap((translated) =>
    translated?.backend === undefined ? [] : [translated.world],
  );
  const services = servicesOf(rules, options, source, report);
  const names = {
    plainUsers: fromOidc?.backend === undefined && users.users.every(({ name }) => standsForItself(name)),
    slashes: others.length > 0 || users.users.some(({ name }) => name.includes('/')),
  };
  const worlds: readonly [World, ...World[]] = [users.world, ...others];
  const realIpHeader = entry(child(source.root, 'server'), 'real_ip_header')?.line;
  reportTraps(rules, { worlds, realIpHeader, anonymous: users.anonymous }, report);
  const drafts = translateAcl(rules, { ...names, worlds, report });

  const server = translateServer(source.root, resolvePath, report);
  const token = await translateToken(source.root, resolvePath, report);
  const prefix = textAt(child(source.root, 'server'), 'path_prefix')?.replace(/\/+$/, '') ?? '';
  const publicUrl = options.publicUrl ?? `${guessPublicUrl(server)}${prefix}`;
  reportPublicUrl(options.publicUrl, publicUrl, entry(child(source.root, 'server'), 'path_prefix'), report);
  const anonymous = users.anonymous ? { anonymous: 'allow' } : {};
  const broker = {
    ...server,
    publicUrl,
    stateDir: './data',
    ...token,
    services: Object.fromEntries(services.map((service) => [service, anonymous])),
    backends: [
      ...(users.users.length === 0 ? [] : [{ name: 'local', type: 'static-file', file: 'users.yaml' }]),
      ...[fromLdap, fromOidc].flatMap((translated) => translated?.backend ?? []),
    ],
    policy: 'policy.yaml',
  };
  const from = [`Imported from ${source.file}`];
  const secret = fromOidc?.backend === undefined ? undefined : fromOidc.secret;
  const files: NewFile[] = [
    { name: 'broker.yaml', text: yamlText(broker, from) },
    ...(users.users.length === 0 ? [] : [{ name: 'users.yaml', text: usersText(users, from), secret: true }]),
    {
      name: 'policy.yaml',
      text: policyText({
        comment: [...from, ...FIRST_MATCH],
        evaluation: 'first-match',
        rules: drafts,
        source: source.file,
      }),
    },
    ...(secret === undefined || secret === '' ? [] : [{ name: OIDC_SECRET_FILE, text: `${secret}\n`, secret: true }]),
  ];
  await reportMissing(named, report);
  return { files, findings, rules, users, worlds, services };
}

const FIRST_MATCH = ['Of the rules that match, the first one decides alone: order matters.'];

function rulesOf({ root, file }: ForeignFile): readonly AclRule[] {
  const problems: ConfigProblem[] = [];
  const rules = readAcl(child(root, 'acl'), file, problems);
  if (root.kind !== 'map')
    problems.push({
      file,
      line: 1,
      column: 1,
      path: '',
      message: 'found no mapping, expected a configuration of docker_auth',
    });
  if (problems.length > 0) throw new ConfigError(problems);
  return rules;
}

function reportKeys({ root, repeated }: ForeignFile, report: Report): void {
  for (const { key, line, inside, meant } of unknownKeys(root)) {
    // After a colon without a space, the text is part of the key, and may be a password.
    const [name = ''] = /^[\w.-]{0,40}/.exec(key) ?? [];
    const glued = name !== key && /^[\w.-]+:/.test(key);
    const cure = glued
      ? '; a space is missing after the colon'
      : meant === undefined
        ? ''
        : `; ${meant} was probably meant`;
    const effect =
      inside === 'acl.match' ? 'so the condition is missing, and the rule matches more' : 'so it has no effect';
    const where = inside === '' ? name : `${inside}.${name}`;
    report('lost', line, `${where}: docker_auth does not know this key and ignores it, ${effect}${cure}`);
  }
  for (const { key, line } of repeated)
    report('trap', line, `${key === '' ? '""' : key}: is here a second time; the last one counts`);
}

/** docker_auth serves its tokens at PREFIX/auth, which registries have as their realm. */
function reportPublicUrl(
  given: string | undefined,
  publicUrl: string,
  prefix: ForeignEntry | undefined,
  report: Report,
): void {
  if (given === undefined) {
    const message = `publicUrl is a guess (${publicUrl}): write the URL at which clients reach the broker; realms that end in /auth continue to work`;
    report('note', prefix?.line ?? 1, message);
    return;
  }
  const path = textAt(prefix?.value)?.replace(/\/+$/, '') ?? '';
  if (prefix === undefined || path === '' || new URL(given).pathname.replace(/\/+$/, '') === path) return;
  const message = `server.path_prefix: --public-url does not end with ${path}, so that realms that end in ${path}/auth do not continue to work`;
  report('lost', prefix.line, message);
}

/** Outside of `acl`, a value with a placeholder is imported as it is. */
function reportTemplates({ root }: ForeignFile, report: Report): void {
  for (const { line, text } of templatePlaceholders(root)) {
    report('lost', line, `${text} is a placeholder of a template: fill it in, and import the result`);
  }
}

const USERS_ELSEWHERE = [
  'google_auth',
  'github_auth',
  'gitlab_auth',
  'mongo_auth',
  'xorm_auth',
  'ext_auth',
  'plugin_authn',
];
const RULES_ELSEWHERE = ['acl_mongo', 'acl_xorm', 'ext_authz', 'plugin_authz', 'casbin_authz'];

function reportLeftOut({ root }: ForeignFile, report: Report): void {
  for (const { key, line } of entriesOf(root)) {
    if (USERS_ELSEWHERE.includes(key))
      report(
        'lost',
        line,
        `${key}: users from this source are not supported; the backends are static-file, ldap, http and OpenID`,
      );
    if (RULES_ELSEWHERE.includes(key)) report('lost', line, `${key}: rules from this source are not in this file`);
  }
}

function servicesOf(
  rules: readonly AclRule[],
  options: DockerAuthOptions,
  { root }: ForeignFile,
  report: Report,
): readonly string[] {
  const named = rules.flatMap(({ fields }) => (fields.service === undefined ? [] : (plainName(fields.service) ?? [])));
  const services = [...new Set([...options.services, ...named])];
  if (services.length > 0) return services;
  report(
    'lost',
    root.line,
    'services: docker_auth signs tokens for every service, and Fairlead for configured ones; name each with --service (registry.example.com is written for now)',
  );
  return ['registry.example.com'];
}

function usersText({ users }: StaticUsers, comment: readonly string[]): string {
  const written = users.map((user) => {
    const groups = groupsOf(user);
    return [user.name, { password: user.hash, ...(groups.length === 0 ? {} : { groups }) }] as const;
  });
  return yamlText({ users: Object.fromEntries(written) }, comment);
}

async function reportMissing(files: ReadonlySet<string>, report: Report): Promise<void> {
  for (const file of files) {
    try {
      await access(file);
    } catch {
      report('note', 1, `${file} is not on this machine; the broker needs it where it runs`);
    }
  }
}
