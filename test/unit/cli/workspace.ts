/** A folder with the files of a broker, in which tests run command lines in this process. */
import { Readable } from 'node:stream';
import { createRun } from '../../../src/cli/command.ts';
import { createProgram, descendants, runCommandLine } from '../../../src/cli/program.ts';
import { hashPassword } from '../../../src/backends/password-hash.ts';
import { writtenFiles } from '../config/written-files.ts';
import type { WrittenFiles } from '../config/written-files.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Workspace extends WrittenFiles {
  /** The path of `broker.yaml`. */
  readonly config: string;
  /** Runs one command line; in the output, the path of the folder is left out. */
  fairlead(args: readonly string[], stdin?: string): Promise<CommandResult>;
}

export const SERVICE = 'registry.example.com';
export const ALICE_PASSWORD = 'alice-cli-pass-77';

export const CONFIG = {
  listen: '127.0.0.1:0',
  publicUrl: 'http://localhost:5001',
  stateDir: 'state',
  services: { [SERVICE]: {} },
  backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
  policy: 'policy.yaml',
} as const;

/** The team of alice owns `web/**`, but only `release` may push to `web/release/**`. */
export const POLICY = `roles: { reader: [pull], writer: [pull, push] }
rules:
  - { name: web, groups: [team-web], repositories: ["web/**"], allow: writer }
  - { name: public, everyone: true, repositories: ["public/**"], allow: reader }
  - { name: releases, users: ["*"], except: { users: [release] }, repositories: ["web/release/**"], deny: [push] }
tests:
  - { user: alice, groups: [team-web], scope: "repository:web/a:pull,push", expect: [pull, push] }
`;

/** @param files those that differ from the usual ones, and more */
export async function workspace(files: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const users = { users: { alice: { password: await aliceHash(), groups: ['team-web'] } } };
  const written = await writtenFiles({
    'broker.yaml': JSON.stringify(CONFIG),
    'users.yaml': JSON.stringify(users),
    'policy.yaml': POLICY,
    ...files,
  });
  return {
    ...written,
    config: written.path('broker.yaml'),
    fairlead: async (args, stdin = '') => {
      const { code, stdout, stderr } = await fairlead(args, stdin);
      const withoutFolder = (text: string): string => text.replaceAll(`${written.folder}/`, '');
      return { code, stdout: withoutFolder(stdout), stderr: withoutFolder(stderr) };
    },
  };
}

/** Runs one command line in this process. */
export async function fairlead(args: readonly string[], stdin = ''): Promise<CommandResult> {
  const written = { stdout: '', stderr: '' };
  const code = await runCommandLine(args, {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
  });
  return { code, ...written };
}

export interface CommandFacts {
  /** `tokens list`. */
  readonly name: string;
  readonly description: string;
  /** `--config`, `--format`. */
  readonly options: readonly string[];
  /** The options that it cannot do without, each with a value. */
  readonly required: readonly string[];
  /** Whether it does something itself, instead of having commands below it. */
  readonly isLeaf: boolean;
}

/** The commands of the program, as the program itself lists them. */
export async function commands(): Promise<readonly CommandFacts[]> {
  const none = { stdin: Readable.from([]), stdout: () => undefined, stderr: () => undefined };
  return descendants(await createProgram(createRun(none, () => undefined))).map((command) => {
    const parent = command.parent?.parent === null ? '' : `${command.parent?.name()} `;
    return {
      name: parent + command.name(),
      description: command.description(),
      options: command.options.map(({ long }) => long ?? ''),
      required: command.options.flatMap(({ mandatory, long }) => (mandatory ? [long ?? '', 'value'] : [])),
      isLeaf: command.commands.length === 0,
    };
  });
}

let hash: Promise<string> | undefined;
function aliceHash(): Promise<string> {
  hash ??= hashPassword(ALICE_PASSWORD);
  return hash;
}
