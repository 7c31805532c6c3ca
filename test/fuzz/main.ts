/**
 * `npm run fuzz -- [REQUESTS] [SEED]`: mutated requests (300,000 by default) against a broker with every backend that
 * this machine can run, and one mutated configuration or policy file for each fifty of them. Loopback only. Exits 1
 * after a status of 500 or more, a hang, an unhandled rejection, a log line that is not JSON, a secret in the log, or
 * an exception other than ConfigError. The same seed makes the same requests.
 */
import { fuzzFiles } from './files.ts';
import { fuzzRequests } from './requests.ts';
import { startFuzzWorld } from './world.ts';

const MAX_REQUESTS = 1_000_000;
const count = Number(process.argv[2] ?? 300_000);
const seed = Number(process.argv[3] ?? 1);
if (!Number.isInteger(count) || count < 1 || count > MAX_REQUESTS || !Number.isInteger(seed)) {
  process.stderr.write(`usage: npm run fuzz -- [REQUESTS, at most ${MAX_REQUESTS}] [SEED]\n`);
  process.exit(2);
}
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const started = performance.now();

const files = await fuzzFiles(Math.ceil(count / 50), seed);
say(`seed ${seed}: ${files.files} files: ${files.taken} read, ${files.refused} refused`);

await using world = await startFuzzWorld();
say(`backends: ${world.backends.join(', ')}`);
const report = await fuzzRequests(world, { count, seed, onProgress: (done) => say(`${done} requests`) });
const statuses = [...report.statuses].toSorted(([a], [b]) => a - b);
say(
  `seed ${seed}: ${report.requests} requests: ` +
    statuses.map(([status, times]) => `${status === 0 ? 'closed' : status}:${times}`).join(' '),
);
say(`${report.logLines} log lines, ${Math.round((performance.now() - started) / 1000)} s`);

const failures = [...files.failures, ...report.failures];
for (const failure of failures) say(`FAIL ${failure}`);
say(failures.length === 0 ? 'ok' : `${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;
