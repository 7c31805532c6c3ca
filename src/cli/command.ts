/** What all commands share: options, exit codes, and error messages. */
import { Command, Option } from 'commander';
import { parseAddress } from '../core/address.ts';
import { describeError } from '../core/errors.ts';
import { ConfigError } from '../config/problems.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { createOutput, EXIT } from './output.ts';
import type { Format, Output, Terminal } from './output.ts';

export interface SharedOptions {
  /** Path of the broker's configuration file. */
  readonly config: string;
  readonly format: Format;
}

/** An error whose message is printed as it is: no stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Names the configuration where --config is not given, such as in a container. */
const CONFIG_VARIABLE = 'FAIRLEAD_CONFIG';
const DEFAULT_CONFIG = 'config/broker.yaml';

/** A command that does not use the configuration. */
export function createPlainCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--format <format>', 'the format of results').choices(['human', 'json']).default('human'))
    .showHelpAfterError('(add --help for the options)');
}

export function createCommand(name: string, description: string): Command {
  return createPlainCommand(name, description).addOption(
    new Option('--config <file>', 'the broker configuration').env(CONFIG_VARIABLE).default(DEFAULT_CONFIG),
  );
}

/** What a command does. @returns its exit code */
type Work<Options> = (options: Options, output: Output, terminal: Terminal) => Promise<number>;

/** Makes the action of a command from its work. Exceptions are printed to standard error and exit with 2. */
export type Run = <Options extends Pick<SharedOptions, 'format'>>(
  work: Work<Options>,
) => (options: Options) => Promise<void>;

export function createRun(terminal: Terminal, setExitCode: (code: number) => void): Run {
  return (work) => async (options) => {
    const output = createOutput(options.format, terminal);
    try {
      setExitCode(await work(options, output, terminal));
    } catch (error) {
      setExitCode(EXIT.usage);
      report(error, options.format, output);
      if (isWithoutConfig(error, options)) {
        output.remark(
          `fairlead: name the configuration with --config FILE or the variable ${CONFIG_VARIABLE}, or make one with fairlead init`,
        );
      }
    }
  };
}

/** Whether the default configuration is not there: somebody runs the command elsewhere, and needs to know the option. */
function isWithoutConfig(error: unknown, options: object): boolean {
  return (
    'config' in options &&
    options.config === DEFAULT_CONFIG &&
    error instanceof ConfigError &&
    error.problems.some(({ file, line }) => file === DEFAULT_CONFIG && line === 0)
  );
}

/** Prints an exception, in either format. */
export function report(error: unknown, format: Format, output: Output): void {
  if (!(error instanceof ConfigError)) {
    output.remark(`fairlead: ${sentence(error)}`);
    return;
  }
  if (format === 'json') output.result([], { problems: error.problems });
  output.remark(error.message);
}

/** One line; a message of several lines keeps them. */
function sentence(error: unknown): string {
  return error instanceof Error && error.message.includes('\n') ? error.message : describeError(error);
}

/**
 * The service that a command is about.
 *
 * @param service as given; undefined: the first that is configured
 * @throws UsageError when there is no such service
 */
export function serviceFor(service: string | undefined, { services }: BrokerConfig): string {
  const configured = Object.keys(services);
  if (service === undefined) return configured[0] ?? '';
  if (configured.includes(service)) return service;
  throw new UsageError(`the service "${service}" is not configured; expected one of ${configured.join(', ')}`);
}

/** @throws UsageError when the text is not an address */
export function clientAddress(text: string): string {
  if (parseAddress(text) !== undefined) return text;
  throw new UsageError(`--client ${text}: expected an address, such as 10.1.2.3 or 2001:db8::1`);
}

/** Whether an option was given on the command line or by its environment variable. */
export function isOptionGiven(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) !== 'default';
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
