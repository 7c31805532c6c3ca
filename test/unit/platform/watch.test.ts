/** Files are watched by polling, wherever they come from. */
import { writeFileSync } from 'node:fs';
import { mkdtempDisposable, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { watchFiles } from '../../../src/platform/watch.ts';
import { waitFor } from '../../support/wait.ts';

async function watched(prepare: (folder: string) => Promise<string>) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-watch-'));
  onTestFinished(() => folder.remove());
  const path = await prepare(folder.path);
  let changes = 0;
  onTestFinished(watchFiles([path], () => void (changes += 1)));
  return { folder: folder.path, path, changed: () => waitFor('the change', () => changes > 0) };
}

describe('a watched file is reported', () => {
  it('when it is written in the moment in which watching begins, and each time after that', async () => {
    const folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-watch-'));
    onTestFinished(() => folder.remove());
    const path = join(folder.path, 'policy.yaml');
    await writeFile(path, 'a');
    let changes = 0;

    onTestFinished(watchFiles([path], () => void (changes += 1)));
    writeFileSync(path, 'other text');
    await waitFor('the first change', () => changes === 1);
    await writeFile(path, 'a third text');

    await waitFor('the second change', () => changes === 2);
  });

  it('when it is written', async () => {
    const { path, changed } = await watched(async (folder) => {
      await writeFile(join(folder, 'policy.yaml'), 'a');
      return join(folder, 'policy.yaml');
    });

    await writeFile(path, 'other text');

    await changed();
  });

  it('when it was missing and appears', async () => {
    const { path, changed } = await watched(async (folder) => join(folder, 'policy.yaml'));

    await writeFile(path, 'a');

    await changed();
  });

  it('when it is replaced, and when a symbolic link to its folder is, as Kubernetes does', async () => {
    const { folder, changed } = await watched(async (root) => {
      for (const version of ['v1', 'v2']) await writeFile(join(root, version), version.repeat(10));
      await symlink('v1', join(root, 'data'));
      await symlink('data', join(root, 'policy.yaml'));
      return join(root, 'policy.yaml');
    });

    await symlink('v2', join(folder, 'data.new'));
    await rename(join(folder, 'data.new'), join(folder, 'data'));

    await changed();
  });

  it('when it is removed', async () => {
    const { path, changed } = await watched(async (folder) => {
      await writeFile(join(folder, 'policy.yaml'), 'a');
      return join(folder, 'policy.yaml');
    });

    await rm(path);

    await changed();
  });
});

it('a watched file that nobody changes is not reported', async () => {
  let changes = 0;
  const stop = watchFiles([join(tmpdir(), 'fairlead-no-such-file')], () => void (changes += 1));
  onTestFinished(stop);
  const { path, changed } = await watched(async (folder) => join(folder, 'other'));

  // The change of another file is the control: by then, both were polled.
  await writeFile(path, 'a');
  await changed();

  expect(changes).toBe(0);
});
