/** `npm run exports -- --fix`: takes the word `export` from what no other file imports; without `--fix`, lists it. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { unusedExports } from './exports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const texts = (pattern: string): Map<string, string> =>
  new Map(globSync(pattern, { cwd: ROOT }).map((name) => [join(ROOT, name), readFileSync(join(ROOT, name), 'utf8')]));

const unused = unusedExports(texts('src/**/*.ts'), texts('{src,test}/**/*.ts'));
for (const { file, name } of unused) {
  process.stdout.write(`${relative(ROOT, file)}: ${name}\n`);
  if (!process.argv.includes('--fix')) continue;
  const declaration = new RegExp(`^export (?=[a-z* ]+ ${name}\\b)`, 'm');
  writeFileSync(file, readFileSync(file, 'utf8').replace(declaration, ''));
}
