/** Accounts in a file: asks for the first user, whose password is stored as a hash. */
import { stringify } from 'yaml';
import { groupProblem, usernameProblem } from '../../backends/static-file/names.ts';
import { text } from './question.ts';
import type { Question, SecretQuestion } from './question.ts';
import type { Source, SourceAnswers, SourceDeps } from './source.ts';
import { passwordHash } from './stored-secret.ts';

const USERS_FILE = 'users.yaml';

const USER: Question<string> = {
  flag: 'user',
  placeholder: 'name',
  prompt: 'User',
  about: 'The name of the first user. More can be added to users.yaml at any time.',
  more: ['It is typed at docker login, and {user} in the policy.'],
  parse: text(usernameProblem),
};

const USER_PASSWORD: SecretQuestion = {
  flag: 'user-password',
  name: 'the password of the first user',
  prompt: 'Password of that user',
  about: 'The password of that user, of which a hash is stored.',
  more: ['Its argon2id hash is stored. For further users, fairlead hash-password prints the hash.'],
};

const USER_GROUPS: Question<readonly string[]> = {
  flag: 'user-groups',
  placeholder: 'names',
  prompt: 'Groups of that user (empty: none)',
  about: 'The groups of the first user, with commas between them.',
  more: ['Rules name groups, so that a new user needs no new rule: with the group team-web, such as team-web, staff.'],
  parse: (answer) => {
    const groups = answer.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
    const problem = groups.map(groupProblem).find((found) => found !== undefined);
    return problem === undefined ? { value: groups } : { problem };
  },
};

export const fileSource: Source = {
  name: 'file',
  about: 'a file with names and password hashes',
  questions: [USER, USER_GROUPS],
  secrets: [USER_PASSWORD],
  required: () => [USER, USER_PASSWORD],
  writes: [USERS_FILE],
  ask,
};

async function ask({ interview }: SourceDeps): Promise<SourceAnswers> {
  const username = await interview.ask(USER);
  const { secret } = await interview.askNewSecret(USER_PASSWORD);
  const groups = await interview.ask(USER_GROUPS);
  const users = { users: { [username]: { password: await passwordHash(secret), groups } } };
  return {
    backend: { name: 'local', type: 'static-file', file: USERS_FILE },
    files: [{ name: USERS_FILE, text: stringify(users), isSecret: true }],
    member: { username, groups },
  };
}
