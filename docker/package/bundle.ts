/**
 * `npm run build`: bundles the command and its threads into `dist`, with the libraries that they use. They are
 * CommonJS in few files, which start faster than many ES modules: Node.js resolves fewer files and does not link the
 * imports of its own modules.
 */
import { chmod, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');

/** The command, and what Node.js loads by its path: the threads and their tasks. */
const ENTRIES = {
  main: 'src/cli/main.ts',
  'compile-cache': 'src/cli/compile-cache.ts',
  'background-thread': 'src/platform/background-thread.ts',
  'sqlite-worker': 'src/platform/store/sqlite-worker.ts',
  'policy-task': 'src/config/policy-task.ts',
  'users-task': 'src/backends/static-file/users-task.ts',
};

await rm(DIST, { recursive: true, force: true });
await using bundle = await rolldown({
  cwd: ROOT,
  input: ENTRIES,
  platform: 'node',
  // It has a native part, which cannot be bundled.
  external: ['bcrypt'],
  // A task names its module by `import.meta.url`, so that its code has to stay in its entry.
  preserveEntrySignatures: 'allow-extension',
});
const { output } = await bundle.write({
  dir: DIST,
  format: 'cjs',
  exports: 'named',
  sourcemap: true,
  entryFileNames: '[name].cjs',
  // In the same folder, because the broker finds its threads beside its own file.
  chunkFileNames: '[name]-[hash].cjs',
  // The text of a module stays in memory. The licences are in a file of their own.
  comments: false,
});

for (const { type, fileName } of output) if (type === 'chunk') await escapeNonAscii(join(DIST, fileName));

const command = join(DIST, 'fairlead.cjs');
await copyFile(join(ROOT, 'src/cli/fairlead.cjs'), command);
await chmod(command, 0o755);
const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
await writeFile(join(DIST, 'THIRD-PARTY.txt'), await licences(modules));

/**
 * V8 keeps the text of a module in memory, and takes two bytes for each character as soon as one of them is not in
 * Latin-1. Outside comments, such characters are in texts and regular expressions only, where an escape means the same.
 */
async function escapeNonAscii(file: string): Promise<void> {
  const code = await readFile(file, 'utf8');
  const escaped = code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  await writeFile(file, escaped);
}

/** The licences of the bundled packages, which ask for their text in each copy. */
async function licences(modulePaths: readonly string[]): Promise<string> {
  const folders = modulePaths.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
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
