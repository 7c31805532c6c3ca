/** The style sheet and the browser script of the pages, as a module: it is part of every bundle without a file beside it. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import type { GeneratedFile } from './chart.ts';

const ROOT = resolve(import.meta.dirname, '../..');

export async function pageAssets(): Promise<GeneratedFile> {
  const style = await readFile(join(ROOT, 'src/pages/style.css'), 'utf8');
  const text = [
    '/** Written by `npm run generate` from style.css and browser/app.ts. Do not edit. */',
    '',
    `export const STYLE = ${JSON.stringify(withoutComments(style))};`,
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
