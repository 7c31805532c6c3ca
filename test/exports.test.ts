/** Every export has an importer: what only its own file uses is not exported. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { unusedExports } from './support/exports.ts';
import type { SourceTexts } from './support/exports.ts';

const ROOT = resolve(import.meta.dirname, '..');
const texts = (pattern: string): SourceTexts =>
  new Map(globSync(pattern, { cwd: ROOT }).map((name) => [join(ROOT, name), readFileSync(join(ROOT, name), 'utf8')]));

it('no source exports what no other file imports (npm run exports -- --fix takes the export away)', () => {
  const sources = texts('src/**/*.ts');

  expect(sources.size).toBeGreaterThan(300);
  expect(
    unusedExports(sources, texts('{src,test}/**/*.ts')).map(
      ({ file, name }) => `${file.slice(ROOT.length + 1)}: ${name}`,
    ),
  ).toEqual([]);
});

it('an export that no file imports is found, whatever it is', () => {
  const sources = new Map([
    [
      '/a.ts',
      'export const used = 1;\nexport const unused = 2;\nexport interface Shape {}\nexport async function act() {}\n',
    ],
    ['/b.ts', "export { used as renamed } from './a.ts';\nexport type { Shape } from './a.ts';\nconst unused = 3;\n"],
    [
      '/c.ts',
      "import { renamed as other } from './b.ts';\nconst { act } = await import('./a.ts');\n(await import('./d.ts')).run();\n",
    ],
    ['/d.ts', 'export const run = 1;\nexport const stop = 2;\n'],
  ]);

  expect(unusedExports(sources, sources)).toEqual([
    { file: '/a.ts', name: 'unused' },
    { file: '/b.ts', name: 'Shape' },
    { file: '/d.ts', name: 'stop' },
  ]);
});
