import { describe, expect, it } from 'vitest';
import { parseUsersYaml } from '../../../src/backends/static-file/users-yaml.ts';
import { importHtpasswd } from '../../../src/migrate/htpasswd.ts';
import { findingLine } from '../../../src/migrate/finding.ts';
import { writtenFiles } from '../config/written-files.ts';
import { HASH } from './imported.ts';

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

  it('names every user it cannot carry by line, and repeats no hash', async () => {
    await using files = await writtenFiles({ users: HTPASSWD, groups: 'dev: alice zed\n' });

    const { findings } = await importHtpasswd(files.path('users'), files.path('groups'));

    const lines = findings.map((finding) => findingLine(finding).replace(`${files.folder}/`, ''));
    expect(lines).toEqual([
      'users:3: not carried: bob: found an MD5 (apr1) hash, expected bcrypt: run `htpasswd -B FILE USER`',
      'users:4: not carried: carol: found an unsalted SHA-1 hash, expected bcrypt: run `htpasswd -B FILE USER`',
      'users:6: not carried: alice: found a second time; the first one counts',
      'users:7: not carried: found a line without a colon, expected USER:HASH, as `htpasswd -B` writes it',
      'users:1: note: the group file has members who are not here: zed',
    ]);
  });
});
