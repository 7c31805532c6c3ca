/** `fairlead conformance`: tests any registry token server, as the separate package does. */
import type { Command } from 'commander';
import { createConformanceCommand, runConformance } from '../../conformance/command.ts';
import type { ConformanceOptions } from '../../conformance/command.ts';
import type { Run } from '../command.ts';

export function conformanceCommand(run: Run): Command {
  return createConformanceCommand('conformance').action((url: string | undefined, options: ConformanceOptions) =>
    // Its formats are its own, so that messages are always for people.
    run((_shared, _output, { stdout }) => runConformance(url, options, stdout))({ format: 'human' }),
  );
}
