/** `npm start` on a fresh clone: what it prints is pasted, word by word. */
import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { claimsOf } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { run, start } from '../support/process.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

it('npm start on a fresh clone prints commands that work when they are pasted, and no password', async () => {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-try-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['src', 'node_modules', 'package.json']) await symlink(join(REPOSITORY, name), join(folder, name));
  await cp(join(REPOSITORY, 'config'), join(folder, 'config'), { recursive: true });
  const port = await freePort();
  const broker = await readFile(join(folder, 'config/broker.yaml'), 'utf8');
  await writeFile(join(folder, 'config/broker.yaml'), broker.replaceAll('5001', String(port)));

  const { scripts } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  await using served = start('bash', ['-c', `exec ${scripts.start}`], { cwd: folder });
  await served.waitForOutput(/docker login .*\n/);

  const printed = served.stdout();
  const definition = printed.split('\n').find((line) => line.startsWith('fairlead() '));
  const commands = printed.split('\n').filter((line) => /^(curl|fairlead) /.test(line));
  const results = [];
  for (const command of commands) {
    results.push(await run('bash', ['-c', `${definition}\n${command}`], { cwd: folder }));
  }
  const [anonymous, alice, why, registry] = results.map(({ stdout }) => stdout);
  const accessOf = (text = '{}'): unknown => claimsOf((JSON.parse(text) as { token: string }).token)['access'];

  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(accessOf(anonymous)).toEqual([{ type: 'repository', name: 'public/app', actions: ['pull'] }]);
  expect(accessOf(alice)).toEqual([{ type: 'repository', name: 'web/shop', actions: ['pull', 'push'] }]);
  expect(why).toContain('for group team-web');
  expect(registry).toContain('rootcertbundle:');
  const password = (await readFile(join(folder, 'data/alice.password'), 'utf8')).trim();
  expect(password.length).toBeGreaterThan(20);
  expect(served.output()).not.toContain(password);
  expect(((await stat(join(folder, 'data/alice.password'))).mode & 0o777).toString(8)).toBe('600');
});
