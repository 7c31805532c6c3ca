/** The command loads compiled code only from a folder that no other user of the machine can write to. */
import { chmod, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { cacheFolder, privateFolder } from '../../../src/cli/cache-folder.ts';
import { writtenFiles } from '../config/written-files.ts';

describe('the folder of the compile cache', () => {
  it.each([
    [{ XDG_CACHE_HOME: '/var/cache/me', HOME: '/home/me' }, '/var/cache/me/fairlead'],
    [{ HOME: '/home/me' }, '/home/me/.cache/fairlead'],
    [{ XDG_CACHE_HOME: 'relative', HOME: '/home/me' }, '/home/me/.cache/fairlead'],
  ])('of %o is %s', (env, folder) => {
    expect(cacheFolder(env)).toBe(folder);
  });

  it.each([{}, { HOME: '/' }, { HOME: 'relative' }, { XDG_CACHE_HOME: '' }])(
    'of %o is none, so that nothing is loaded from a folder that others can write',
    (env) => {
      expect(cacheFolder(env)).toBeUndefined();
    },
  );
});

describe('a folder that is private', () => {
  const ME = process.geteuid?.() ?? 0;
  const OTHER = ME + 1;

  it('belongs to this user, and need not exist', async () => {
    await using files = await writtenFiles({ 'home/file': '' });

    expect(privateFolder(files.path('home'), ME)).toBe(files.path('home'));
    expect(privateFolder(files.path('home/.cache/fairlead'), ME)).toBe(files.path('home/.cache/fairlead'));
  });

  it('is not one in the home of another user, which sudo may keep', async () => {
    await using files = await writtenFiles({ 'home/file': '' });

    expect(privateFolder(files.path('home'), OTHER)).toBeUndefined();
    expect(privateFolder(files.path('home/.cache/fairlead'), OTHER)).toBeUndefined();
  });

  it.each([0o777, 0o770, 0o1777])('is not one that another user could create in a folder of mode %o', async (mode) => {
    await using files = await writtenFiles({ 'home/file': '' });
    await chmod(files.path('home'), mode);

    expect(privateFolder(files.path('home/.cache'), ME)).toBeUndefined();
  });

  it('is not one that another user could replace', async () => {
    await using files = await writtenFiles({ 'home/.cache/file': '' });
    await chmod(files.path('home'), 0o777);
    const replaceable = privateFolder(files.path('home/.cache'), ME);
    await chmod(files.path('home'), 0o1777);

    expect(replaceable).toBeUndefined();
    expect(privateFolder(files.path('home/.cache'), ME)).toBe(files.path('home/.cache'));
  });

  it('is the one that a symbolic link leads to, so that a change of the link has no effect', async () => {
    await using files = await writtenFiles({ 'private/file': '', 'open/file': '' });
    await chmod(files.path('open'), 0o777);
    await symlink(files.path('private'), files.path('to-private'));
    await symlink(files.path('open'), files.path('to-open'));

    expect(privateFolder(files.path('to-private/fairlead'), ME)).toBe(files.path('private/fairlead'));
    expect(privateFolder(files.path('to-open/fairlead'), ME)).toBeUndefined();
  });
});
