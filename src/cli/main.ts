#!/usr/bin/env node
/** The command `fairlead`: passes this process to the command line. */
import { hangingReads } from '../core/hanging-reads.ts';
import { watchOutput } from './output-failure.ts';
import { processTerminal } from './output.ts';
import { runCommandLine } from './program.ts';

void main();

async function main(): Promise<void> {
  // The exit code is set instead of calling `process.exit`, which would cut off what a pipe has not read yet.
  const output = watchOutput(process, (code) => (process.exitCode = code));
  process.exitCode = output.exitCode(await runCommandLine(process.argv.slice(2), processTerminal));

  // Node waits for such a read, also in `process.exit`.
  if (hangingReads() > 0) {
    const message = `fairlead: ends by SIGKILL, because ${hangingReads()} reads of files have not ended\n`;
    process.stdout.write('', () => process.stderr.write(message, () => process.kill(process.pid, 'SIGKILL')));
  }
}
