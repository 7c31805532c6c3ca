/** What would keep the broker from starting, in addition to its files: folders that it makes, and where it listens. */
import { access, constants, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { codeOf } from '../core/system-error.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { causeOf, shownPath } from '../config/read-text.ts';
import type { ListenAddress } from '../core/listen-address.ts';
import { listenError } from '../http/listen-error.ts';

interface StartProblem {
  readonly text: string;
  /** False where another user may succeed: `check` may run as another user than the broker. */
  readonly isCertain: boolean;
}

/** Whether a port is taken is not tried: usually by the broker itself, which runs while `check` does. */
export async function startProblems(config: BrokerConfig): Promise<readonly StartProblem[]> {
  const admin = config.admin === undefined ? [] : [listenProblem('admin.listen', config.admin.listen)];
  const found = await Promise.all([
    madeFolderProblem('stateDir', config.stateDir),
    ...(config.trustDir === undefined ? [] : [madeFolderProblem('trustDir', config.trustDir)]),
    ...(config.audit.file === undefined ? [] : [folderProblem('audit.file', dirname(config.audit.file))]),
    listenProblem('listen', config.listen),
    ...admin,
  ]);
  return found.filter((problem) => problem !== undefined);
}

/** The folder exists and can be written, or can be made. */
async function madeFolderProblem(key: string, path: string): Promise<StartProblem | undefined> {
  const problem = await folderProblem(key, path);
  if (problem?.cause !== 'ENOENT' && problem?.cause !== 'ENOTDIR') return problem;
  const parent = dirname(path);
  return parent === path ? problem : madeFolderProblem(key, parent);
}

async function folderProblem(
  key: string,
  path: string,
): Promise<(StartProblem & { readonly cause: string }) | undefined> {
  const shown = shownPath(path);
  try {
    if (!(await stat(path)).isDirectory()) {
      const text = `${key}: ${shown} is not a folder; remove it, or name another folder`;
      return { text, isCertain: true, cause: 'no folder' };
    }
    await access(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const cause = codeOf(error) ?? '';
    const text = `${key}: the folder ${shown} cannot be written (${causeOf(error)}); make it, or name another`;
    return { text, isCertain: cause === 'ENOENT' || cause === 'ENOTDIR' || cause === 'EROFS', cause };
  }
}

async function listenProblem(key: string, address: ListenAddress): Promise<StartProblem | undefined> {
  if ('socket' in address) return folderProblem(key, dirname(address.socket));
  const { promise, resolve } = Promise.withResolvers<StartProblem | undefined>();
  const server = createServer();
  server.once('error', (error) => resolve({ text: listenError(key, address, error).message, isCertain: false }));
  // Any free port: the configured one may be that of the running broker.
  server.listen({ host: address.host, port: 0 }, () => server.close(() => resolve(undefined)));
  return promise;
}
