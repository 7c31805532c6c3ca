import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FilePath } from '../../../../src/backends/fields.ts';
import { hashPassword, verifyPassword } from '../../../../src/backends/password-hash.ts';
import { loadUsers } from '../../../../src/backends/static-file/users.ts';
import type { Users } from '../../../../src/backends/static-file/users.ts';
import { Secret } from '../../../../src/core/identity.ts';
import { createBackground } from '../../../../src/platform/background.ts';
import { realClock, recordingLog } from '../../../support/fakes.ts';

const PASSWORD = 'correct-horse-alice';
const BCRYPT = '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';

type Kind = 'file' | 'htpasswd' | 'htgroup';

/** The users of files, or what is wrong with them, and what the log says: read on this thread, and on another. */
async function bothWays(files: Readonly<Partial<Record<Kind | 'secret', string>>>) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-users-'));
  await using background = createBackground({ small: 0 });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  const named = (kind: Kind) => (files[kind] === undefined ? {} : { [kind]: new FilePath(join(folder.path, kind)) });
  const config = {
    type: 'static-file',
    name: 'local',
    ...named('file'),
    ...named('htpasswd'),
    ...named('htgroup'),
  } as const;
  const read = async (deps: object) => {
    const log = recordingLog();
    const secret = ({ source }: { readonly source: object }) => ({
      read: async () => new Secret(await readFile('file' in source ? String(source.file) : '', 'utf8')),
    });
    const users = await loadUsers(config, { clock: realClock, log, secret, ...deps }).catch((error: Error) => error);
    return { users, log: log.lines };
  };
  return { here: await read({}), there: await read({ background: background.run }) };
}

function plain(users: Users | Error): unknown {
  if (users instanceof Error) return users.message;
  return [...users.byName].map(([name, { identity, password }]) => [name, identity, Object.keys(password)]);
}

describe('users that were read on another thread', () => {
  it.each([
    [
      'users.yaml',
      {
        file: `users: { alice: { password: "${BCRYPT}", groups: [b, "CN=A,DC=x"] }, bot: { password: { file: secret } } }`,
        secret: 'x',
      },
    ],
    ['htpasswd', { htpasswd: `alice:${BCRYPT}\nbob:${BCRYPT}\n`, htgroup: 'web: alice unknown\nops: alice bob\n' }],
    ['a misspelt key', { file: `users:\n  alice: { pasword: x }\n  bob: { password: y }\n` }],
    ['a secret that is missing', { file: `users:\n  bot: { password: { file: nowhere } }\n  bob: { password: y }\n` }],
    ['htpasswd and htgroup with mistakes', { htpasswd: 'alice\n', htgroup: 'web\n' }],
  ])('are those, or have those mistakes, of this thread: %s', async (_what, files) => {
    const { here, there } = await bothWays(files);

    expect(plain(there.users)).toEqual(plain(here.users));
    expect(there.log).toEqual(here.log);
  });

  it('are known by their passwords, and nobody else', async () => {
    const { there } = await bothWays({ file: `users: { alice: { password: "${await hashPassword(PASSWORD)}" } }` });

    const password = (there.users as Users).byName.get('alice')?.password;
    const hash = password !== undefined && 'hash' in password ? password.hash : undefined;
    if (hash === undefined) throw new Error('alice has no hash');

    expect(await verifyPassword(PASSWORD, hash)).toBe(true);
    expect(await verifyPassword('another-password', hash)).toBe(false);
  });

  it('reports mistakes of the file and of its secrets in the order of the file', async () => {
    const { there } = await bothWays({
      file: `users:\n  bot: { password: { file: nowhere } }\n  bob: { password: y }\n`,
    });

    expect(String(plain(there.users)).split('\n')).toEqual([
      expect.stringMatching(/file:2:\d+: users\.bot\.password: found no secret/),
      expect.stringMatching(/file:3:\d+: users\.bob\.password: found text that is not a hash/),
    ]);
  });
});
