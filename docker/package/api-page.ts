/** The table of operations in config/api.md. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { operations } from '../../src/http/api/operations.ts';
import type { GeneratedFile } from './chart.ts';

const PAGE = 'config/api.md';
const BLOCK = /(<!-- operations -->\n).*?(<!-- end of operations -->)/s;

export async function apiPage(root: string): Promise<GeneratedFile> {
  const page = await readFile(join(root, PAGE), 'utf8');
  const rows = Object.values(operations).map(
    ({ method, path, access, summary }) => `| \`${method} ${path}\` | ${access} | ${summary} |\n`,
  );
  const table = `| operation | access | does |\n|---|---|---|\n${rows.join('')}`;
  return { path: PAGE, text: page.replace(BLOCK, (_block, start: string, end: string) => `${start}${table}${end}`) };
}
