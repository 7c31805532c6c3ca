/** A file that hangs, as on a network share that does not answer: a named pipe that nobody writes to. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run, runOk } from '../support/process.ts';

it('a command whose file hangs gives up after ten seconds, and its process ends', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-hang-'));
  const config = {
    listen: '127.0.0.1:0',
    publicUrl: 'http://localhost:5001',
    services: { 'registry.example.com': {} },
    backends: [
      {
        name: 'ci',
        type: 'oidc-token',
        issuer: 'https://ci.example.com',
        audience: 'registry.example.com',
        bound: 'everyone',
        caFile: 'pipe',
      },
    ],
    policy: 'policy.yaml',
  };
  await runOk('mkfifo', [join(folder.path, 'pipe')]);
  await writeFile(join(folder.path, 'policy.yaml'), 'rules: []');
  await writeFile(join(folder.path, 'broker.yaml'), JSON.stringify(config));

  const { code, stderr } = await run(process.execPath, [MAIN, 'check', '--config', join(folder.path, 'broker.yaml')]);

  expect(stderr).toContain('pipe: cannot be read');
  expect(stderr).toContain('fairlead: ends by SIGKILL, because 1 reads of files have not ended');
  expect(code).not.toBe(0);
});
