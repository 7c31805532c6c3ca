/**
 * `serve --try`: creates the missing password files of the configured users, so that no
 * password is the same on two machines, and prints commands to try.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { codeOf } from '../core/system-error.ts';
import type { PasswordFile } from '../backends/traits.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { listedPasswordFiles } from './listed-users.ts';
import { makeFolder } from '../platform/make-folder.ts';

/** @returns the users whose password is the content of a file; each file exists now */
export async function createTrialSecrets(config: BrokerConfig): Promise<readonly PasswordFile[]> {
  const users = await listedPasswordFiles(config);
  for (const { path } of users) await createSecret(path);
  return users;
}

async function createSecret(path: string): Promise<void> {
  await makeFolder(dirname(path), 0o700);
  try {
    await writeFile(path, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Commands to paste into another terminal, in the working directory of the broker. */
export function trialText(
  config: BrokerConfig,
  configPath: string,
  url: string,
  users: readonly PasswordFile[],
): string {
  const service = Object.keys(config.services)[0] ?? '';
  const user = users[0];
  const query = `service=${encodeURIComponent(service)}`;
  const lines = [
    '',
    `Fairlead serves tokens for the registry ${service} at ${config.publicUrl}/token`,
    '',
    'Try in another terminal, in this folder:',
    '',
    '# The command, as the container image has it:',
    'fairlead() { npm run -s fairlead -- "$@"; }',
    '',
    '# A token without an account, for what the policy allows everyone:',
    `curl -s '${url}/token?${query}&scope=repository:public/app:pull'`,
    '',
  ];
  if (user !== undefined) {
    const file = relative(process.cwd(), user.path);
    lines.push(
      `# A token for ${user.username}, whose password is in ${file}:`,
      `curl -s -u "${user.username}:$(cat ${file})" '${url}/token?${query}&scope=repository:web/shop:pull,push'`,
      '',
      '# Which rule allows it:',
      `fairlead explain --config ${configPath} --user ${user.username} --scope repository:web/shop:pull,push`,
      '',
    );
  }
  lines.push(
    '# The block for the configuration of the registry:',
    `fairlead registry-config --config ${configPath} --service ${service} --for distribution-2`,
    '',
  );
  if (user !== undefined) {
    lines.push(
      '# When that registry runs:',
      `docker login ${service} --username ${user.username} --password-stdin < ${relative(process.cwd(), user.path)}`,
      '',
    );
  }
  return `${lines.join('\n')}\n`;
}
