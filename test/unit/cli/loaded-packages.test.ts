/** Commands load only the libraries that they use: each costs time at every start. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../support/process.ts';
import { workspace } from './workspace.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const HOOK = resolve(ROOT, 'test/support/record-packages.ts');

/** Libraries of the server, and of single backends. */
const HEAVY = [
  '@peculiar/x509',
  'bcrypt',
  'express',
  'ioredis',
  'jose',
  'ldapts',
  'openid-client',
  'passport',
  'pg',
  'prom-client',
  'undici',
  'winston',
];

/** Parts of Node.js for connections, which take as long to load as a library. */
const CONNECTIONS = ['node:http', 'node:https', 'node:tls'];

/** The names of packages, and of parts of Node.js such as `node:tls`. */
async function loaded(args: readonly string[]): Promise<readonly string[]> {
  const { code, stderr } = await run(process.execPath, ['--import', HOOK, resolve(ROOT, 'src/cli/main.ts'), ...args]);
  const [, names] = /^@loaded (.*)$/m.exec(stderr) ?? [];
  if (code !== 0 || names === undefined) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
  return names.split(' ').filter((name) => name !== '');
}

const heavy = (names: readonly string[]): readonly string[] => names.filter((name) => HEAVY.includes(name)).toSorted();

describe('the libraries that a command loads', () => {
  it('are only the parser of the command line for --version', async () => {
    const names = await loaded(['--version']);

    expect(names.filter((name) => !name.startsWith('node:'))).toEqual(['commander']);
    expect(names.filter((name) => CONNECTIONS.includes(name))).toEqual([]);
  });

  it('are none of the server and of backends for --help', async () => {
    expect(heavy(await loaded(['--help']))).toEqual([]);
  });

  it('are none of the server and of other backends for `check`', async () => {
    await using files = await workspace();

    const names = await loaded(['check', '--config', files.config]);

    expect(names).toContain('zod');
    expect(names).toContain('node:fs/promises');
    expect(heavy(names)).toEqual([]);
    expect(names.filter((name) => CONNECTIONS.includes(name))).toEqual([]);
  });

  it('are those that a command uses: the test finds them', async () => {
    expect(heavy(await loaded(['keygen', '--help']))).toEqual([]);
    await using files = await workspace();

    expect(heavy(await loaded(['keygen', '--dir', files.folder]))).toEqual(['@peculiar/x509']);
  });
});
