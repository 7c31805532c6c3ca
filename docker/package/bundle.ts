/**
 * `npm run build`: bundles the command and its threads into `dist`, with the libraries that they use. Modules that are
 * CommonJS in one file start in half the time of many ES modules, because Node.js resolves fewer files and the imports
 * of its own modules are not linked.
 */
import { copyFile, chmod, rm } from 'node:fs/promises';
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
const bundle = await rolldown({
  cwd: ROOT,
  input: ENTRIES,
  platform: 'node',
  // It has a native part, which cannot be bundled.
  external: ['bcrypt'],
  // A task names its module by `import.meta.url`, so that its code has to stay in its entry.
  preserveEntrySignatures: 'allow-extension',
});
await bundle.write({
  dir: DIST,
  format: 'cjs',
  exports: 'named',
  sourcemap: true,
  entryFileNames: '[name].cjs',
  // In the same folder, because the broker finds its threads beside its own file.
  chunkFileNames: '[name]-[hash].cjs',
});
await bundle.close();

const command = join(DIST, 'fairlead.cjs');
await copyFile(join(ROOT, 'src/cli/fairlead.cjs'), command);
await chmod(command, 0o755);
