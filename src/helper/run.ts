/** The command line of `docker-credential-fairlead`: arguments in, exit code out. */
import { describeError } from '../core/errors.ts';
import { HELPER_COMMANDS } from './commands.ts';
import type { HelperCall, HelperCommand } from './commands.ts';
import { HelperError, remark } from './host.ts';
import type { Host } from './host.ts';

/** Docker knows 0 and other numbers only; `fairlead` exits with 2 on wrong usage. */
const USAGE = 2;

/** @returns the exit code */
export async function runHelper(args: readonly string[], host: Host): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (name === '--help' || name === '-h' || rest.includes('--help')) {
    host.stdout(helpText(host));
    return args.length === 0 ? USAGE : 0;
  }
  const command = HELPER_COMMANDS.find((each) => each.name === (name === '--version' ? 'version' : name));
  if (command === undefined) {
    remark(host, `${host.program}: unknown command "${name}" (add --help for the commands)`);
    return USAGE;
  }
  let call: HelperCall;
  try {
    call = parseCall(command, rest);
  } catch (error) {
    remark(host, `${host.program}: ${describeError(error)} (add --help for the commands)`);
    return USAGE;
  }
  return runCommand(command, call, host);
}

/** Runs a command; an exception is one line on standard error. @returns the exit code */
export async function runCommand(command: HelperCommand, call: HelperCall, host: Host): Promise<number> {
  try {
    return await command.run(host, call);
  } catch (error) {
    remark(host, `${host.program}: ${describeError(error)}`);
    return 1;
  }
}

/** @throws HelperError for an unknown option, or the wrong number of arguments */
function parseCall({ argument, options = [] }: HelperCommand, args: readonly string[]): HelperCall {
  const found: string[] = [];
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest = [...args];
  for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
    if (!text.startsWith('--')) {
      found.push(text);
      continue;
    }
    const [name = '', inline] = text.slice(2).split(/=(.*)/s);
    const option = options.find((each) => each.name === name);
    if (option === undefined) throw new HelperError(`unknown option --${name}`);
    if (option.value === undefined) {
      if (inline !== undefined) throw new HelperError(`the option --${name} has no value`);
      flags.add(name);
      continue;
    }
    const value = inline ?? rest.shift();
    if (value === undefined) throw new HelperError(`the option --${name} needs a value`);
    if (values.has(name)) throw new HelperError(`the option --${name} is given twice`);
    values.set(name, value);
  }
  requireCount(argument, found.length);
  return { arguments: found, flags, values };
}

function requireCount(argument: HelperCommand['argument'], count: number): void {
  if (argument === 'REGISTRY' && count !== 1) throw new HelperError('name one registry, such as registry.example.com');
  if (argument === undefined && count > 0) throw new HelperError('expected no argument');
}

const COLUMN = 27;

function helpText({ program }: Host): string {
  const lines = HELPER_COMMANDS.flatMap(({ name, argument = '', description, options = [] }) => [
    `  ${`${name} ${argument}`.padEnd(COLUMN)}${description}`,
    ...options.map(
      (option) => `    ${`--${option.name} ${option.value ?? ''}`.padEnd(COLUMN - 2)}${option.description}`,
    ),
  ]);
  return [
    `Usage: ${program} COMMAND`,
    '',
    'A credential helper of docker and podman for registries that use Fairlead.',
    '',
    ...lines,
    '',
  ].join('\n');
}
