/** `fairlead credential`: the commands of `docker-credential-fairlead`, for machines with this program only. */
import { Argument, Command, Option } from 'commander';
import { HELPER_COMMANDS } from '../../helper/commands.ts';
import type { HelperCall, HelperCommand } from '../../helper/commands.ts';
import { processHost } from '../../helper/host.ts';
import type { Host } from '../../helper/host.ts';
import { runCommand } from '../../helper/run.ts';
import type { Run } from '../command.ts';
import type { Terminal } from '../output.ts';

export function credentialCommand(run: Run): Command {
  const command = new Command('credential')
    .description('The credential helper of docker and podman: sign in at a registry without a stored password')
    .showHelpAfterError('(add --help for the options)');
  for (const helperCommand of HELPER_COMMANDS) command.addCommand(subcommand(helperCommand, run));
  return command;
}

function subcommand(helperCommand: HelperCommand, run: Run): Command {
  const { name, description, argument, options = [] } = helperCommand;
  const command = new Command(name).description(description).showHelpAfterError('(add --help for the options)');
  if (argument !== undefined) {
    command.addArgument(new Argument(argument === 'REGISTRY' ? '<registry>' : '[registry...]', 'HOST or HOST:PORT'));
  }
  for (const { name: flag, value, description: text } of options)
    command.addOption(new Option(`--${flag}${value === undefined ? '' : ` <${value.toLowerCase()}>`}`, text));
  return command.action(async () => {
    const call = callOf(
      command,
      options.map((option) => option.name),
    );
    await run((_options, _output, terminal) => runCommand(helperCommand, call, hostFor(terminal)))({ format: 'human' });
  });
}

function callOf(command: Command, names: readonly string[]): HelperCall {
  // Commander gives options by names in camel case, and a negated one as the opposite of its rest.
  const given = names.filter((name) => command.getOptionValueSource(attribute(name)) === 'cli');
  const values = given.flatMap((name) => {
    const value: unknown = command.getOptionValue(attribute(name));
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return { arguments: command.args, flags: new Set(given), values: new Map(values) };
}

function attribute(name: string): string {
  return name.replace(/^no-/, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function hostFor(terminal: Terminal): Host {
  return { ...processHost('fairlead credential'), ...terminal };
}
