import { chmod, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FilePath } from '../../../../src/backends/fields.ts';
import { loadUsers } from '../../../../src/backends/static-file/users.ts';
import { createSecrets } from '../../../../src/config/secrets.ts';
import { realClock, recordingLog } from '../../../support/fakes.ts';

it('a secret of a user that other users of the machine can read is reported when users are loaded', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-users-'));
  const [users, secret] = [join(folder.path, 'users.yaml'), join(folder.path, 'bot.secret')];
  await writeFile(users, `users: { bot: { password: { file: ${secret} } } }`);
  await writeFile(secret, 'of the bot', { mode: 0o600 });
  const load = async () => {
    const log = recordingLog();
    const config = { type: 'static-file', name: 'local', file: new FilePath(users) } as const;
    await loadUsers(config, { clock: realClock, log, secret: createSecrets({}) });
    return log.lines;
  };
  expect(await load()).toEqual([]);

  await chmod(secret, 0o644);

  expect(await load()).toEqual([
    {
      level: 'warn',
      message: `${secret} holds a secret and can be read by other users; run chmod 600 on it`,
      fields: { backend: 'local', user: 'bot' },
    },
  ]);
});
