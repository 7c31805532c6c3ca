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

/** Milliseconds for the tests of one fault; a fault may well make them hang. */
const TIMEOUT_MS = 600_000;

async function testsPass(folder: string, tests: readonly string[]): Promise<boolean> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const { code, stdout, stderr } = await run(process.execPath, [vitest, 'run', '--bail', '1', ...tests], {
    cwd: folder,
    timeoutMs: TIMEOUT_MS,
  });
  // Vitest exits with 1, too, when it finds no test file.
  if (/No test files found/.test(stdout + stderr)) throw new Error(`no test file matches ${tests.join(' ')}`);
  return code === 0;
}

/** The control: tests that fail without a fault would detect everything. Each set of tests is run once. */
const controls = new Map<string, boolean>();
async function passesWithoutFault(folder: string, tests: readonly string[]): Promise<boolean> {
  const key = tests.join(' ');
  const known = controls.get(key);
  if (known !== undefined) return known;
  const passes = await testsPass(folder, tests);
  controls.set(key, passes);
  return passes;
}

async function plant(folder: string, fault: Fault): Promise<Verdict> {
  const path = join(folder, fault.file);
  const text = await readFile(path, 'utf8');
  if (text.split(fault.find).length !== 2) return 'DOES NOT FIT';
  if (!(await passesWithoutFault(folder, fault.tests))) return 'TESTS FAIL WITHOUT IT';
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
  for (const fault of chosen) {
    const verdict = await plant(folder, fault);
    verdicts.push(verdict);
    process.stdout.write(`${fault.id.padEnd(14)} ${verdict.padEnd(13)} ${fault.file}: ${fault.effect}\n`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const failures = verdicts.filter((verdict) => verdict !== 'detected' && verdict !== 'harmless');
process.stdout.write(`${chosen.length} faults planted, ${verdicts.length - failures.length} detected or harmless\n`);
if (failures[0] === 'TESTS FAIL WITHOUT IT')
  process.stdout.write('the tests fail without any fault: nothing is shown\n');
process.exitCode = failures.length > 0 || chosen.length === 0 ? 1 : 0;
