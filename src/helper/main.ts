#!/usr/bin/env node
/** The program `docker-credential-fairlead`, which docker, podman and others start to get credentials. */
import { codeOf } from '../core/system-error.ts';
import { runHelper } from './run.ts';
import { processHost } from './host.ts';

void main();

async function main(): Promise<void> {
  let isOutputLost = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      // A reader that has closed the pipe wants no more, such as `head`. Anything else, such as a full disk, is a failure.
      if (codeOf(error) === 'EPIPE') return;
      isOutputLost = true;
      process.exitCode = 1;
    });
  }
  // The exit code is set instead of calling `process.exit`, which would cut off what a pipe has not read yet.
  const code = await runHelper(process.argv.slice(2), processHost('docker-credential-fairlead'));
  process.exitCode = isOutputLost ? 1 : code;
}
