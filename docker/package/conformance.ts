/**
 * `npm run package:conformance`: builds the conformance suite as a package of its own, without the broker and without
 * dependencies, into `build/packages`.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { version } from '../../src/platform/version.ts';
import { licencesOf } from './licences.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const STAGE = join(ROOT, 'build/conformance');
const PACKAGES = join(ROOT, 'build/packages');
const NAME = 'registry-token-conformance';
const COMMAND = `${NAME}.cjs`;

await rm(STAGE, { recursive: true, force: true });
await mkdir(PACKAGES, { recursive: true });
await using bundle = await rolldown({ cwd: ROOT, input: 'src/conformance/main.ts', platform: 'node' });
const { output } = await bundle.write({
  dir: STAGE,
  format: 'cjs',
  entryFileNames: COMMAND,
  // One file: it starts faster, and a reader finds everything in it.
  codeSplitting: false,
});
await chmod(join(STAGE, COMMAND), 0o755);
await writeFile(join(STAGE, 'THIRD-PARTY.txt'), await licencesOf(output));
await copyFile(join(ROOT, 'LICENSE'), join(STAGE, 'LICENSE'));
await cp(join(ROOT, 'src/conformance/vectors'), join(STAGE, 'vectors'), { recursive: true });
await copyFile(join(ROOT, 'src/conformance/server.schema.json'), join(STAGE, 'server.schema.json'));
await copyFile(join(ROOT, 'src/conformance/README.md'), join(STAGE, 'README.md'));
await writeFile(
  join(STAGE, 'package.json'),
  `${JSON.stringify(
    {
      name: NAME,
      version: version(),
      description: 'Conformance tests for the token servers of container registries',
      license: 'Apache-2.0',
      bin: { [NAME]: COMMAND },
      files: [COMMAND, 'vectors', 'server.schema.json', 'THIRD-PARTY.txt'],
      engines: { node: '>=22.12' },
    },
    undefined,
    2,
  )}\n`,
);
await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', PACKAGES], { cwd: STAGE });
process.stdout.write(`wrote build/packages/${NAME}-${version()}.tgz\n`);
