/** Dex, an OpenID provider in front of other directories, built from its Go module: Debian's `dex` is another program. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import { runOk, start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { httpAnswers } from './wait.ts';

/** Milliseconds: a cold build on two busy cores. */
export const DEX_BUILD_TIMEOUT = 600_000;

// Dex's module path has no /v2, so that Go knows its releases by their commits only.
const RELEASE = 'v2.41.1';
const MODULES = ['github.com/dexidp/dex v0.0.0-20240807174518-43956db7fd75', 'github.com/dexidp/dex/api/v2 v2.2.0'];

export interface Dex extends AsyncDisposable {
  readonly issuer: string;
  /** The process id, while it runs. */
  pid(): number;
  /** Stops the server, by its process id. */
  stop(): Promise<void>;
  /** Starts it again where it was; it keeps nothing, so that it comes back with other keys. */
  start(): Promise<void>;
}

/** Its database driver is written in C. */
export function canBuildDex(): boolean {
  return [{ program: 'go' }, { program: 'gcc' }].every((part) => findPart(part) !== undefined);
}

/** @returns the program. */
export function buildDex(): Promise<string> {
  return madeOnce(`dex-${RELEASE}`, async (draft) => {
    // A module of its own, because `go install` takes none that replaces another.
    await writeFile(join(draft, 'go.mod'), `module dex.test\n\ngo 1.21\n\nrequire (\n${MODULES.join('\n')}\n)\n`);
    await runOk('nice', ['go', 'build', '-o', join(draft, 'dex'), 'github.com/dexidp/dex/cmd/dex'], {
      cwd: draft,
      env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' },
      timeoutMs: DEX_BUILD_TIMEOUT,
    });
    return join(draft, 'dex');
  });
}

/**
 * @param config Dex's configuration but for `issuer`, `storage` and `web`
 * @param env the variables it reads
 * @param chosenPort the port to listen on; absent: any free one
 */
export async function startDex(
  config: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
  chosenPort?: string,
): Promise<Dex> {
  const program = await buildDex();
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-dex-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const port = chosenPort ?? (await freePort());
  const issuer = `http://127.0.0.1:${port}/dex`;
  const file = join(folder, 'dex.yaml');
  const own = { issuer, storage: { type: 'memory' }, web: { http: `127.0.0.1:${port}` } };
  await writeFile(file, stringify({ ...config, ...own }));

  let server: RunningProcess | undefined;
  const launch = async (): Promise<void> => {
    server = start(program, ['serve', file], { env: { ...process.env, ...env } });
    await server.waitUntil('dex', () => httpAnswers(`${issuer}/healthz`, 200));
  };
  const stop = async (): Promise<void> => {
    await server?.stop();
  };
  resources.defer(stop);
  await launch();
  const running = resources.move();
  return {
    issuer,
    pid: () => server?.pid ?? -1,
    stop,
    start: launch,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
