import { describe, expect, it } from 'vitest';
import { parseUsersYaml } from '../../../src/backends/static-file/users-yaml.ts';
import { importHtpasswd } from '../../../src/migrate/htpasswd.ts';
import { findingLine } from '../../../src/migrate/finding.ts';
import { problemsOf, writtenFiles } from '../config/written-files.ts';
import { HASH } from './imported.ts';

const OTHER = `${HASH.slice(0, -1)}c`;
const HTPASSWD = `# people
alice:${HASH}
bob:$apr1$abcdefgh$0123456789abcdefghijkl
carol:{SHA}not-to-be-printed

alice:${HASH}
not-to-be-printed
true:${HASH}:and a remark
`;

describe('importHtpasswd', () => {
  it('makes a users.yaml of the users whose hashes are safe, with their groups', async () => {
    await using files = await writtenFiles({ users: HTPASSWD, groups: 'dev: alice zed\nops: alice\n' });

    const made = await importHtpasswd(files.path('users'), files.path('groups'));

    const [file] = made.files;
    expect(file).toMatchObject({ name: 'users.yaml', secret: true });
    const read = parseUsersYaml(file?.text ?? '', '/users.yaml');
    expect(read.problems()).toEqual([]);
    expect([...read.users].map(([name, { groups }]) => [name, [...groups]])).toEqual([
      ['alice', ['dev', 'ops']],
      ['true', []],
    ]);
  });

  it('reports each user that it cannot convert with the line, and quotes no hash', async () => {
    await using files = await writtenFiles({ users: HTPASSWD, groups: 'dev: alice zed\n' });

    const { findings } = await importHtpasswd(files.path('users'), files.path('groups'));

    const lines = findings.map((finding) => findingLine(finding).replace(`${files.folder}/`, ''));
    expect(lines).toEqual([
      'users:3: not converted: bob: found an MD5 (apr1) hash, expected bcrypt: run `htpasswd -B FILE USER`',
      'users:4: not converted: carol: found an unsalted SHA-1 hash, expected bcrypt: run `htpasswd -B FILE USER`',

      'users:6: trap: alice: is in line 2 as well; the last line counts, as in a registry (Apache uses the first)',
      'users:7: not converted: found a line without a colon, expected USER:HASH, as `htpasswd -B` writes it',
      'users:1: note: the group file has members that are not imported: zed',
    ]);
  });

  it.each([
    ['its last hash', `dup:${HASH}\ndup:${OTHER}\n`, OTHER],
    ['its last hash, after others', `dup:${OTHER}\nalice:${HASH}\ndup:${HASH}\n`, HASH],
    ['no hash when its last one cannot be imported', `dup:${HASH}\ndup:{SHA}0123456789012345678901234567\n`, undefined],
  ])('gives a user of several lines %s, as a registry does', async (_what, users, expected) => {
    await using files = await writtenFiles({ users });

    const { files: made } = await importHtpasswd(files.path('users'), undefined);

    const text = made[0]?.text ?? '';
    expect(text.match(/dup:/g)?.length ?? 0).toBe(expected === undefined ? 0 : 1);
    if (expected !== undefined) expect(text).toContain(`password: ${expected}`);
  });

  it.each([
    ['YAML', 'users:\n  alice: { password: secret-password }\n'],
    ['JSON', '{ "http": { "address": "0.0.0.0" } }'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
    ['plain passwords', 'alice:secret-password\n'],
    ['nothing', '# nobody\n'],
  ])('refuses a file of %s, and quotes nothing of it', async (_what, users) => {
    await using files = await writtenFiles({ users });

    const problems = await problemsOf(files, () => importHtpasswd(files.path('users'), undefined));

    expect(problems).toEqual(['users:1:1: found no line USER:HASH, expected an htpasswd file']);
  });
});
