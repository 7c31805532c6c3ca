/** users.yaml: user names, each with a hash or the place of a plain-text secret, and with groups. */
import { dirname, resolve } from 'node:path';
import { MAX_GROUPS } from '../names.ts';
import { Secret } from '../../core/identity.ts';
import { SecretRef } from '../fields.ts';
import { parseHash } from '../password-hash.ts';
import type { PasswordHash } from '../password-hash.ts';
import { groupProblem, usernameProblem } from './names.ts';
import { isMapping, strictYaml } from './strict-yaml.ts';
import type { Entry, Place, StrictYaml } from './strict-yaml.ts';

interface YamlUser {
  readonly password: { readonly hash: PasswordHash; readonly written: Secret } | { readonly secret: SecretRef };
  readonly groups: ReadonlySet<string>;
  /** The place of the password. */
  readonly place: Place;
}

interface UsersYaml {
  readonly users: ReadonlyMap<string, YamlUser>;
  /** Each as `FILE:LINE:COLUMN: path: found …, expected …`. */
  readonly problems: StrictYaml['problems'];
  readonly found: StrictYaml['found'];
  readonly locate: StrictYaml['locate'];
}

const PASSWORD = 'a hash (`fairlead hash-password` writes one), { file: PATH } or { env: NAME }';

/** @param file the absolute path: relative paths inside start from its folder */
export function parseUsersYaml(text: string, file: string): UsersYaml {
  const yaml = strictYaml(text, file);
  const users = new Map<string, YamlUser>();
  const { report, problems, found, locate } = yaml;
  // Values of a document with syntax errors cannot be relied on.
  if (yaml.problemCount() > 0) return { users, problems, found, locate };

  const top = fields(yaml, yaml.root, ['users'], 'a mapping with the key users');
  const list = top.get('users');
  if (list === undefined) {
    if (yaml.problemCount() === 0) report(yaml.root, 'found no key users, expected users: with a mapping of names');
    return { users, problems, found, locate };
  }
  for (const entry of yaml.entries(list, 'a mapping of user names')) {
    const user = readUser(yaml, entry, dirname(file));
    if (user !== undefined) users.set(entry.key, user);
  }
  return { users, problems, found, locate };
}

function readUser(yaml: StrictYaml, { key, keyPlace, value }: Entry, folder: string): YamlUser | undefined {
  const problem = usernameProblem(key);
  if (problem !== undefined) {
    yaml.report(keyPlace, problem);
    return undefined;
  }
  const before = yaml.problemCount();
  const own = fields(yaml, value, ['password', 'groups'], 'a mapping with password and groups');
  const password = own.get('password');
  const list = own.get('groups');
  const groups = list === undefined ? new Set<string>() : readGroups(yaml, list);
  if (password === undefined) {
    if (yaml.problemCount() === before) yaml.report(value, `found no password, expected password: ${PASSWORD}`);
    return undefined;
  }
  const read = readPassword(yaml, password, folder);
  return read === undefined ? undefined : { password: read, groups, place: password };
}

function readPassword(yaml: StrictYaml, place: Place, folder: string): YamlUser['password'] | undefined {
  const entries = isMapping(place) ? yaml.entries(place, PASSWORD) : undefined;
  if (entries === undefined) {
    const text = yaml.text(place, PASSWORD);
    const hash = text === undefined ? undefined : parseHash(text);
    if (typeof hash === 'string') yaml.report(place, `${hash}, or { file: PATH } or { env: NAME }`);
    if (text === undefined || hash === undefined || typeof hash === 'string') return undefined;
    return { hash, written: new Secret(text) };
  }
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined || (entry.key !== 'file' && entry.key !== 'env')) {
    // The keys are not repeated: `{ secret }` is a mapping with the secret as its key.
    yaml.report(place, `found a mapping with other keys, expected ${PASSWORD}`);
    return undefined;
  }
  const target = yaml.text(entry.value, entry.key === 'file' ? 'the path of a file' : 'the name of a variable');
  if (target === undefined) return undefined;
  return { secret: new SecretRef(entry.key === 'file' ? { file: resolve(folder, target) } : { env: target }) };
}

function readGroups(yaml: StrictYaml, place: Place): ReadonlySet<string> {
  const groups = new Set<string>();
  const items = yaml.items(place, 'a list of group names');
  if (items.length > MAX_GROUPS) {
    yaml.report(place, `found ${items.length} groups, expected ${MAX_GROUPS} at most`);
    return groups;
  }
  for (const item of items) {
    const name = yaml.text(item, 'the name of a group: write it in quotes');
    const problem = name === undefined ? undefined : groupProblem(name);
    if (problem !== undefined) yaml.report(item, problem);
    if (name !== undefined) groups.add(name);
  }
  return groups;
}

/** The values of the allowed keys; reports other keys. */
function fields(
  yaml: StrictYaml,
  place: Place,
  allowed: readonly string[],
  expected: string,
): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>();
  for (const { key, keyPlace, value } of yaml.entries(place, expected)) {
    if (allowed.includes(key)) found.set(key, value);
    // A key without a value may be a password that lacks its key: `{ secret }`.
    else if (value.node === undefined) yaml.report(keyPlace, `found a key without a value, expected ${expected}`);
    else yaml.report(keyPlace, `found the key ${JSON.stringify(key)}, expected ${allowed.join(' or ')}`);
  }
  return found;
}
