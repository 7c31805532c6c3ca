/** The style sheet and the browser script of the pages, as a module: it is part of every bundle without a file of its own. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import type { GeneratedFile } from './chart.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The files of `src/pages/style` in their order: of two rules with the same weight, the later one counts. */
const STYLE_PARTS: readonly string[] = [
  'base',
  'bar',
  'content',
  'buttons',
  'forms',
  'lists',
  'decisions',
  'tables',
  'policy-text',
  'preferences',
  'print',
];

export async function pageAssets(): Promise<GeneratedFile> {
  const folder = join(ROOT, 'src/pages/style');
  const unlisted = (await readdir(folder)).filter((file) => !STYLE_PARTS.includes(file.replace(/\.css$/, '')));
  if (unlisted.length > 0) throw new Error(`add ${unlisted.join(', ')} of ${folder} to STYLE_PARTS`);
  const parts = await Promise.all(STYLE_PARTS.map((name) => readFile(join(folder, `${name}.css`), 'utf8')));
  const text = [
    '/** Written by `npm run generate` from style/*.css and browser/app.ts. Do not edit. */',
    '',
    `export const STYLE = ${JSON.stringify(withoutComments(parts.join('\n')))};`,
    `export const SCRIPT = ${JSON.stringify(await browserScript())};`,
    '',
  ];
  return { path: 'src/pages/assets.ts', text: text.join('\n') };
}

async function browserScript(): Promise<string> {
  await using bundle = await rolldown({ cwd: ROOT, input: 'src/pages/browser/app.ts', platform: 'browser' });
  const { output } = await bundle.generate({ format: 'es', minify: true, comments: false });
  return output[0].code;
}

function withoutComments(style: string): string {
  return style.replaceAll(/\/\*[^]*?\*\/\n*/g, '').replaceAll(/\n\s*/g, '\n');
}
