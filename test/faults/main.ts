/**
 * Plants each fault alone into a copy of the repository, runs the tests named for it and prints a table.
 *
 * `npm run faults` plants all of them, `npm run faults -- http ldap-2` those whose id begins with one of the words.
 * Exits with 1 when a fault that is not marked as harmless is not detected.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from '../support/process.ts';
import type { Fault } from './fault.ts';
import { faults } from './index.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LEFT_OUT = new Set(['.git', 'node_modules', 'dist', 'data', 'reports', 'coverage']);

type Verdict = 'detected' | 'NOT DETECTED' | 'harmless' | 'TESTS FAIL WITHOUT IT' | 'DOES NOT FIT';

async function copyOfRepository(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-faults-'));
  await cp(ROOT, folder, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(relative(ROOT, path).split('/')[0] ?? ''),
  });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function testsPass(folder: string, tests: readonly string[]): Promise<boolean> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { code, stdout, stderr } = await run(process.execPath, [vitest, 'run', '--bail', '1', ...tests], {
    cwd: folder,
  });
  // Vitest exits with 1, too, when it finds no test file.
  if (/No test files found/.test(stdout + stderr)) throw new Error(`no test file matches ${tests.join(' ')}`);
  return code === 0;
}

async function plant(folder: string, fault: Fault): Promise<Verdict> {
  const path = join(folder, fault.file);
  const text = await readFile(path, 'utf8');
  if (text.split(fault.find).length !== 2) return 'DOES NOT FIT';
  await writeFile(
    path,
    text.replace(fault.find, () => fault.replace),
  );
  try {
    if (!(await testsPass(folder, fault.tests))) return 'detected';
    return fault.harmless === undefined ? 'NOT DETECTED' : 'harmless';
  } finally {
    await writeFile(path, text);
  }
}

const wanted = process.argv.slice(2);
const chosen = faults.filter(({ id }) => wanted.length === 0 || wanted.some((prefix) => id.startsWith(prefix)));
const folder = await copyOfRepository();
const verdicts: Verdict[] = [];
try {
  // The control: a test that fails anyway would detect everything.
  const tests = [...new Set(chosen.flatMap((fault) => fault.tests))];
  if (!(await testsPass(folder, tests))) verdicts.push('TESTS FAIL WITHOUT IT');
  else {
    for (const fault of chosen) {
      const verdict = await plant(folder, fault);
      verdicts.push(verdict);
      process.stdout.write(`${fault.id.padEnd(14)} ${verdict.padEnd(13)} ${fault.file}: ${fault.effect}\n`);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const failures = verdicts.filter((verdict) => verdict !== 'detected' && verdict !== 'harmless');
process.stdout.write(`${chosen.length} faults planted, ${verdicts.length - failures.length} detected or harmless\n`);
if (failures[0] === 'TESTS FAIL WITHOUT IT')
  process.stdout.write('the tests fail without any fault: nothing is shown\n');
process.exitCode = failures.length > 0 || chosen.length === 0 ? 1 : 0;
