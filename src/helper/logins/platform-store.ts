/**
 * Logins in the store of the platform, such as the keychain of macOS. The programs that docker uses for it are asked by
 * their own protocol, so that no code here knows a keychain.
 */
import { spawn } from 'node:child_process';
import { Secret } from '../../core/identity.ts';
import { HelperError } from '../host.ts';
import type { Host } from '../host.ts';
import { IDENTITY_TOKEN, NOT_FOUND, parseObject } from '../protocol.ts';
import { loginFromJson, loginToJson } from './login.ts';
import type { StoredEntry } from './login.ts';
import type { LoginStore } from './store.ts';

/** Names in the store begin with it, so that the logins are separate from those that docker stores there itself. */
const PREFIX = 'fairlead+https://';
const MAX_ANSWER = 64 * 1024;
/** Somebody may have to unlock the store. */
const ANSWER_MS = 60_000;

/** @param path of the program */
export function createPlatformStore(path: string, { env }: Pick<Host, 'env'>): LoginStore {
  const ask = (verb: string, input: string): Promise<Answer> => askProgram(path, verb, input, env);
  return {
    place: path,
    get: async (registry) => {
      const { ok, text } = await ask('get', `${PREFIX}${registry}`);
      if (!ok && text === NOT_FOUND) return undefined;
      if (!ok) throw new HelperError(failure(path, 'get', text));
      const { Secret: secret } = parseObject(text, `the credentials of ${path}`);
      // What docker-credential-pass answers after an erasure.
      if (typeof secret !== 'string' || secret === '') return undefined;
      return readEntry(secret);
    },
    put: async (registry, login) => {
      const server = `${PREFIX}${registry}`;
      const secret = new Secret(JSON.stringify(loginToJson(login)));
      const input = JSON.stringify({ ServerURL: server, Username: login.username, Secret: secret.reveal() });
      const { ok, text } = await ask('store', input);
      if (!ok) throw new HelperError(failure(path, 'store', text));
    },
    remove: async (registry) => {
      const { ok, text } = await ask('erase', `${PREFIX}${registry}`);
      if (!ok && text !== NOT_FOUND) throw new HelperError(failure(path, 'erase', text));
    },
    list: async () => {
      const { ok, text } = await ask('list', 'unused');
      if (!ok) throw new HelperError(failure(path, 'list', text));
      const entries = Object.entries(parseObject(text === '' ? '{}' : text, `the credentials of ${path}`));
      return new Map(
        entries
          .filter(([server]) => server.startsWith(PREFIX))
          .map(([server, user]) => [
            server.slice(PREFIX.length),
            // Some stores have no user names in their lists.
            typeof user === 'string' && user !== '' ? user : IDENTITY_TOKEN,
          ]),
      );
    },
  };
}

function readEntry(text: string): StoredEntry {
  try {
    return loginFromJson(JSON.parse(text));
  } catch {
    return 'unreadable';
  }
}

function failure(path: string, verb: string, text: string): string {
  return `${path} ${verb} failed: ${text === '' ? 'without a message' : text}`;
}

interface Answer {
  readonly ok: boolean;
  /** Its standard output. */
  readonly text: string;
}

/** Its standard error is that of this process: programs ask for passwords there. */
function askProgram(path: string, verb: string, input: string, env: Host['env']): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const child = spawn(path, [verb], {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: ANSWER_MS,
    killSignal: 'SIGKILL',
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    if (text.length > MAX_ANSWER) child.kill('SIGKILL');
  });
  child.on('error', (error) =>
    reject(new HelperError(`cannot start ${path}, which stores the logins: ${error.message}`, { cause: error })),
  );
  child.on('close', (code) => resolve({ ok: code === 0, text: text.trim() }));
  // A program that ends without reading its input breaks the pipe; its exit code shows that already.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return promise;
}
