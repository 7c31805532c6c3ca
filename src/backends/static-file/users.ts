/** The users of a configuration, read whole from its files or not at all. */
import { describeError } from '../../core/errors.ts';
import { foldCase } from '../../core/fold-case.ts';
import { groupName } from '../../core/groups.ts';
import { username } from '../../core/identity.ts';
import type { Identity } from '../../core/identity.ts';
import type { BackendDeps } from '../backend.ts';
import type { Background } from '../../core/ports.ts';
import { SecretRef } from '../fields.ts';
import { exposure } from '../file-exposure.ts';
import type { PasswordFile } from '../traits.ts';
import { parseHash } from '../password-hash.ts';
import type { PasswordHash } from '../password-hash.ts';
import type { StaticFileConfig } from './config.ts';
import { plainSecret } from './plain-secret.ts';
import type { PlainSecret } from './plain-secret.ts';
import { UsersFileError } from './problems.ts';
import type { LocatedProblem } from './strict-yaml.ts';
import { USERS_TASK } from './users-task.ts';
import type { PlainUser, UsersInput } from './users-task.ts';

export interface User {
  readonly identity: Identity;
  readonly password: { readonly hash: PasswordHash } | { readonly secret: PlainSecret };
}

export interface Users {
  readonly byName: ReadonlyMap<string, User>;
  /** The names that are not in lower case, by their lower-case form. */
  readonly inOtherCase: ReadonlyMap<string, readonly string[]>;
  /**
   * Verified for a user who does not exist, so that it takes as long as for one who does. It has the kind and cost that
   * most users have. Undefined when no user has a hash.
   */
  readonly decoy: PasswordHash | undefined;
}

/** The files that `loadUsers` reads. */
export function userFiles({ file, htpasswd, htgroup }: StaticFileConfig): readonly string[] {
  return [file, htpasswd, htgroup].flatMap((named) => named?.path ?? []);
}

/** @throws UsersFileError with all problems of all files. */
export async function loadUsers(config: StaticFileConfig, deps: BackendDeps): Promise<Users> {
  const byName = new Map<string, User>();
  const problems: LocatedProblem[] = [];
  const parts = (deps.background ?? readInThisThread)(USERS_TASK, usersInput(config));
  for await (const part of parts) {
    if (part.kind === 'problems') problems.push(...part.problems);
    else if (part.kind === 'unknown-members') warnUnknownMembers(part.members, config, deps);
    else for (const user of part.users) byName.set(user.name, await readyUser(user, config.name, deps, problems));
  }
  if (problems.length > 0)
    throw new UsersFileError(problems.toSorted((a, b) => a.offset - b.offset).map(({ text }) => text));
  return { byName, inOtherCase: inOtherCase(byName.keys()), decoy: mostUsed(byName)?.decoy() };
}

function inOtherCase(names: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const name of names) {
    const folded = foldCase(name);
    if (folded !== name) found.set(folded, [...(found.get(folded) ?? []), name]);
  }
  return found;
}

/**
 * Everybody in the files, without a look at their passwords and secrets.
 *
 * @throws UsersFileError with all problems of all files.
 */
export async function loadIdentities(config: StaticFileConfig): Promise<readonly Identity[]> {
  const identities: Identity[] = [];
  const problems: string[] = [];
  for await (const part of readInThisThread(USERS_TASK, usersInput(config))) {
    if (part.kind === 'problems') problems.push(...part.problems.map(({ text }) => text));
    if (part.kind === 'users')
      identities.push(...part.users.map(({ name, groups }) => identityOf(name, groups, config.name)));
  }
  if (problems.length > 0) throw new UsersFileError(problems);
  return identities;
}

/** The users whose password is a file, which need not exist yet. A users file with problems has none. */
export async function passwordFiles(config: StaticFileConfig): Promise<readonly PasswordFile[]> {
  const found: PasswordFile[] = [];
  for await (const part of readInThisThread(USERS_TASK, usersInput(config))) {
    if (part.kind === 'problems' && part.problems.length > 0) return [];
    if (part.kind !== 'users') continue;
    for (const { name, password } of part.users) {
      if ('secret' in password && 'file' in password.secret) found.push({ username: name, path: password.secret.file });
    }
  }
  return found;
}

function usersInput(config: StaticFileConfig): UsersInput {
  return { form: config.file === undefined ? 'htpasswd' : 'yaml', files: userFiles(config) };
}

const readInThisThread: Background = (task, input) => task.work(input);

async function readyUser(
  { name, groups, password }: PlainUser,
  backend: string,
  deps: BackendDeps,
  problems: LocatedProblem[],
): Promise<User> {
  if ('hash' in password) {
    const hash = parseHash(password.hash);
    // INVARIANT: the task of the thread has parsed it before.
    if (typeof hash === 'string') throw new Error(`the hash of ${name} cannot be read`);
    return { identity: identityOf(name, groups, backend, hash), password: { hash } };
  }
  const ref = new SecretRef(password.secret);
  const secret = plainSecret(ref, deps);
  const problem = await secretProblem(secret, ref);
  const exposed = 'file' in ref.source ? await exposure(ref.source.file) : undefined;
  if (exposed !== undefined) deps.log.warn(exposed, { backend, user: name });
  const { offset, text } = password.place;
  if (problem !== undefined) problems.push({ offset, text: `${text}${problem}` });
  return { identity: identityOf(name, groups, backend), password: { secret } };
}

function warnUnknownMembers(
  members: readonly string[],
  { name, htgroup }: StaticFileConfig,
  { log }: BackendDeps,
): void {
  // Not an error, because several htpasswd files may share one group file; but often a typing error.
  log.warn('htgroup file has members that are not in the htpasswd file', {
    backend: name,
    htgroup: htgroup?.path,
    members: members.slice(0, 20),
    count: members.length,
  });
}

/** A secret that is missing at start is a mistake in the file; one that disappears later is an outage. */
async function secretProblem(secret: PlainSecret, { source }: SecretRef): Promise<string | undefined> {
  try {
    await secret.current();
    return undefined;
  } catch (error) {
    const expected = 'file' in source ? `a file with a secret at ${source.file}` : `a secret in $${source.env}`;
    return `found no secret, expected ${expected}: ${error instanceof Error ? error.message : describeError(error)}`;
  }
}

function identityOf(name: string, groups: ReadonlySet<string>, backend: string, hash?: PasswordHash): Identity {
  return {
    username: username(name),
    groups: new Set([...groups].map((group) => groupName(group, { lowercase: false }))),
    backend,
    caseless: false,
    attributes: new Map(),
    // A file has no ids. A new user of an old name has a new hash. A plain password is read at each login.
    ...(hash === undefined ? {} : { subject: `${hash.mark()} ${name}` }),
  };
}

function mostUsed(byName: ReadonlyMap<string, User>): PasswordHash | undefined {
  const hashes = [...byName.values()].flatMap(({ password }) => ('hash' in password ? [password.hash] : []));
  const byCost = Map.groupBy(hashes, ({ cost }) => cost);
  return [...byCost.values()].toSorted((a, b) => b.length - a.length)[0]?.[0];
}
