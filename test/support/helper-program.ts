/** The credential helper as a program on the PATH of a person with a home of their own. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const MAIN = resolve(import.meta.dirname, '../../src/helper/main.ts');

/**
 * @param home an empty folder
 * @param browser the program that opens addresses; default: one that does nothing
 * @returns the environment of the person
 */
export async function installHelper(home: string, browser = '/bin/true'): Promise<NodeJS.ProcessEnv> {
  const bin = join(home, 'bin');
  await mkdir(bin);
  await writeProgram(join(bin, 'docker-credential-fairlead'), `exec ${process.execPath} ${MAIN} "$@"`);
  return { HOME: home, PATH: `${bin}:${process.env['PATH']}`, BROWSER: browser };
}

/** @param script for the shell */
export async function writeProgram(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}
