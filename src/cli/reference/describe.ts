/** What the command line consists of, read from the definitions that parse it. Completion and the manual follow from it. */
import type { Argument, Command, Option } from 'commander';

export interface CommandDescription {
  /** The words before its own arguments: `fairlead`, `tokens`, `list`. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly OptionDescription[];
  readonly parameters: readonly ParameterDescription[];
  readonly children: readonly CommandDescription[];
}

export interface OptionDescription {
  /** `-h`, `--help`. */
  readonly names: readonly string[];
  readonly text: string;
  /** The placeholder of its value, such as `file`; undefined: it has none. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  readonly default: string | undefined;
  /** The environment variable that sets it. */
  readonly variable: string | undefined;
}

export interface ParameterDescription {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isList: boolean;
  readonly choices: readonly string[];
}

const HELP: OptionDescription = {
  names: ['-h', '--help'],
  text: 'display help for command',
  value: undefined,
  choices: [],
  default: undefined,
  variable: undefined,
};

export function describeCommand(command: Command, before: readonly string[] = []): CommandDescription {
  const words = [...before, command.name()];
  return {
    words,
    summary: command.description(),
    options: [...command.options.filter(({ hidden }) => !hidden).map(describeOption), HELP],
    parameters: command.registeredArguments.map(describeParameter),
    children: command.commands.map((child) => describeCommand(child, words)),
  };
}

/** The command and all commands below it. */
export function withDescendants(command: CommandDescription): readonly CommandDescription[] {
  return [command, ...command.children.flatMap(withDescendants)];
}

function describeOption(option: Option): OptionDescription {
  return {
    names: [option.short, option.long].filter((name) => name !== undefined),
    text: option.description,
    // `--config <file>`, `--tag [name]`.
    value: option.required || option.optional ? option.flags.slice(option.flags.search(/[<[]/) + 1, -1) : undefined,
    choices: option.argChoices ?? [],
    default: typeof option.defaultValue === 'string' ? option.defaultValue : undefined,
    variable: option.envVar,
  };
}

function describeParameter(parameter: Argument): ParameterDescription {
  return {
    name: parameter.name(),
    isRequired: parameter.required,
    isList: parameter.variadic,
    choices: parameter.argChoices ?? [],
  };
}
