/** The documented procedures: back up a broker that runs, lose its store, restore it; and copy the file after a stop. */
import { copyFile, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { exchange, offlineLogin } from '../support/refresh-tokens.ts';
import { run } from '../support/process.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';

const CONFIG = { ...STATIC_CONFIG, services: { [SERVICE]: { refreshTokens: {} } } };
const store = ({ folder }: Broker): string => join(folder, 'state/fairlead.db');

/** A broker with the same users and this store, as after a restore on another machine. */
async function restored(from: Broker, copy: string): Promise<Broker> {
  const users = await readFile(join(from.folder, 'users.yaml'), 'utf8');
  const broker = await startStaticBroker({ config: CONFIG, files: { 'users.yaml': users } });
  await broker.stop();
  for (const suffix of ['', '-wal', '-shm']) await rm(`${store(broker)}${suffix}`, { force: true });
  await copyFile(copy, store(broker));
  return broker;
}

async function statusAfterRestore(from: Broker, copy: string, token: string): Promise<number> {
  await using emptied = await restored(from, copy);
  await using broker = await startStaticBroker({
    config: { ...CONFIG, stateDir: join(emptied.folder, 'state') },
    files: { 'users.yaml': await readFile(join(from.folder, 'users.yaml'), 'utf8') },
  });
  return (await exchange(broker, SERVICE, token)).status;
}

describe('a backup of the store', () => {
  it('that is made while the broker runs brings refresh tokens back', async () => {
    await using broker = await startStaticBroker({ config: CONFIG });
    const token = await offlineLogin(broker, SERVICE, ALICE);
    const copy = join(broker.folder, 'copy.db');
    const backup = () => run(process.execPath, [MAIN, 'backup', copy, '--config', join(broker.folder, 'broker.yaml')]);

    const first = await backup();
    const second = await backup();
    const later = await offlineLogin(broker, SERVICE, ALICE);

    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`wrote and verified ${copy}: 1 tokens`);
    for (const name of ['broker.yaml', 'policy.yaml', 'users.yaml', 'state/keys/default.pem', 'state/keys/default.crt'])
      expect(first.stdout).toContain(join(broker.folder, name));
    expect(((await stat(copy)).mode & 0o777).toString(8)).toBe('600');
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('is not overwritten');
    expect(await statusAfterRestore(broker, copy, token)).toBe(200);
    // The control: a token of after the backup is not in it.
    expect(await statusAfterRestore(broker, copy, later)).toBe(401);
  });

  it('is the file alone after a stop', async () => {
    await using broker = await startStaticBroker({ config: CONFIG });
    const token = await offlineLogin(broker, SERVICE, ALICE);

    await broker.stop();

    expect(await statusAfterRestore(broker, store(broker), token)).toBe(200);
  });

  it('is not needed where nothing is stored', async () => {
    await using broker = await startStaticBroker();
    const args = ['backup', join(broker.folder, 'copy.db'), '--config', join(broker.folder, 'broker.yaml')];

    const { code, stdout } = await run(process.execPath, [MAIN, ...args]);

    expect(code).toBe(0);
    expect(stdout).toContain('nothing to copy');
    expect(stdout).toContain(join(broker.folder, 'policy.yaml'));
  });
});
