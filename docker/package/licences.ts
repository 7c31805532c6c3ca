/** The licences of bundled packages. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputAsset, OutputChunk } from 'rolldown';

/** @returns the licences of the packages in a bundle, which ask for their text in each copy */
export async function licencesOf(output: readonly (OutputChunk | OutputAsset)[]): Promise<string> {
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const folders = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const texts = [...new Set(folders)].toSorted().map(licenceOf);
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenceOf(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'package.json'), 'utf8');
  const { name, version, license }: Readonly<Record<string, unknown>> = JSON.parse(text);
  const file = (await readdir(folder)).find((entry) => /^(?:un)?licen[sc]e/i.test(entry));
  const licenceText = file === undefined ? '' : `\n${await readFile(join(folder, file), 'utf8')}`;
  return `${String(name)} ${String(version)}, ${String(license)}\n${licenceText}`;
}
