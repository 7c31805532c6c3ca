/** A home folder of its own, in which the credential helper runs in the test process. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Host } from '../../src/helper/host.ts';
import { runHelper } from '../../src/helper/run.ts';

export interface HelperResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HelperRun {
  /** What it has written to standard error so far. */
  stderr(): string;
  readonly ended: Promise<HelperResult>;
}

export interface HelperHome extends AsyncDisposable {
  readonly home: string;
  /** $XDG_STATE_HOME/fairlead */
  readonly state: string;
  /** Changes for the next runs. */
  readonly env: Record<string, string>;
  /** Seconds since 1970. */
  now: number;
  run(args: readonly string[], stdin?: string): Promise<HelperResult>;
  /** The same, for a command that waits for somebody. */
  begin(args: readonly string[]): HelperRun;
  /** Puts a program into the first folder of PATH. */
  addProgram(name: string, text: string): Promise<void>;
  /** The same for `docker-credential-pass`, as of a user who has set up `pass`. */
  addPass(text: string): Promise<void>;
}

/** 2026-11-28T00:00:00Z. */
const NOW = 1_795_824_000;

export async function openHome(): Promise<HelperHome> {
  const home = await mkdtemp(join(tmpdir(), 'fairlead-home-'));
  const bin = join(home, 'bin');
  await mkdir(bin);
  const env: Record<string, string> = {
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_RUNTIME_DIR: join(home, 'run'),
    PATH: `${bin}:/usr/bin:/bin`,
  };
  function begin(args: readonly string[], stdin: string): HelperRun {
    const written = { stdout: '', stderr: '' };
    const host: Host = {
      program: 'docker-credential-fairlead',
      env,
      platform: 'linux',
      stdin: Readable.from([stdin]),
      stdout: (text) => void (written.stdout += text),
      stderr: (text) => void (written.stderr += text),
      now: () => opened.now,
    };
    const ended = runHelper(args, host).then((code) => ({ code, ...written }));
    return { stderr: () => written.stderr, ended };
  }
  async function addProgram(name: string, text: string): Promise<void> {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }
  const opened: HelperHome = {
    home,
    state: join(home, 'state/fairlead'),
    env,
    now: NOW,
    run: (args, stdin = '') => begin(args, stdin).ended,
    begin: (args) => begin(args, ''),
    addProgram,
    addPass: async (text) => {
      await mkdir(join(home, '.password-store'));
      await writeFile(join(home, '.password-store/.gpg-id'), 'alice\n');
      await addProgram('docker-credential-pass', text);
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true }),
  };
  return opened;
}

export const REGISTRY = 'registry.example.com';
export const TOKEN = `flr_${'a'.repeat(43)}`;

/** What docker sends to `store`: it escapes the angle brackets. */
export function identityToken(secret: string = TOKEN, server: string = REGISTRY): string {
  return `{"ServerURL":${JSON.stringify(server)},"Username":"\\u003ctoken\\u003e","Secret":${JSON.stringify(secret)}}`;
}

/**
 * A stand-in for `docker-credential-pass`: the same protocol, with a file for each server in a folder.
 *
 * @param fails how it answers `store`, where it is broken
 */
export function platformProgram(folder: string, fails?: string): string {
  return `#!/usr/bin/python3
import json, os, sys, urllib.parse
folder = ${JSON.stringify(folder)}
os.makedirs(folder, exist_ok=True)
name = lambda server: os.path.join(folder, urllib.parse.quote(server, safe=''))
text = sys.stdin.read().strip()
verb = sys.argv[1]
if verb == 'store':
    failure = ${fails === undefined ? 'None' : JSON.stringify(fails)}
    if failure: print(failure); sys.exit(1)
    entry = json.loads(text)
    with open(name(entry['ServerURL']), 'w') as file: json.dump(entry, file)
elif verb == 'list':
    print(json.dumps({urllib.parse.unquote(each): '' for each in os.listdir(folder)}))
elif not os.path.exists(name(text)):
    print('credentials not found in native keychain'); sys.exit(1)
elif verb == 'get':
    print(open(name(text)).read())
elif verb == 'erase':
    os.remove(name(text))
`;
}
