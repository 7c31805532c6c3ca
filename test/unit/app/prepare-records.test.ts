import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEntries } from '../../../src/platform/store/sqlite-entries.ts';
import { copyRecords } from '../../../src/app/prepare-records.ts';
import type { PostgresConfig } from '../../../src/app/open-records.ts';
import { freePort } from '../../support/free-port.ts';

it('copies nothing when the file could not be put out of use, because the next copy would bring revoked tokens back', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fairlead-copy-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(stateDir, { recursive: true, force: true }));
  openEntries(join(stateDir, 'fairlead.db'))[Symbol.dispose]();
  const urlFile = join(stateDir, 'postgres.url');
  await writeFile(urlFile, `postgres://fairlead@127.0.0.1:${await freePort()}/fairlead`);
  const config: PostgresConfig = {
    urlFile: { path: urlFile },
    tls: { mode: 'none' },
    maxConnections: 1,
    synchronousCommit: 'on',
    timeout: 1,
  };

  await expect(copyRecords(stateDir, config)).rejects.toThrow('127.0.0.1');
  await writeFile(join(stateDir, 'fairlead.db.copied'), '');
  await expect(copyRecords(stateDir, config)).rejects.toThrow('fairlead.db.copied exists');
});
