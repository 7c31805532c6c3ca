/** `fairlead init`: asks for a first configuration, tests it while asking, and writes its files. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadBroker } from '../../config/load.ts';
import { shownPath } from '../../config/read-text.ts';
import type { RegistryBlock } from '../../core/registry-config.ts';
import { createPlainCommand, report, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { installFiles, withDrafts } from '../init/install.ts';
import type { NewFile } from '../init/install.ts';
import { createInterview, SetupFailed } from '../init/interview.ts';
import { nextSteps } from '../init/next-steps.ts';
import { POLICY_QUESTIONS } from '../init/policy.ts';
import { addFlags, addSecretFlags } from '../init/question.ts';
import type { Flags } from '../init/question.ts';
import { FOLDER, REGISTRY_QUESTIONS } from '../init/registry.ts';
import { askSetup, BROKER_FILE } from '../init/setup.ts';
import type { Setup } from '../init/setup.ts';
import { SOURCE, SOURCES } from '../init/sources.ts';
import { EXIT } from '../output.ts';
import type { Output, Terminal } from '../output.ts';
import { Interrupted } from '../read-line.ts';
import { checkOnce } from './check.ts';
import { blockFor } from './registry-config.ts';

interface InitOptions extends Pick<SharedOptions, 'format'> {
  readonly dryRun?: true;
}

export function initCommand(run: Run): Command {
  const command = createPlainCommand('init', 'Ask for a first configuration, test it while asking, and write its files')
    .option('--dry-run', 'print the files instead of writing them')
    .option('--force', 'replace files that are there already');
  const questions = [FOLDER, ...REGISTRY_QUESTIONS, SOURCE, ...SOURCES.flatMap((source) => source.questions)];
  addFlags(command, [...new Set([...questions, ...POLICY_QUESTIONS])]);
  addSecretFlags(command, [...new Set(SOURCES.flatMap(({ secrets }) => secrets))]);
  return command
    .addHelpText('after', '\nA flag answers its question. Without a terminal, the flags that are missing are listed.')
    .action(run((options: InitOptions, output, terminal) => init({ ...options }, options, output, terminal)));
}

async function init(
  flags: Flags,
  { dryRun, format }: InitOptions,
  output: Output,
  terminal: Terminal,
): Promise<number> {
  const interview = createInterview(flags, terminal);
  const check = (folder: string, shown: string): Promise<void> =>
    checkFiles(folder, shown, terminal, (lines) => interview.say('', ...lines, ''));
  try {
    const setup = await askSetup(interview, flags);
    if (dryRun === true) {
      await withDrafts(tmpdir(), setup.files, (folder) => check(folder, setup.folder));
      printFiles(setup, output);
      return EXIT.ok;
    }
    const paths = await installFiles(setup.folder, setup.files, {
      overwrite: setup.overwrite,
      check: (folder) => check(folder, setup.folder),
    });
    await printResult(setup, paths, output);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof Interrupted) throw new UsageError('nothing was written: interrupted');
    if (!(error instanceof SetupFailed)) throw error;
    if (format === 'json') output.result([], { problem: error.message });
    output.remark(`fairlead: nothing was written: ${error.message}`);
    return EXIT.no;
  }
}

/**
 * Runs `fairlead check --connect`.
 *
 * @param shown the folder that messages name in place of the temporary one
 * @throws SetupFailed with what it prints when it finds a problem
 */
async function checkFiles(
  folder: string,
  shown: string,
  terminal: Terminal,
  say: (lines: readonly string[]) => void,
): Promise<void> {
  const printed: string[] = [];
  const collect: Output = { result: (lines) => void printed.push(...lines), remark: (line) => void printed.push(line) };
  const options = { config: join(folder, BROKER_FILE), format: 'human', connect: true } as const;
  const code = await checkOnce(options, collect, terminal).catch((error: unknown) => report(error, 'human', collect));
  const lines = printed.map((line) => line.replaceAll(folder, shown).replaceAll(shownPath(folder), shown));
  // Each step has been printed before, while its answer was given.
  if (code === EXIT.ok) return say(lines.filter((line) => !line.startsWith('ok: ')));
  throw new SetupFailed(['fairlead check does not accept these answers:', ...lines].join('\n'));
}

function printFiles({ folder, files }: Setup, output: Output): void {
  const shownText = ({ text, isSecret }: NewFile): string => (isSecret ? '(not shown)\n' : text);
  const lines = files.flatMap((file) => [`# ${join(folder, file.name)}`, shownText(file)]);
  output.result(lines, {
    files: files.map((file) => ({ path: join(folder, file.name), text: shownText(file) })),
  });
}

async function printResult(setup: Setup, paths: readonly string[], output: Output): Promise<void> {
  const { config } = await loadBroker(join(setup.folder, BROKER_FILE));
  const block = await blockFor(setup.registry.kind, setup.registry.service, config);
  const secrets = setup.files.map(({ isSecret }) => isSecret);
  const note = (index: number): string => (secrets[index] === true ? ' (readable by its owner only)' : '');
  const usable: RegistryBlock = typeof block === 'string' ? { text: block, notes: [] } : block;
  output.result([...paths.map((path, index) => `wrote ${path}${note(index)}`), '', ...nextSteps(setup, usable)], {
    files: paths,
    registry: usable,
  });
}
