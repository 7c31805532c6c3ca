/** What `get` may do: read. Node refuses everything else here. */
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identityToken, openHome, REGISTRY, TOKEN } from '../../support/helper-host.ts';
import type { HelperHome } from '../../support/helper-host.ts';
import { run } from '../../support/process.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/helper/main.ts');

let home: HelperHome;
beforeEach(async () => {
  home = await openHome();
  home.env['BROWSER'] = '/bin/true';
});
afterEach(() => home[Symbol.asyncDispose]());

/** Runs the helper with no permission but to read files: no network, no other program, no written file. */
const readOnly = (args: readonly string[]) =>
  run(process.execPath, ['--permission', '--allow-fs-read=*', MAIN, ...args], { env: home.env, stdin: REGISTRY });

it('`get` finds a login without the network, another program or a written file', async () => {
  await home.run(['store'], identityToken());

  const { code, stdout, stderr } = await readOnly(['get']);

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ Secret: TOKEN });
});

it('`get` without a login, and `list`, need nothing else either', async () => {
  const answers = await Promise.all([readOnly(['get']), readOnly(['list'])]);

  expect(answers.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual([
    [
      1,
      'credentials not found in native keychain\n',
      `docker-credential-fairlead: there is no login at ${REGISTRY}; run: docker-credential-fairlead login ${REGISTRY}\n`,
    ],
    [0, '{}\n', ''],
  ]);
});

it('a reader that wants no more, such as `head`, gets no stack trace of the helper, and a full disk is a failure', async () => {
  const shell = (script: string) =>
    run('bash', ['-c', script, process.execPath, MAIN, '--help'], { env: { ...home.env, LC_ALL: 'C' } });

  expect(await shell('"$0" "$@" | :; echo ${PIPESTATUS[0]}')).toMatchObject({ stdout: '0\n', stderr: '' });
  expect(await shell('"$0" "$@" >/dev/full; echo $?')).toMatchObject({ stdout: '1\n', stderr: '' });
});

it('`login` is refused the network there, which shows that the permissions hold', async () => {
  const { code, stderr } = await readOnly(['login', REGISTRY]);

  expect([code, stderr]).toEqual([1, expect.stringContaining('ERR_ACCESS_DENIED')]);
});
