import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LineWriter } from '../../../src/platform/line-writer.ts';
import { createLog, lossLine, recoveryLine } from '../../../src/platform/log.ts';

it('writes nothing that a terminal obeys, and loses nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-log-'));
  const path = join(folder, 'log');
  const file = await open(path, 'w');
  const user = 'al\u001B[2J\u009B31m\u202Eice\u2028\u007F ünï';

  const writer = new LineWriter({ fd: file.fd }, { lossLine, recoveryLine });
  const log = createLog('info', writer);
  log.info('login', { user });
  await writer.close(1000);
  await file.close();
  const text = await readFile(path, 'utf8');
  await rm(folder, { recursive: true });

  expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(text).toContain('ünï');
  expect(JSON.parse(text)).toMatchObject({ message: 'login', user });
});
