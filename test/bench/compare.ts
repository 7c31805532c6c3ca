/**
 * `npm run bench:compare -- COMMIT SCRIPT`, such as `v0.1.0 bench:policy`: runs a benchmark three times in an older
 * commit and in this checkout, in turns. The older commit has its own version of the benchmark, and the libraries of
 * this checkout.
 */
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runOk } from '../support/process.ts';

const ROUNDS = 3;
const TIMEOUT_MS = 30 * 60_000;
const HERE = resolve(import.meta.dirname, '../..');

const [commit, script] = process.argv.slice(2);
if (commit === undefined || script === undefined) throw new Error('usage: npm run bench:compare -- COMMIT SCRIPT');

const folder = join(await mkdtemp(join(tmpdir(), 'fairlead-compare-')), 'older');
await runOk('git', ['worktree', 'add', '--detach', folder, commit], { cwd: HERE });
try {
  await symlink(join(HERE, 'node_modules'), join(folder, 'node_modules'));
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [name, cwd] of [
      [commit, folder],
      ['this checkout', HERE],
    ] as const) {
      const output = await runOk('npm', ['run', '--silent', script], { cwd, timeoutMs: TIMEOUT_MS });
      process.stdout.write(`\n=== round ${round}, ${name}\n${output}`);
    }
  }
} finally {
  await runOk('git', ['worktree', 'remove', '--force', folder], { cwd: HERE });
  await rm(resolve(folder, '..'), { recursive: true, force: true });
}
