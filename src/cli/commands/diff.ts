/** `fairlead diff`: which decisions change from one policy to another. */
import { createReadStream } from 'node:fs';
import { Command, Option } from 'commander';
import { causeOf, shownPath } from '../../config/read-text.ts';
import { loadPolicy } from '../../config/load.ts';
import { createReplay } from '../../core/policy/diff/replay.ts';
import type { ReplayResult } from '../../core/policy/diff/replay.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { readDecisions } from '../../platform/audit/recorded-decisions.ts';
import type { LogCounts } from '../../platform/audit/recorded-decisions.ts';
import { run, UsageError } from '../command.ts';
import type { SharedOptions } from '../command.ts';
import { replayJson, replayLines } from '../diff-text.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface DiffOptions extends SharedOptions {
  readonly old: string;
  readonly new: string;
  readonly decisions?: string;
}

export function diffCommand(): Command {
  const running = run(diff);
  return new Command('diff')
    .description('Say which decisions change from one policy file to another; exit 1 when any does')
    .argument('<old>', 'the policy file that is in force')
    .argument('<new>', 'the policy file that is to follow')
    .option('--decisions <file>', 'decide again what the broker’s log records; - is standard input')
    .addOption(new Option('--format <format>', 'how results are printed').choices(['human', 'json']).default('human'))
    .showHelpAfterError('(add --help for the options)')
    .action((before: string, after: string, options: Omit<DiffOptions, 'old' | 'new'>) =>
      running({ ...options, old: before, new: after }),
    );
}

async function diff(options: DiffOptions, output: Output): Promise<number> {
  const before = (await loadPolicy(options.old)).policy;
  const after = (await loadPolicy(options.new)).policy;
  const files = [named(options.old, before), named(options.new, after)] as const;
  if (options.decisions === undefined) throw new UsageError('expected --decisions');
  const replayed = await replay(before, after, options.decisions);
  output.result(replayLines(replayed, files), { old: files[0], new: files[1], ...replayJson(replayed) });
  return replayed.result.changed.length === 0 ? EXIT.ok : EXIT.no;
}

export interface NamedPolicy {
  readonly file: string;
  readonly revision: string;
}

function named(path: string, { revision }: Policy): NamedPolicy {
  return { file: shownPath(path), revision };
}

export interface Replayed {
  readonly counts: LogCounts;
  readonly result: ReplayResult;
}

async function replay(before: Policy, after: Policy, path: string): Promise<Replayed> {
  const replaying = createReplay(before, after);
  const stream: AsyncIterable<Uint8Array> = path === '-' ? process.stdin : createReadStream(path);
  try {
    const counts = await readDecisions(stream, { onRequest: replaying.add });
    return { counts, result: replaying.result() };
  } catch (error) {
    throw new UsageError(`${path}: cannot be read (${causeOf(error)}), expected a log of the broker`);
  }
}
