/** A broker whose keys other users could replace does not start, and `check` says so. */
import { chmod, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run } from '../support/process.ts';
import { startStaticBroker } from '../support/static-broker.ts';

it('a broker does not start with a stateDir that everybody may write to, and check names the reason', async () => {
  await using broker = await startStaticBroker();
  await broker.stop();
  const state = join(broker.folder, 'open');
  await mkdir(state);
  await chmod(state, 0o777);
  const config = await readFile(join(broker.folder, 'broker.yaml'), 'utf8');
  await broker.write('broker.yaml', config.replace('"state"', '"open"'));
  const command = (name: string) => run(process.execPath, [MAIN, name, '--config', join(broker.folder, 'broker.yaml')]);

  const served = await command('serve');
  const checked = await command('check');

  expect(served.code).toBe(2);
  expect(served.stderr).toContain(`${state} can be written by other users; run chmod go-w on it`);
  expect(checked.stdout).toContain(`run by this user, the broker does not start: ${state} can be written`);
  // It left nothing in the folder: no key that it would take the next time.
  expect(await readdir(state)).toEqual([]);
});
