/** `fairlead schema`: writes the JSON Schemas for editors, and the key tables of the reference pages next to them. */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { schemaTexts } from '../../config/json-schema.ts';
import { fillTables } from '../../config/reference.ts';
import type { SchemaTexts } from '../../config/reference.ts';
import { createPlainCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { makeFolder } from '../../platform/make-folder.ts';

interface SchemaOptions extends Pick<SharedOptions, 'format'> {
  readonly dir: string;
  readonly check?: true;
}

export function schemaCommand(run: Run): Command {
  return createPlainCommand('schema', 'Write the JSON Schemas for editors, and the key tables in reference/*.md')
    .option('--dir <folder>', 'the folder of the schemas', 'config')
    .option('--check', 'write nothing; exit 1 when a file is not up to date')
    .action(run(schema));
}

async function schema({ dir, check }: SchemaOptions, output: Output): Promise<number> {
  const texts = schemaTexts();
  const files = [
    { path: join(dir, 'broker.schema.json'), text: texts.broker },
    { path: join(dir, 'policy.schema.json'), text: texts.policy },
    ...(await referencePages(join(dir, 'reference'), texts)),
  ];
  const stale: string[] = [];
  for (const { path, text } of files) {
    const found = await readFile(path, 'utf8').catch(() => undefined);
    if (found !== text) stale.push(path);
  }
  if (check === true) {
    const lines = stale.map((path) => `${path} is not up to date; run npm run generate`);
    output.result(lines.length === 0 ? ['schemas and key tables are up to date'] : lines, { stale });
    return stale.length === 0 ? EXIT.ok : EXIT.no;
  }
  await makeFolder(dir);
  for (const { path, text } of files) await writeFile(path, text);
  output.result(
    files.map(({ path }) => `wrote ${path}`),
    { written: files.map(({ path }) => path) },
  );
  return EXIT.ok;
}

/** The pages with their tables filled; none where the folder has no reference. */
async function referencePages(folder: string, texts: SchemaTexts) {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const pages = names.filter((name) => name.endsWith('.md')).toSorted();
  return Promise.all(
    pages.map(async (name) => {
      const path = join(folder, name);
      return { path, text: fillTables(await readFile(path, 'utf8'), texts) };
    }),
  );
}
