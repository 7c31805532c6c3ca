import { describe, expect, it } from 'vitest';
import { parseUsersYaml } from '../../../../src/backends/static-file/users-yaml.ts';

const BCRYPT = '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const HASH = '(`fairlead hash-password` writes one), { file: PATH } or { env: NAME }';
const FILE = '/etc/fairlead/users.yaml';

/** The problems of a document, without the path of its file. */
function problemsOf(text: string): readonly string[] {
  return parseUsersYaml(text, FILE)
    .problems()
    .map((problem) => problem.slice('/etc/fairlead/'.length));
}

describe('users.yaml', () => {
  it('gives users with hashes, secrets and groups', () => {
    const { users, problems } = parseUsersYaml(
      `users:
  alice: { password: "${BCRYPT}", groups: [team-web, "CN=Auditors,DC=example"] }
  bot: { password: { file: secrets/bot } }
  ci: { password: { env: CI_PASSWORD }, groups: [] }
`,
      FILE,
    );

    expect(problems()).toEqual([]);
    expect([...users.keys()]).toEqual(['alice', 'bot', 'ci']);
    expect([...(users.get('alice')?.groups ?? [])]).toEqual(['team-web', 'CN=Auditors,DC=example']);
    expect(users.get('alice')?.password).toMatchObject({ hash: { kind: 'bcrypt', cost: '$2y$05' } });
    expect(users.get('bot')?.password).toEqual({ secret: { source: { file: '/etc/fairlead/secrets/bot' } } });
    expect(users.get('ci')?.password).toEqual({ secret: { source: { env: 'CI_PASSWORD' } } });
  });

  it('may have no users, and aliases for lists of groups', () => {
    expect(problemsOf('users: {}')).toEqual([]);
    const { users, problems } = parseUsersYaml(
      `users:
  a: { password: ${BCRYPT}, groups: &g [x, y] }
  b: { password: ${BCRYPT}, groups: *g }`,
      FILE,
    );

    expect(problems()).toEqual([]);
    expect([...(users.get('b')?.groups ?? [])]).toEqual(['x', 'y']);
  });

  it('reports all problems at once, each with line, column, path, what was found and what is expected', () => {
    const problems = problemsOf(`users:
  alice: { password: hunter2 }
  bob: { passwrod: "${BCRYPT}" }
  carol: { groups: [a] }
  dave: { password: "${BCRYPT}", groups: web }
  erin: { password: "${BCRYPT}", groups: [1, ""] }
  alice: { password: "${BCRYPT}" }
  1234: { password: "${BCRYPT}" }
  "a:b": { password: "${BCRYPT}" }
  frank: ${BCRYPT}
  grace:
  heidi: { password: 12345 }
  ivan: { password: "$apr1$x$y" }
accounts: {}
`);

    expect(problems).toEqual([
      'users.yaml:2:22: users.alice.password: found text that is not a hash, expected a bcrypt, argon2id or scrypt hash, or { file: PATH } or { env: NAME }',
      'users.yaml:3:10: users.bob: found the key "passwrod", expected password or groups',
      `users.yaml:4:10: users.carol: found no password, expected password: a hash ${HASH}`,
      'users.yaml:5:93: users.dave.groups: found text, expected a list of group names',
      'users.yaml:6:94: users.erin.groups.0: found a number, expected the name of a group: write it in quotes',
      'users.yaml:6:97: users.erin.groups.1: found empty text, expected the name of a group: write it in quotes',
      'users.yaml:7:3: users: found a key a second time (first in line 2), expected each once: delete one',
      'users.yaml:8:3: users: found a number as a key, expected text: write it in quotes',
      'users.yaml:9:3: users: found a name with a colon, which no login can send',
      'users.yaml:10:10: users.frank: found text, expected a mapping with password and groups',
      'users.yaml:11:9: users.grace: found nothing, expected a mapping with password and groups',
      `users.yaml:12:22: users.heidi.password: found a number, expected a hash ${HASH}`,
      'users.yaml:13:21: users.ivan.password: found text that is not a hash, expected a bcrypt, argon2id or scrypt hash, or { file: PATH } or { env: NAME }',
      'users.yaml:14:1: found the key "accounts", expected users',
    ]);
  });

  it.each([
    ['users: { a: { password: hunter2 } }'],
    ['users: { a: { hunter2 } }'],
    ['users: { a: { password: { hunter2 } } }'],
    ['users: { a: { password: { hunter2: x, hunter2: y } } }'],
    ['users: { a: { password: { value: hunter2 } } }'],
    ['users: { a: { password: { file: [hunter2] } } }'],
    ['users: { a: { password: @hunter2 } }'],
    ['users: { a: { password: *hunter2 } }'],
    ['users: { a: { password: !hunter2 x } }'],
    ['users: { a: { password: "hunter2 } }'],
    ['users: { a: { password: "x" hunter2 } }'],
    ['users: { a: { password: "\\hunter2" } }'],
    ['hunter2'],
  ])('never repeats a password that stands in the wrong place: %s', (text) => {
    const problems = problemsOf(text);

    expect(problems).not.toEqual([]);
    expect(problems.join('\n')).not.toContain('hunter2');
  });

  it.each([
    ['', 'users.yaml:1:1: found nothing, expected a mapping with the key users'],
    ['[]', 'users.yaml:1:1: found a list, expected a mapping with the key users'],
    ['{}', 'users.yaml:1:1: found no key users, expected users: with a mapping of names'],
    ['users: []', 'users.yaml:1:8: users: found a list, expected a mapping of user names'],
    ['users: {}\n---\nusers: {}', 'users.yaml:2:1: found a second document, expected one'],
    ['users: {}\n\tx: 1', 'users.yaml:2:1: '],
    ['users: !!map {', 'users.yaml:1:15: found an indentation or an open bracket'],
    ['users: !secret {}', 'users.yaml:1:8: found a tag, expected a plain value'],
    [
      'users: { a: { password: { file: a, env: b } } }',
      `users.yaml:1:25: users.a.password: found a mapping with other keys, expected a hash ${HASH}`,
    ],
    [
      'users: { a: { password: { env: "" } } }',
      'users.yaml:1:32: users.a.password.env: found empty text, expected the name of a variable',
    ],
    ['users: { a: &x { password: *x } }', 'users.yaml:1:28: users.a.password: found a mapping with other keys'],
    ['users: &u { a: { "<<": *u } }', 'users.yaml:1:18: users.a: found the key "<<", expected password or groups'],
  ])('says where and what is wrong with %j', (text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem);
  });

  it('refuses brackets nested by the thousand at the first level that is too deep', () => {
    expect(problemsOf(`users: ${'['.repeat(50_000)}`)[0]).toBe(
      'users.yaml:1:73: found more than 64 levels of mappings and lists, expected fewer',
    );
  });

  it('bounds aliases and the groups of a user', () => {
    const user = (name: string, groups: string): string => `  ${name}: { password: ${BCRYPT}, groups: ${groups} }\n`;
    const aliases = `users:\n${user('a', '&g [x]')}${Array.from({ length: 1001 }, (_, i) => user(`u${i}`, '*g')).join('')}`;
    const groups = `users:\n${user('a', `[${Array.from({ length: 1001 }, (_, i) => `g${i}`).join(', ')}]`)}`;

    expect(problemsOf(aliases)).toEqual(['users.yaml:1:1: found 1001 aliases, expected 1000 at most']);
    expect(problemsOf(groups)[0]).toContain('users.a.groups: found 1001 groups, expected 1000 at most');
  });
});
