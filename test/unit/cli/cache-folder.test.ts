import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../src/cli/cache-folder.ts';

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
