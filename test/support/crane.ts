/** crane of go-containerregistry, the library that most registry clients in Go use, built from its Go module. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Login } from './broker.ts';
import { madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import { run, runOk } from './process.ts';
import type { Result } from './process.ts';
import { noteSecret } from './secrets.ts';

const VERSION = 'v0.20.2';
/** Milliseconds: a cold build on two busy cores. */
export const BUILD_TIMEOUT = 400_000;

/** Runs crane as a user with these credentials for one registry. */
export interface Crane extends AsyncDisposable {
  as(host: string, login: Login): Promise<(...args: readonly string[]) => Promise<Result>>;
  /** The same with the logins that it finds in an environment. */
  in(env: NodeJS.ProcessEnv): (...args: readonly string[]) => Promise<Result>;
}

export function canBuildCrane(): boolean {
  return findPart({ program: 'go' }) !== undefined;
}

/** @returns the path of the program */
export function buildCrane(): Promise<string> {
  return madeOnce(`crane-${VERSION}`, async (draft) => {
    await runOk('nice', ['go', 'install', `github.com/google/go-containerregistry/cmd/crane@${VERSION}`], {
      env: { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod' },
      timeoutMs: BUILD_TIMEOUT,
    });
    return join(draft, 'crane');
  });
}

export async function openCrane(): Promise<Crane> {
  const program = await buildCrane();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-crane-'));
  return {
    as: async (host, { user, password }) => {
      if (password !== '') noteSecret(password, user);
      const home = join(folder, `${user}-${Math.random()}`);
      await mkdir(home);
      // crane does not test a password when it stores it, so that there is nothing to log in with.
      const auth = Buffer.from(`${user}:${password}`).toString('base64');
      await writeFile(join(home, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
      return (...args) => run(program, args, { env: { ...process.env, DOCKER_CONFIG: home } });
    },
    in:
      (env) =>
      (...args) =>
        run(program, args, { env }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
