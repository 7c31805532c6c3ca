/** Whether a key that somebody else may have planted is refused. */
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkState } from '../../../../src/platform/signing/state-check.ts';
import { loadKeys } from '../../../../src/platform/signing/keyset.ts';
import { processUser } from '../../../../src/platform/process-user.ts';
import { recordingLog } from '../../../support/fakes.ts';

const KEYS = [{ name: 'default', algorithm: 'ES256' }] as const;
let folder = '';
let state = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-state-'));
  state = join(folder, 'state');
  await loadKeys(KEYS, state, recordingLog());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const NOTHING = { refusals: [], warnings: [] };
const findings = (user = processUser()) => checkState(KEYS, state, user);
/** The user of the tests' files is somebody else for this one. */
const SOMEBODY_ELSE = { uid: 4_000_001, gids: [4_000_001] };

describe('the state of a broker', () => {
  it('is taken as the broker makes it, and where there is none yet', async () => {
    expect(await findings()).toEqual(NOTHING);
    expect(await checkState(KEYS, join(folder, 'none'))).toEqual(NOTHING);
  });

  it.each([
    ['the folder', '.', 0o777],
    ['the folder of the keys', 'keys', 0o702],
    ['the key', 'keys/default.pem', 0o606],
    ['the certificate', 'keys/default.crt', 0o646],
  ])('is refused when other users may write to %s', async (_what, name, mode) => {
    const path = join(state, name);
    await chmod(path, mode);

    // The files belong to the user of the tests; where that is root, a broker of root has the same finding.
    expect(await findings()).toEqual({
      refusals: [`${path} can be written by other users; run chmod go-w on it`],
      warnings: [],
    });
  });

  it('is refused when a group that the broker is not in may write to the key', async () => {
    const path = join(state, 'keys/default.pem');
    await chmod(path, 0o620);

    const { refusals } = await findings({ uid: (await stat(path)).uid, gids: [4_000_001] });

    expect(refusals).toEqual([`${path} can be written by other users; run chmod go-w on it`]);
  });

  it('is taken with a warning when its own group may write to the key, as a volume with fsGroup lets it', async () => {
    const path = join(state, 'keys/default.pem');
    await chmod(path, 0o660);
    const { uid, gid } = await stat(path);

    expect(await findings({ uid, gids: [gid] })).toEqual({
      refusals: [],
      warnings: [`${path} can be written by the members of group ${gid}; run chmod g-w on it`],
    });
  });

  it('is refused when somebody else owns it, who is not root', async () => {
    const { uid } = await stat(state);
    // Root's files are nobody's fault: for this test they are those of an owner who is not root.
    const owner = uid === 0 ? 65_534 : uid;
    await chownAll(owner);

    const { refusals } = await findings(SOMEBODY_ELSE);

    expect(refusals).toHaveLength(4);
    expect(refusals[0]).toBe(`${state} belongs to user ${owner}, who could replace it; run chown 4000001 on it`);
  });

  it('is taken with a warning in a volume of root that everybody may write to, as Kubernetes makes an emptyDir', async () => {
    await chownAll(0);
    await chmod(state, 0o2777);

    const { refusals, warnings } = await findings({ uid: 4_000_001, gids: [4_000_001] });

    expect(warnings).toEqual([expect.stringContaining(`${state} can be written by other users; name a folder inside`)]);
    expect(refusals).toEqual([]);
  });

  it('is checked for keys that the configuration names, too', async () => {
    const keyFile = join(folder, 'own.pem');
    await writeFile(keyFile, '');
    await chmod(keyFile, 0o602);

    const { refusals } = await checkState(
      [{ name: 'own', algorithm: 'ES256', keyFile: { path: keyFile } }],
      join(folder, 'none'),
    );

    expect(refusals).toEqual([`${keyFile} can be written by other users; run chmod go-w on it`]);
  });
});

async function chownAll(uid: number): Promise<void> {
  if (process.getuid?.() !== 0) return;
  for (const name of ['.', 'keys', 'keys/default.pem', 'keys/default.crt']) await chown(join(state, name), uid, uid);
}
