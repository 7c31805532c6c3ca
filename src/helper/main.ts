#!/usr/bin/env node
/** The program `docker-credential-fairlead`, which docker, podman and others start to get credentials. */
import { runHelper } from './run.ts';
import { processHost } from './host.ts';

void main();

async function main(): Promise<void> {
  // The exit code is set instead of calling `process.exit`, which would cut off what a pipe has not read yet.
  process.exitCode = await runHelper(process.argv.slice(2), processHost('docker-credential-fairlead'));
}
