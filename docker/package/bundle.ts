/**
 * `npm run build`: bundles the command and its threads into `dist`, with the libraries that they use. They are
 * CommonJS in few files, which start faster than many ES modules: Node.js resolves fewer files and does not link the
 * imports of its own modules.
 */
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { licencesOf } from './licences.ts';
import { chunkAround, lightChunk } from './start-chunks.ts';
import { leaveOutUnused } from './unused.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');

/** The commands, and what Node.js loads by its path: the threads and their tasks. */
const ENTRIES = {
  main: 'src/cli/main.ts',
  helper: 'src/helper/main.ts',
  'compile-cache': 'src/cli/compile-cache.ts',
  'background-thread': 'src/platform/background-thread.ts',
  'sqlite-worker': 'src/platform/store/sqlite-worker.ts',
  'policy-task': 'src/config/policy-task.ts',
  'policy-questions': 'src/app/api/policy-questions.ts',
  'users-task': 'src/backends/static-file/users-task.ts',
};

const inRoot = (path: string): string => join(ROOT, path);
const entries = Object.values(ENTRIES).map(inRoot);
const COMPOSE = inRoot('src/app/compose.ts');

await rm(DIST, { recursive: true, force: true });
await using bundle = await rolldown({
  cwd: ROOT,
  input: ENTRIES,
  platform: 'node',
  // It has a native part, which cannot be bundled.
  external: ['bcrypt'],
  plugins: [leaveOutUnused()],
  // A task names its module by `import.meta.url`, so that its code has to stay in its entry.
  preserveEntrySignatures: 'allow-extension',
});
const { output } = await bundle.write({
  dir: DIST,
  format: 'cjs',
  exports: 'named',
  sourcemap: true,
  codeSplitting: {
    groups: [
      chunkAround('configuration', inRoot('src/config/broker-schema.ts'), entries),
      chunkAround('server', COMPOSE, entries),
      lightChunk([inRoot('src/cli/commands/serve.ts'), COMPOSE], inRoot('src')),
    ],
  },
  entryFileNames: '[name].cjs',
  // In the same folder, because the broker finds its threads next to its own file.
  chunkFileNames: '[name]-[hash].cjs',
  // The text of a module stays in memory. The licences are in a file of their own, and the names in error messages and
  // stack traces stay.
  comments: false,
  minify: { compress: false, mangle: false },
});

for (const { type, fileName } of output) if (type === 'chunk') await escapeNonAscii(join(DIST, fileName));

for (const name of ['fairlead', 'docker-credential-fairlead']) {
  const command = join(DIST, `${name}.cjs`);
  await copyFile(join(import.meta.dirname, 'start.cjs'), command);
  await chmod(command, 0o755);
}
await writeFile(join(DIST, 'THIRD-PARTY.txt'), await licencesOf(output));

/**
 * V8 keeps the text of a module in memory, and takes two bytes for each character as soon as one of them is not in
 * Latin-1. Outside comments, such characters are in texts and regular expressions only, where an escape means the same.
 */
async function escapeNonAscii(file: string): Promise<void> {
  const code = await readFile(file, 'utf8');
  const escaped = code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  await writeFile(file, escaped);
}
