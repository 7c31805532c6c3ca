/** `fairlead schema`: writes the JSON Schemas by which editors complete configuration files. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { schemaTexts } from '../../config/json-schema.ts';
import { createCommand } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface SchemaOptions extends SharedOptions {
  readonly dir: string;
  readonly check?: true;
}

export function schemaCommand(run: Run): Command {
  return createCommand('schema', 'Write broker.schema.json and policy.schema.json for editors')
    .option('--dir <folder>', 'the folder of the schemas', 'config')
    .option('--check', 'write nothing; exit 1 when a schema is not up to date')
    .action(run(schema));
}

async function schema({ dir, check }: SchemaOptions, output: Output): Promise<number> {
  const texts = schemaTexts();
  const files = [
    { path: join(dir, 'broker.schema.json'), text: texts.broker },
    { path: join(dir, 'policy.schema.json'), text: texts.policy },
  ];
  const stale: string[] = [];
  for (const { path, text } of files) {
    const current = await readFile(path, 'utf8').catch(() => undefined);
    if (current !== text) stale.push(path);
  }
  if (check === true) {
    const lines = stale.map((path) => `${path} is not up to date; run npm run generate`);
    output.result(lines.length === 0 ? ['schemas are up to date'] : lines, { stale });
    return stale.length === 0 ? EXIT.ok : EXIT.no;
  }
  await mkdir(dir, { recursive: true });
  for (const { path, text } of files) await writeFile(path, text);
  output.result(
    files.map(({ path }) => `wrote ${path}`),
    { written: files.map(({ path }) => path) },
  );
  return EXIT.ok;
}
