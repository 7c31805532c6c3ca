#!/usr/bin/env node
/** The command of the separate package, which has nothing of the broker. */
import { CommanderError } from 'commander';
import { CODES, ConformanceUsageError, createConformanceCommand, runConformance } from './command.ts';
import type { ConformanceOptions } from './command.ts';

const OLDEST_NODE = 22;

void main();

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.', 1)[0]) < OLDEST_NODE) {
    process.stderr.write(`needs Node ${OLDEST_NODE} or newer, and this is ${process.version}\n`);
    process.exitCode = CODES.usage;
    return;
  }
  const command = createConformanceCommand('registry-token-conformance')
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 success, 1 a check failed, 2 usage or a server file that cannot be used.')
    .action(async (url: string | undefined, options: ConformanceOptions) => {
      process.exitCode = await runConformance(url, options, (text) => void process.stdout.write(text));
    });
  try {
    await command.parseAsync();
  } catch (error) {
    process.exitCode = CODES.usage;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) process.exitCode = CODES.ok;
    } else if (error instanceof ConformanceUsageError) process.stderr.write(`${error.message}\n`);
    else throw error;
  }
}
