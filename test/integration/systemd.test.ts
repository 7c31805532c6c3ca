/** The units in docker/systemd, by systemd itself. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { findPart } from '../support/parts.ts';
import type { Part } from '../support/parts.ts';
import { run } from '../support/process.ts';

const ANALYZE: Part = { program: 'systemd-analyze', debian: 'systemd' };
const UNITS = resolve(import.meta.dirname, '../../docker/systemd');
/** Of 100, where lower is better: 20 is 2.0 in the output. */
const EXPOSURE = 20;

const readUnit = (name: string): Promise<string> => readFile(join(UNITS, name), 'utf8');

/** The unit as a file that systemd finds, with a Node.js that this machine has. */
async function unitFile(folder: string, name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text.replaceAll('/usr/bin/node', process.execPath));
  // systemd replaces %i in an instance of a template.
  return join(folder, name.replace('@.', '@5001.'));
}

it.skipIf(findPart(ANALYZE) === undefined).each(['fairlead.service', 'fairlead@.service'])(
  'systemd accepts the unit %s, and finds it hardened',
  async (name) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-unit-'));
    const text = await readUnit(name);
    const exposure = (file: string) =>
      run('systemd-analyze', ['security', '--no-pager', '--offline=true', `--threshold=${EXPOSURE}`, file]);

    const file = await unitFile(folder.path, name, text);
    expect(await run('systemd-analyze', ['verify', file])).toMatchObject({ code: 0, stderr: '' });
    expect((await exposure(file)).code).toBe(0);
    // The control: what systemd says of a unit with a misspelt key, and of one that is not hardened.
    const misspelt = await unitFile(folder.path, name, text.replace('NoNewPrivileges', 'NoNewPrivilege'));
    expect((await run('systemd-analyze', ['verify', misspelt])).stderr).toMatch(
      /Unknown key (?:name )?'NoNewPrivilege'/,
    );
    const open = await unitFile(
      folder.path,
      name,
      text.replaceAll(/^(?:Protect|Private|Restrict|Capability).*\n/gm, ''),
    );
    expect((await exposure(open)).code).not.toBe(0);
  },
);

it('the unit of several brokers is that of one, with a port and a folder of its own for each', async () => {
  const lines = async (name: string) => (await readUnit(name)).split('\n').filter((line) => !line.startsWith('#'));
  const [one, several] = [await lines('fairlead.service'), await lines('fairlead@.service')];

  expect(several.filter((line) => !one.includes(line))).toEqual([
    'Description=Fairlead token service for container registries, port %i',
    'ExecStart=/usr/bin/node /opt/fairlead/dist/fairlead.cjs serve --listen 127.0.0.1:%i --admin-listen 127.0.0.1:1%i',
    'RuntimeDirectory=fairlead-%i',
  ]);
  expect(several).toHaveLength(one.length);
});
