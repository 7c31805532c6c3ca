/** The folders of the ldap backend import in one direction only. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const BACKEND = resolve(import.meta.dirname, '../../../../src/backends/ldap');
/** Each folder may import from the folders before it. The files at the top may import from all. */
const FOLDERS = ['wire', 'config', 'users', 'servers', 'attempt', 'groups', 'diagnosis', 'login', '.'] as const;

interface Import {
  readonly from: string;
  readonly to: string;
}

async function importsWithin(): Promise<readonly Import[]> {
  const entries = await readdir(BACKEND, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const imports = await Promise.all(
    files.map(async (file) => {
      const specifiers = (await readFile(file, 'utf8')).matchAll(/\bfrom '(\.[^']+)'/g);
      return [...specifiers].map(([, specifier = '']) => ({
        from: relative(BACKEND, file),
        to: relative(BACKEND, resolve(dirname(file), specifier)),
      }));
    }),
  );
  return imports.flat().filter(({ to }) => !to.startsWith('..'));
}

function backwards(imports: readonly Import[]): readonly string[] {
  const rank = (file: string): number => FOLDERS.findIndex((folder) => folder === dirname(file));
  return imports.filter(({ from, to }) => rank(to) > rank(from)).map(({ from, to }) => `${from} -> ${to}`);
}

it('has the folders that are listed here', async () => {
  const entries = await readdir(BACKEND, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

  expect(folders.toSorted()).toEqual(FOLDERS.filter((folder) => folder !== '.').toSorted());
});

it('imports from a folder to an earlier one only', async () => {
  const imports = await importsWithin();

  expect(imports.length).toBeGreaterThan(100);
  expect(backwards(imports)).toEqual([]);
});

it('finds an import in the wrong direction', () => {
  expect(backwards([{ from: 'wire/fault.ts', to: 'servers/pool.ts' }])).toEqual(['wire/fault.ts -> servers/pool.ts']);
});
