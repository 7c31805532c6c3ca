/** The command line as a function: arguments and streams in, exit code out. */
import { Command, CommanderError } from 'commander';
import { version } from '../platform/version.ts';
import { createRun } from './command.ts';
import type { Run } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT } from './output.ts';
import type { Terminal } from './output.ts';

/** @returns the exit code, see `EXIT` */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = await createProgram(
    createRun(terminal, (code) => (exitCode = code)),
    neededCommands(args),
  );
  for (const command of [program, ...descendants(program)]) {
    command.exitOverride().configureOutput({ writeOut: terminal.stdout, writeErr: terminal.stderr });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander exits with 1 on wrong usage; here 1 means "the answer is no".
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

const ALL = [...COMMANDS.keys()];

/** The commands that these arguments can be about: all for `--help` and for a misspelt command. */
function neededCommands([first = '--help']: readonly string[]): readonly string[] {
  if (first === '--version' || first === '-V') return [];
  return COMMANDS.has(first) ? [first] : ALL;
}

/** @param names the commands to load */
export async function createProgram(run: Run, names: readonly string[] = ALL): Promise<Command> {
  const program = new Command('fairlead')
    .description('Token service for container registries: LDAP, OpenID Connect and static accounts, one policy file')
    .version(version())
    .showHelpAfterError('(add --help for the commands)')
    // With 80 columns, less is left for the descriptions of commands than what the library wraps by default.
    .configureHelp({ minWidthToWrap: 20 })
    .addHelpText('after', '\nExit codes: 0 success, 1 the answer is no, 2 usage or configuration error.');
  for (const [name, load] of COMMANDS) {
    if (!names.includes(name)) continue;
    const create = await load();
    program.addCommand(create(run));
  }
  return program;
}

/** All commands below a command, such as `tokens` and `tokens list`. */
export function descendants(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}
