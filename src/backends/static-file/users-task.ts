/** Reads and checks files of users, as a task for another thread. Results are plain data: hashes as written. */
import type { FileInput, FileTask } from '../../core/ports.ts';
import type { SecretRef } from '../fields.ts';
import { parseHtgroup, parseHtpasswd } from './htpasswd.ts';
import { UsersFileError } from './problems.ts';
import { readText } from './read-text.ts';
import type { LocatedProblem } from './strict-yaml.ts';
import { parseUsersYaml } from './users-yaml.ts';

export interface PlainUser {
  readonly name: string;
  readonly groups: ReadonlySet<string>;
  readonly password: { readonly hash: string } | PlainSecretRef;
}

interface PlainSecretRef {
  readonly secret: SecretRef['source'];
  /** The place of the password. A problem with the secret is appended to its text. */
  readonly place: LocatedProblem;
}

type UsersPart =
  | { readonly kind: 'users'; readonly users: readonly PlainUser[] }
  /** Members in the htgroup file that are not in the htpasswd file. */
  | { readonly kind: 'unknown-members'; readonly members: readonly string[] }
  | { readonly kind: 'problems'; readonly problems: readonly LocatedProblem[] };

export interface UsersInput extends FileInput {
  /** `htpasswd`: the files are an htpasswd file and, where there is a second one, an htgroup file. */
  readonly form: 'yaml' | 'htpasswd';
}

/** Each part is handled in one turn of the event loop. */
const USERS_A_PART = 100;

export default async function* usersParts({
  form,
  files: [first = '', second],
}: UsersInput): AsyncGenerator<UsersPart> {
  try {
    if (form === 'yaml') yield* yamlParts(await readText(first), first);
    else yield* htpasswdParts(first, second);
  } catch (error) {
    if (!(error instanceof UsersFileError)) throw error;
    yield problemsPart(error.problems);
  }
}

export const USERS_TASK: FileTask<UsersInput, UsersPart> = { module: import.meta.url, work: usersParts };

function* yamlParts(text: string, file: string): Generator<UsersPart> {
  const { users, found, locate } = parseUsersYaml(text, file);
  yield* usersInParts(
    [...users].map(([name, { password, groups, place }]) => ({
      name,
      groups,
      password:
        'hash' in password
          ? { hash: password.written.reveal() }
          : { secret: password.secret.source, place: locate(place, '') },
    })),
  );
  yield { kind: 'problems', problems: found() };
}

async function* htpasswdParts(htpasswd: string, htgroup: string | undefined): AsyncGenerator<UsersPart> {
  const [users, members] = await Promise.allSettled([
    readText(htpasswd).then((text) => parseHtpasswd(text, htpasswd)),
    htgroup === undefined ? undefined : readText(htgroup).then((text) => parseHtgroup(text, htgroup)),
  ]);
  const problems = [...problemsOf(users), ...problemsOf(members)];
  if (problems.length > 0) yield problemsPart(problems);
  if (problems.length > 0 || users.status === 'rejected') return;

  const { written } = users.value;
  const groups = members.status === 'fulfilled' ? members.value?.groups : undefined;
  const unknown = [...(groups?.keys() ?? [])].filter((member) => !written.has(member));
  if (unknown.length > 0) yield { kind: 'unknown-members', members: unknown };
  yield* usersInParts(
    [...written].map(([name, hash]) => ({
      name,
      groups: groups?.get(name) ?? new Set(),
      password: { hash: hash.reveal() },
    })),
  );
}

function* usersInParts(users: readonly PlainUser[]): Generator<UsersPart> {
  for (let at = 0; at < users.length; at += USERS_A_PART)
    yield { kind: 'users', users: users.slice(at, at + USERS_A_PART) };
}

function problemsOf(
  result: PromiseSettledResult<{ readonly problems: readonly string[] } | undefined>,
): readonly string[] {
  if (result.status === 'fulfilled') return result.value?.problems ?? [];
  const reason: unknown = result.reason;
  if (reason instanceof UsersFileError) return reason.problems;
  throw reason;
}

/** In the order given. */
function problemsPart(problems: readonly string[]): UsersPart {
  return { kind: 'problems', problems: problems.map((text, offset) => ({ offset, text })) };
}
