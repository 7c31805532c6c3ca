/** The unit in docker/systemd, by systemd itself. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { findPart } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { run } from '../support/process.ts';

const ANALYZE: Part = { program: 'systemd-analyze', debian: 'systemd' };
const UNIT = resolve(import.meta.dirname, '../../docker/systemd/fairlead.service');
/** Of 100, where lower is better: 20 is 2.0 in the output. */
const EXPOSURE = 20;

/** The unit as a file that systemd finds, with a Node.js that this machine has. */
async function unitFile(folder: string, text: string): Promise<string> {
  const file = join(folder, 'fairlead.service');
  await writeFile(file, text.replaceAll('/usr/bin/node', process.execPath));
  return file;
}

it.skipIf(findPart(ANALYZE) === undefined)('systemd accepts the unit, and finds it hardened', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-unit-'));
  const text = await readFile(UNIT, 'utf8');
  const exposure = (file: string) =>
    run('systemd-analyze', ['security', '--no-pager', '--offline=true', `--threshold=${EXPOSURE}`, file]);

  const file = await unitFile(folder.path, text);
  expect(await run('systemd-analyze', ['verify', file])).toMatchObject({ code: 0, stderr: '' });
  expect((await exposure(file)).code).toBe(0);
  // The control: what systemd says of a unit with a misspelt key, and of one that is not hardened.
  const misspelt = await unitFile(folder.path, text.replace('NoNewPrivileges', 'NoNewPrivilege'));
  expect((await run('systemd-analyze', ['verify', misspelt])).stderr).toMatch(/Unknown key (?:name )?'NoNewPrivilege'/);
  const open = await unitFile(folder.path, text.replaceAll(/^(?:Protect|Private|Restrict|Capability).*\n/gm, ''));
  expect((await exposure(open)).code).not.toBe(0);
});
