/** `fairlead man`: prints the manual page. Packages install it as fairlead(1). */
import type { Command } from 'commander';
import { version } from '../../platform/version.ts';
import { createPlainCommand } from '../command.ts';
import type { Run } from '../command.ts';
import { EXIT } from '../output.ts';
import { createProgram } from '../program.ts';
import { describeCommand } from '../reference/describe.ts';
import { manualPage } from '../reference/manual.ts';

export function manCommand(run: Run): Command {
  return createPlainCommand('man', 'Print the manual page; to read it, pass it to `man -l -`').action(
    run(async (_options, output) => {
      const page = manualPage(describeCommand(await createProgram(run)), version());
      output.result([page.trimEnd()], { page });
      return EXIT.ok;
    }),
  );
}
