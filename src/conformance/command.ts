/** The command: options, the run, the reports, and the exit code. */
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LEVELS } from './check.ts';
import type { Check, Level } from './check.ts';
import { SAMPLE } from './description/sample.ts';
import { DescriptionError } from './description/yaml-file.ts';
import { NoAnswer } from './exchange/send.ts';
import { FORMAT_BY_ENDING, FORMATS, writeReport } from './report/index.ts';
import type { ReportFormat } from './report/index.ts';
import { failsAt } from './result.ts';
import { selectChecks, UnknownCheck } from './select.ts';

export interface ConformanceOptions {
  readonly server: string;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly format: ReportFormat;
  readonly report: readonly string[];
  readonly failOn: Level;
  readonly all: boolean;
  readonly list: boolean;
  readonly sample: boolean;
  readonly rate: number;
  readonly parallel: number;
  readonly timeout: number;
}

/** Exit codes: all is well, a check failed, wrong usage. */
export const CODES = { ok: 0, failed: 1, usage: 2 } as const;

/** A mistake of the person who started the command; the message says what to do. */
export class ConformanceUsageError extends Error {
  override readonly name = 'ConformanceUsageError';
}

const collect = (value: string, earlier: readonly string[]): readonly string[] => [...earlier, ...value.split(',')];

/** A command without an action. */
export function createConformanceCommand(name: string): Command {
  return new Command(name)
    .description('Test any registry token server as clients and registries use it; exit 1 when a check fails')
    .argument('[url]', 'the token endpoint, such as https://auth.example.com/token')
    .option('--server <file>', 'the file that describes the server under test', 'server.yaml')
    .option('--sample', 'print such a file to fill in', false)
    .option('--list', 'list the checks with their sources', false)
    .option('--only <ids>', 'run these checks only, such as keys.* (several times, or with commas)', collect, [])
    .option('--skip <ids>', 'do not run these checks', collect, [])
    .addOption(new Option('--format <format>', 'the format of the result').choices([...FORMATS]).default('human'))
    .option('--report <file>', 'write a report as well: .html, .json, .xml (JUnit), .tap, .txt', collect, [])
    .option('--all', 'list the checks that passed, too', false)
    .addOption(
      new Option('--fail-on <level>', 'exit 1 when a check of this level or above fails')
        .choices([...LEVELS])
        .default('must'),
    )
    .option('--rate <number>', 'requests in a second', positive, 20)
    .option('--parallel <number>', 'requests at the same time', positive, 2)
    .option('--timeout <seconds>', 'time for the whole run', positive, 300)
    .showHelpAfterError('(add --help for the options)');
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('expected a number above 0');
}

/**
 * Runs the command.
 *
 * @returns its exit code
 * @throws ConformanceUsageError
 */
export async function runConformance(
  url: string | undefined,
  options: ConformanceOptions,
  print: (text: string) => void,
): Promise<number> {
  try {
    return await runOrList(url, options, print);
  } catch (error) {
    throw usageError(error, url, options) ?? error;
  }
}

/** @returns undefined when the error is not a mistake of the person who started the command */
function usageError(error: unknown, url: string | undefined, { server }: ConformanceOptions): Error | undefined {
  if (error instanceof NoAnswer) {
    return new ConformanceUsageError(`${url}: ${error.message}; is it the URL of the token endpoint?`);
  }
  if (error instanceof UnknownCheck) return new ConformanceUsageError(error.message);
  if (!(error instanceof DescriptionError)) return undefined;
  const hint = error.message.startsWith(`${server}: cannot be read`) ? '; --sample prints one to fill in' : '';
  return new ConformanceUsageError(`${error.message}${hint}`);
}

async function runOrList(
  url: string | undefined,
  options: ConformanceOptions,
  print: (text: string) => void,
): Promise<number> {
  if (options.sample) {
    print(SAMPLE);
    return CODES.ok;
  }
  // Loaded late: the help must not read all vectors.
  const { CHECKS } = await import('./checks/index.ts');
  const chosen = selectChecks(CHECKS, options);
  if (options.list) {
    print(options.format === 'json' ? listJson(chosen) : listText(chosen));
    return CODES.ok;
  }
  const endpoint = endpointOf(url);
  const files = options.report.map((file) => ({ file, format: formatOf(file) }));
  const { loadDescription } = await import('./description/load.ts');
  const { runChecks } = await import('./run.ts');
  const description = await loadDescription(options.server, process.env);
  const { rate, parallel, timeout } = options;
  const report = await runChecks(endpoint, description, CHECKS, chosen, {
    rate,
    parallel,
    timeout: timeout * 1000,
  });
  for (const { file, format } of files) await writeFile(file, writeReport(report, format, true));
  print(writeReport(report, options.format, options.all));
  return failsAt(report, options.failOn) ? CODES.failed : CODES.ok;
}

function endpointOf(text: string | undefined): URL {
  if (text === undefined)
    throw new ConformanceUsageError('name the token endpoint, such as https://auth.example.com/token');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.hash !== '') {
    throw new ConformanceUsageError(
      `"${text}" is not a token endpoint; expected https://HOST/PATH without user and fragment`,
    );
  }
  return url;
}

function formatOf(file: string): ReportFormat {
  const format = FORMAT_BY_ENDING[extname(file)];
  if (format !== undefined) return format;
  throw new ConformanceUsageError(
    `--report ${file}: expected a name that ends in ${Object.keys(FORMAT_BY_ENDING).join(', ')}`,
  );
}

function listText(checks: readonly Check[]): string {
  return checks
    .map(
      ({ id, level, title, source, breaks }) =>
        `${id} (${level})\n  ${title}\n  breaks: ${breaks}\n  source: ${source}\n`,
    )
    .join('');
}

function listJson(checks: readonly Check[]): string {
  const rows = checks.map(({ id, level, title, source, breaks }) => ({ id, level, title, source, breaks }));
  return `${JSON.stringify({ checks: rows }, undefined, 2)}\n`;
}
