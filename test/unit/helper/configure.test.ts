/** The files of docker and podman, which the credential helper edits. */
import { chmod, lstat, mkdir, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setMember } from '../../../src/helper/configure/json-member.ts';
import { openHome, REGISTRY } from '../../support/helper-host.ts';
import type { HelperHome } from '../../support/helper-host.ts';

let home: HelperHome;
beforeEach(async () => {
  home = await openHome();
  await mkdir(join(home.home, '.docker'));
});
afterEach(() => home[Symbol.asyncDispose]());

const dockerFile = (): string => join(home.home, '.docker/config.json');
const podmanFile = (): string => join(home.home, '.config/containers/auth.json');

describe('`configure`', () => {
  it('makes the files of docker and podman where there are none', async () => {
    expect((await home.run(['configure', REGISTRY])).code).toBe(0);

    for (const file of [dockerFile(), podmanFile()]) {
      expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ credHelpers: { [REGISTRY]: 'fairlead' } });
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });

  it('changes one key, keeps every other byte, and leaves the old file next to it', async () => {
    const before =
      '{\n\t"auths": {"a.example": {}},\n\t"psFormat":   "{{.ID}}\\u0041",\n\t"detachKeys": "ctrl-e,e"\n}\n';
    await writeFile(dockerFile(), before);
    await chmod(dockerFile(), 0o640);

    await home.run(['configure', REGISTRY]);

    expect(await readFile(dockerFile(), 'utf8')).toBe(
      before.replace('e,e"\n}', `e,e",\n\t"credHelpers": {\n\t\t"${REGISTRY}": "fairlead"\n\t}\n}`),
    );
    expect(await readFile(`${dockerFile()}.before-fairlead`, 'utf8')).toBe(before);
    expect((await stat(dockerFile())).mode & 0o777).toBe(0o640);
  });

  it('keeps the file as it was before its first change, whatever it changes later', async () => {
    await writeFile(dockerFile(), '{"credsStore": "pass"}');

    await home.run(['configure', REGISTRY]);
    await home.run(['configure', 'other.example.com']);

    expect(await readFile(`${dockerFile()}.before-fairlead`, 'utf8')).toBe('{"credsStore": "pass"}');
    expect(JSON.parse(await readFile(dockerFile(), 'utf8'))).toEqual({
      credsStore: 'pass',
      credHelpers: { [REGISTRY]: 'fairlead', 'other.example.com': 'fairlead' },
    });
  });

  it('changes nothing the second time', async () => {
    await home.run(['configure', REGISTRY]);
    const before = await stat(dockerFile());

    const { stderr } = await home.run(['configure', REGISTRY]);

    expect((await stat(dockerFile())).ino).toBe(before.ino);
    expect(stderr).toContain('already names this helper');
  });

  it('changes the file behind a symbolic link, and keeps the link', async () => {
    const real = join(home.home, 'dotfiles.json');
    await writeFile(real, '{}');
    await symlink(real, dockerFile());

    await home.run(['configure', REGISTRY]);

    expect((await lstat(dockerFile())).isSymbolicLink()).toBe(true);
    expect(await realpath(dockerFile())).toBe(await realpath(real));
    expect(JSON.parse(await readFile(real, 'utf8'))).toEqual({ credHelpers: { [REGISTRY]: 'fairlead' } });
  });

  it.each(['{"auths": {', '[]', '{"credHelpers": "pass"}', '{"credHelpers": {}, "credHelpers": {}}', '{"a": 1,}'])(
    'refuses the file %s and leaves it as it is',
    async (text) => {
      await writeFile(dockerFile(), text);

      const { code, stderr } = await home.run(['configure', REGISTRY]);

      expect([code, await readFile(dockerFile(), 'utf8')]).toEqual([1, text]);
      expect(stderr).toContain(dockerFile());
    },
  );
});

describe('an edited JSON text', () => {
  const key = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__');
  const object = fc.dictionary(key, fc.jsonValue());
  const space = fc.constantFrom(undefined, 1, 2, '\t');

  it('has the member, and means the same otherwise', () => {
    fc.assert(
      fc.property(object, fc.option(object), space, (rest, helpers, indent) => {
        const { credHelpers: _, ...others } = rest;
        const before = helpers === null ? others : { ...others, credHelpers: helpers };

        const text = JSON.stringify(before, undefined, indent);

        const after = setMember(text, ['credHelpers', REGISTRY], 'fairlead');

        const parsed = JSON.parse(text) as { readonly credHelpers?: object };
        expect(JSON.parse(after)).toEqual({
          ...parsed,
          credHelpers: { ...parsed.credHelpers, [REGISTRY]: 'fairlead' },
        });
      }),
    );
  });

  it('keeps all text that is not the member', () => {
    fc.assert(
      fc.property(object, space, (rest, indent) => {
        const { credHelpers: _, ...others } = rest;
        const before = JSON.stringify(others, undefined, indent);

        const after = setMember(before, ['credHelpers', REGISTRY], 'fairlead');

        const start = before.slice(0, before.lastIndexOf('}')).trimEnd();
        expect(after.startsWith(start)).toBe(true);
        expect(after.endsWith('}')).toBe(true);
      }),
    );
  });

  it('replaces another helper', () => {
    expect(setMember('{"credHelpers": {"a": "pass" , "b":"x"}}', ['credHelpers', 'a'], 'fairlead')).toBe(
      '{"credHelpers": {"a": "fairlead" , "b":"x"}}',
    );
  });
});
