/** `fairlead policy`: work on the policy file itself. */
import { basename, dirname } from 'node:path';
import { Command } from 'commander';
import { writeNewFiles } from '../../migrate/new-files.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import { modernisePolicy } from '../../migrate/modernise/index.ts';
import type { RuleNote } from '../../migrate/modernise/index.ts';
import { shownPath } from '../../config/read-text.ts';
import { createCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface ModerniseOptions extends SharedOptions {
  readonly file?: string;
  readonly write?: string;
}

export function policyCommand(run: Run): Command {
  const running = run(modernise);
  return new Command('policy')
    .description('Work on the policy file')
    .showHelpAfterError('(add --help for the options)')
    .addCommand(
      createCommand(
        'modernise',
        'Propose an imported policy without rule order, where all decisions are proven to be the same',
      )
        .argument('[file]', 'a policy file; default: that of the configuration')
        .option('--write <file>', 'write the proposal to this new file; default: print it')
        .action((file: string | undefined, options: ModerniseOptions) =>
          running({ ...options, ...(file === undefined ? {} : { file }) }),
        ),
    );
}

async function modernise({ config, file, write, format }: ModerniseOptions, output: Output): Promise<number> {
  const path = file ?? (await loadBroker(config, { secrets: 'unused' })).config.policy.file;
  const found = await modernisePolicy(path);
  if (found.kind === 'union-already') {
    output.result([`${shownPath(path)}: already uses union evaluation`], { outcome: found.kind, rules: [] });
    return EXIT.ok;
  }
  const lines = found.notes.map(noteLine);
  if (found.kind === 'left') {
    const stuck = found.notes.filter(({ outcome }) => outcome === 'stuck').length;
    const why = found.reason ?? `${stuck} ${stuck === 1 ? 'reason' : 'reasons'} why, above`;
    const summary = `${shownPath(path)}: not changed: the decisions cannot be proven to be the same (${why})`;
    output.result([...lines, summary], { outcome: found.kind, rules: found.notes, reason: found.reason });
    return EXIT.no;
  }
  const { notes, text, compared } = found;
  const summary = `proven to be the same for every request; ${compared} sample requests compared, none differs`;
  if (write !== undefined) {
    const [written = write] = await writeNewFiles(dirname(write), [{ name: basename(write), text }]);
    await loadPolicy(written);
    output.result([...lines, summary, `wrote ${written}`], {
      outcome: found.kind,
      rules: notes,
      compared,
      file: written,
    });
    return EXIT.ok;
  }
  // The proposal alone goes to standard output, so that it can be redirected.
  if (format === 'human') for (const line of [...lines, summary]) output.remark(line);
  output.result([text.trimEnd()], { outcome: found.kind, rules: notes, compared, policy: text });
  return EXIT.ok;
}

function noteLine({ file, line, rule, outcome, message }: RuleNote): string {
  return `${file}:${line}: ${outcome}: ${rule}: ${message}`;
}
