/** The control sockets of the brokers that run with one state folder: each broker has its own. */
import { randomBytes } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { codeOf } from '../core/system-error.ts';
import { askRunningBroker, ControlUnavailable, openControlSocket, stateOf } from './control-socket.ts';
import type { ControlAnswer, ControlRequest } from './control-socket.ts';
import { makeFolder } from './make-folder.ts';

const folderIn = (stateDir: string): string => join(stateDir, 'control');

/** @throws Error with the reason */
export async function openOwnControlSocket(stateDir: string, server: Server): Promise<AsyncDisposable> {
  const folder = folderIn(stateDir);
  await makeFolder(folder, 0o700);
  await removeAbandoned(folder);
  return openControlSocket(join(folder, `${randomBytes(4).toString('hex')}.sock`), server);
}

/** Of brokers that were killed. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const path of await socketsIn(folder)) {
    if ((await stateOf(path)) === 'absent') await unlink(path).catch(() => undefined);
  }
}

interface ControlAnswers {
  readonly answers: readonly ControlAnswer[];
  /** The sockets of brokers that run and do not answer. */
  readonly silent: readonly string[];
}

/**
 * Asks the brokers that run with this state folder, one after the other.
 *
 * @param most how many answers are needed; absent: of all
 * @throws ControlUnavailable that names the folder when none runs, or this user may not ask it; or that a broker is older
 */
export async function askRunningBrokers(
  stateDir: string,
  request: ControlRequest,
  most = Infinity,
): Promise<ControlAnswers> {
  const folder = folderIn(stateDir);
  const answers: ControlAnswer[] = [];
  const silent: string[] = [];
  for (const path of await socketsIn(folder)) {
    if (answers.length >= most) break;
    try {
      answers.push(await askRunningBroker(path, request));
    } catch (error) {
      if (!(error instanceof ControlUnavailable) || error.reason === 'denied' || error.reason === 'older') throw error;
      if (error.reason === 'silent') silent.push(path);
    }
  }
  if (answers.length > 0 || silent.length > 0) return { answers, silent };
  throw new ControlUnavailable('absent', folder, undefined);
}

/** @throws ControlUnavailable when this user may not ask */
export async function hasRunningBroker(stateDir: string): Promise<boolean> {
  for (const path of await socketsIn(folderIn(stateDir))) {
    const state = await stateOf(path);
    if (state === 'denied') throw new ControlUnavailable('denied', path, undefined);
    if (state === 'running') return true;
  }
  return false;
}

async function socketsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    if (codeOf(error) === 'EACCES') throw new ControlUnavailable('denied', folder, error);
    throw error;
  });
  return names.filter((name) => name.endsWith('.sock')).map((name) => join(folder, name));
}
