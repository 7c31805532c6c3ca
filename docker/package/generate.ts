/**
 * `npm run generate`: writes what is generated from the code, from the schemas of the API and from the chart. With `--check`, it writes nothing and
 * ends with 1 when a file is not up to date. The plain manifests need Helm.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openApiDocument } from '../../src/http/api/openapi.ts';
import { apiPage } from './api-page.ts';
import { chartFiles, FLEET_MANIFEST, fleetManifest } from './chart.ts';
import type { GeneratedFile } from './chart.ts';
import { pageAssets } from './pages.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const isCheck = process.argv.includes('--check');

function hasHelm(): boolean {
  return spawnSync('helm', ['version'], { stdio: 'ignore' }).status === 0;
}

async function isStale({ path, text }: GeneratedFile): Promise<boolean> {
  return (await readFile(join(ROOT, path), 'utf8').catch(() => undefined)) !== text;
}

const schema = spawnSync(process.execPath, ['src/cli/main.ts', 'schema', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
});
const openApi: GeneratedFile = {
  path: 'config/openapi.json',
  text: `${JSON.stringify(openApiDocument(), undefined, 2)}\n`,
};
const files = [openApi, await apiPage(ROOT), await pageAssets(), ...(await chartFiles())];
if (hasHelm()) files.push(await fleetManifest('helm'));
else process.stdout.write(`${FLEET_MANIFEST} is left as it is: helm is not installed\n`);

let failed = schema.status !== 0;
for (const file of files) {
  if (!(await isStale(file))) continue;
  if (isCheck) {
    failed = true;
    process.stdout.write(`${file.path} is not up to date; run npm run generate\n`);
  } else {
    await writeFile(join(ROOT, file.path), file.text);
    process.stdout.write(`wrote ${file.path}\n`);
  }
}
process.exitCode = failed ? 1 : 0;
