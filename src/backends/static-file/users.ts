/** The users of a configuration, read whole from its files or not at all. */
import { describeError } from '../../core/errors.ts';
import { groupName } from '../../core/groups.ts';
import { username } from '../../core/identity.ts';
import type { Identity } from '../../core/identity.ts';
import type { BackendDeps } from '../backend.ts';
import type { SecretRef } from '../fields.ts';
import type { PasswordHash } from '../password-hash.ts';
import type { StaticFileConfig } from './config.ts';
import { parseHtgroup, parseHtpasswd } from './htpasswd.ts';
import { plainSecret } from './plain-secret.ts';
import type { PlainSecret } from './plain-secret.ts';
import { UsersFileError } from './problems.ts';
import { readText } from './read-text.ts';
import { parseUsersYaml } from './users-yaml.ts';

export interface User {
  readonly identity: Identity;
  readonly password: { readonly hash: PasswordHash } | { readonly secret: PlainSecret };
}

export interface Users {
  readonly byName: ReadonlyMap<string, User>;
  /**
   * What the password of a user who does not exist is compared with, so that it takes as long: of the kind and cost
   * that most users have. Undefined when no user has a hash.
   */
  readonly decoy: PasswordHash | undefined;
}

/** The files that `loadUsers` reads. */
export function userFiles({ file, htpasswd, htgroup }: StaticFileConfig): readonly string[] {
  return [file, htpasswd, htgroup].flatMap((named) => named?.path ?? []);
}

/** @throws UsersFileError with all problems of all files. */
export async function loadUsers(config: StaticFileConfig, deps: BackendDeps): Promise<Users> {
  const byName =
    config.file === undefined
      ? await loadHtpasswd(config, deps)
      : await loadUsersYaml(config.file.path, config.name, deps);
  return { byName, decoy: mostUsed(byName)?.decoy() };
}

async function loadUsersYaml(file: string, backend: string, deps: BackendDeps): Promise<ReadonlyMap<string, User>> {
  const { users, problems, report } = parseUsersYaml(await readText(file), file);
  const byName = new Map<string, User>();
  for (const [name, { password, groups, place }] of users) {
    if ('hash' in password) {
      byName.set(name, { identity: identityOf(name, groups, backend, password.hash), password });
      continue;
    }
    const secret = plainSecret(password.secret, deps);
    const problem = await secretProblem(secret, password.secret);
    if (problem !== undefined) report(place, problem);
    byName.set(name, { identity: identityOf(name, groups, backend), password: { secret } });
  }
  const all = problems();
  if (all.length > 0) throw new UsersFileError(all);
  return byName;
}

/** A secret that is missing at the start is a mistake in the file; one that goes away later is an outage. */
async function secretProblem(secret: PlainSecret, { source }: SecretRef): Promise<string | undefined> {
  try {
    await secret.matches('');
    return undefined;
  } catch (error) {
    const expected = 'file' in source ? `a file with a secret at ${source.file}` : `a secret in $${source.env}`;
    return `found no secret, expected ${expected}: ${error instanceof Error ? error.message : describeError(error)}`;
  }
}

async function loadHtpasswd(config: StaticFileConfig, deps: BackendDeps): Promise<ReadonlyMap<string, User>> {
  const { htpasswd, htgroup, name } = config;
  // INVARIANT: the schema has refused a configuration with neither file.
  if (htpasswd === undefined) throw new Error('expected one of file and htpasswd, found none');
  const [users, members] = await Promise.allSettled([
    readText(htpasswd.path).then((text) => parseHtpasswd(text, htpasswd.path)),
    htgroup === undefined ? undefined : readText(htgroup.path).then((text) => parseHtgroup(text, htgroup.path)),
  ]);
  const problems = [...problemsOf(users), ...problemsOf(members)];
  if (problems.length > 0 || users.status === 'rejected') throw new UsersFileError(problems);

  const { hashes } = users.value;
  const groups = members.status === 'fulfilled' ? members.value?.groups : undefined;
  const strangers = [...(groups?.keys() ?? [])].filter((member) => !hashes.has(member));
  if (strangers.length > 0) {
    // Apache's group files are shared between several htpasswd files: not an error, but often a typing error.
    deps.log.warn('the htgroup file has members whom the htpasswd file does not have', {
      backend: name,
      htgroup: htgroup?.path,
      members: strangers.slice(0, 20),
      count: strangers.length,
    });
  }
  return new Map(
    [...hashes].map(([user, hash]) => [
      user,
      { identity: identityOf(user, groups?.get(user) ?? new Set(), name, hash), password: { hash } },
    ]),
  );
}

function problemsOf(
  result: PromiseSettledResult<{ readonly problems: readonly string[] } | undefined>,
): readonly string[] {
  if (result.status === 'fulfilled') return result.value?.problems ?? [];
  const reason: unknown = result.reason;
  return reason instanceof UsersFileError ? reason.problems : [describeError(reason)];
}

function identityOf(name: string, groups: ReadonlySet<string>, backend: string, hash?: PasswordHash): Identity {
  return {
    username: username(name),
    groups: new Set([...groups].map((group) => groupName(group, { lowercase: false }))),
    backend,
    caseless: false,
    attributes: new Map(),
    // Files give no ids. Whoever is given a name anew is given a password too; a plain one must leave no trace.
    subject: hash === undefined ? name : `${hash.mark()} ${name}`,
  };
}

function mostUsed(byName: ReadonlyMap<string, User>): PasswordHash | undefined {
  const hashes = [...byName.values()].flatMap(({ password }) => ('hash' in password ? [password.hash] : []));
  const byCost = Map.groupBy(hashes, ({ cost }) => cost);
  return [...byCost.values()].toSorted((a, b) => b.length - a.length)[0]?.[0];
}
