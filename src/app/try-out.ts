/**
 * What `serve --try` does for a new user: it makes the missing password files of the configured users, so that no
 * password is the same on two machines, and prints commands to try.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { BrokerConfig } from '../config/broker-schema.ts';

/** A user whose password is in a file. */
export interface TryOutUser {
  readonly name: string;
  readonly passwordFile: string;
}

const usersFile = z.object({ users: z.record(z.string(), z.unknown()) });
const userWithFile = z.object({ password: z.object({ file: z.string() }) });

/** Makes the missing password files. @returns the static users whose passwords are in files. */
export async function makeTryOutSecrets({ backends }: BrokerConfig): Promise<readonly TryOutUser[]> {
  const users: TryOutUser[] = [];
  for (const backend of backends) {
    if (backend.type !== 'static-file' || backend.file === undefined) continue;
    users.push(...(await usersIn(backend.file.path)));
  }
  for (const { passwordFile } of users) await makeSecret(passwordFile);
  return users;
}

/** Ignores a file that is not valid: the backend reports it, with line and column. */
async function usersIn(path: string): Promise<readonly TryOutUser[]> {
  const read = usersFile.safeParse(parse(await readFile(path, 'utf8')));
  if (!read.success) return [];
  return Object.entries(read.data.users).flatMap(([name, fields]) => {
    const user = userWithFile.safeParse(fields);
    return user.success ? [{ name, passwordFile: resolve(dirname(path), user.data.password.file) }] : [];
  });
}

async function makeSecret(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Commands to paste into another terminal, in the folder the broker was started in. */
export function tryOutText(
  config: BrokerConfig,
  configPath: string,
  url: string,
  users: readonly TryOutUser[],
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
    const file = relative(process.cwd(), user.passwordFile);
    lines.push(
      `# A token for ${user.name}, whose password is in ${file}:`,
      `curl -s -u "${user.name}:$(cat ${file})" '${url}/token?${query}&scope=repository:web/shop:pull,push'`,
      '',
      '# Which rule allows it:',
      `fairlead explain --config ${configPath} --user ${user.name} --scope repository:web/shop:pull,push`,
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
      `docker login ${service} --username ${user.name} --password-stdin < ${relative(process.cwd(), user.passwordFile)}`,
      '',
    );
  }
  return `${lines.join('\n')}\n`;
}
