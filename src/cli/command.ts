/** What every command shares: its options, its exit codes, and the turning of errors into sentences. */
import { Command, Option } from 'commander';
import { describeError } from '../core/errors.ts';
import { ConfigError } from '../config/problems.ts';
import type { Log } from '../core/ports.ts';
import { createOutput, EXIT } from './output.ts';
import type { Format, Output } from './output.ts';

export interface SharedOptions {
  /** Path of the broker's configuration file. */
  readonly config: string;
  readonly format: Format;
}

/** An error whose message is for the reader of the terminal: no stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const DEFAULT_CONFIG = 'config/broker.yaml';

export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(new Option('--config <file>', 'the broker configuration').default(DEFAULT_CONFIG))
    .addOption(new Option('--format <format>', 'how results are printed').choices(['human', 'json']).default('human'))
    .showHelpAfterError('(add --help for the options)');
}

/**
 * Wraps a command's work: its number is the exit code, and what it throws is printed to standard error.
 *
 * `process.exitCode` is set instead of calling `process.exit`, which would cut off what a pipe has not read yet.
 */
export function run<Options extends Pick<SharedOptions, 'format'>>(
  work: (options: Options, output: Output) => Promise<number>,
): (options: Options) => Promise<void> {
  return async (options) => {
    const output = createOutput(options.format);
    try {
      process.exitCode = await work(options, output);
    } catch (error) {
      process.exitCode = EXIT.usage;
      report(error, options.format, output);
    }
  };
}

/** Prints what was thrown, in either format. */
export function report(error: unknown, format: Format, output: Output): void {
  if (!(error instanceof ConfigError)) {
    output.remark(`fairlead: ${sentence(error)}`);
    return;
  }
  if (format === 'json') output.result([], { problems: error.problems });
  output.remark(error.message);
}

/** The message as it is, lines and all; its causes in one line below it. */
function sentence(error: unknown): string {
  if (!(error instanceof Error)) return describeError(error);
  return error.cause === undefined ? error.message : `${error.message}\n  because of ${describeError(error.cause)}`;
}

/** Collects an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** What backends say while a command runs, for the terminal: only what is wrong. */
export const terminalLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => remark('warning', message, fields),
  error: (message, fields) => remark('error', message, fields),
};

function remark(level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const details = Object.entries(fields).map(([key, value]) => ` ${key}=${String(value)}`);
  process.stderr.write(`${level}: ${message}${details.join('')}\n`);
}
