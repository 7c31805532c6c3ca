/** `fairlead diff`: lists the decisions that differ between two policies. */
import { createReadStream } from 'node:fs';
import { Command, Option } from 'commander';
import { nameForms } from '../../app/policy-sources.ts';
import { listedCallers } from '../../app/listed-users.ts';
import { causeOf, shownPath } from '../../config/read-text.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import { compareByClasses } from '../../core/policy/diff/classes.ts';
import type { CompareOptions } from '../../core/policy/diff/classes.ts';
import { createReplay } from '../../core/policy/diff/replay.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { readDecisions } from '../../platform/audit/recorded-decisions.ts';
import { UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { classJson, classLines } from '../diff/class-text.ts';
import type { NamedPolicy } from '../diff/reason-text.ts';
import { replayJson, replayLines } from '../diff/replay-text.ts';
import type { Replayed } from '../diff/replay-text.ts';
import { areProved, invariantJson, invariantLines, proveAll } from '../invariant-text.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface DiffOptions extends Omit<SharedOptions, 'config'> {
  readonly old: string;
  readonly new: string;
  readonly config?: string;
  readonly decisions?: string;
}

export function diffCommand(run: Run): Command {
  const running = run(diff);
  return new Command('diff')
    .description(
      'List the decisions that differ between two policy files; exit 1 when there are any, or when an invariant of the new file is not proved',
    )
    .argument('<old>', 'the policy file in force')
    .argument('<new>', 'the policy file that replaces it')
    .option('--decisions <file>', 'replay the decisions in a log of the broker; - is standard input')
    .option('--config <file>', 'a broker configuration, for its services and static users')
    .addOption(new Option('--format <format>', 'the format of results').choices(['human', 'json']).default('human'))
    .showHelpAfterError('(add --help for the options)')
    .action((before: string, after: string, options: Omit<DiffOptions, 'old' | 'new'>) =>
      running({ ...options, old: before, new: after }),
    );
}

async function diff(options: DiffOptions, output: Output): Promise<number> {
  const before = (await loadPolicy(options.old)).policy;
  const loaded = await loadPolicy(options.new);
  const after = loaded.policy;
  const files = [named(options.old, before), named(options.new, after)] as const;
  const shown = { old: files[0], new: files[1] };
  if (options.decisions !== undefined) {
    const replayed = await replay(before, after, options.decisions);
    output.result(replayLines(replayed, files), { ...shown, ...replayJson(replayed) });
    return replayed.result.changed.length === 0 ? EXIT.ok : EXIT.no;
  }
  const compared = await compareOptions(options);
  const comparison = compareByClasses(before, after, compared);
  const invariants = proveAll(loaded, compared);
  const broken = invariantLines(invariants.filter((one) => !areProved([one])));
  const lines = classLines(comparison, { files, named: options.config !== undefined });
  output.result([...lines, ...broken], {
    ...shown,
    ...classJson(comparison),
    invariants: invariants.map(invariantJson),
  });
  const { classes, complete, undecided } = comparison;
  const isEqual = classes.length === 0 && complete && undecided.length === 0;
  return isEqual && areProved(invariants) ? EXIT.ok : EXIT.no;
}

async function compareOptions({ config: path }: DiffOptions): Promise<CompareOptions> {
  if (path === undefined) return {};
  const { config } = await loadBroker(path, { secrets: 'unused' });
  return { services: Object.keys(config.services), users: await listedCallers(config), forms: nameForms(config) };
}

function named(path: string, { revision }: Policy): NamedPolicy {
  return { file: shownPath(path), revision };
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
