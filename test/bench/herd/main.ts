/**
 * `npm run bench:herd -- [--nodes N --logins N --brokers N --tokens N --binds N --remember SECONDS --spread SECONDS]`:
 * how long the nodes of a cluster wait for their images when all begin at the same time, by simulation, for a site of
 * these figures and for fleets of three sizes. `--real` compares the simulation with real brokers, slapd behind a gate
 * of binds and, where it is installed, Redis.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../../support/random.ts';
import { findPart } from '../../support/parts.ts';
import { REDIS, startStore } from '../../support/valkey.ts';
import { printRow } from '../table.ts';
import { runHerd, startNodeDirectory } from './real-herd.ts';
import { simulate } from './simulation.ts';
import type { Herd, Result } from './simulation.ts';

const SEED = 1;
/** A pull of which nobody complains: the image itself takes longer. */
const GOOD_P99_SECONDS = 10;
const MOST_BROKERS = 32;

/** The figures of a site: measured ones belong in their place. */
const OPTIONS = {
  nodes: { type: 'string', default: '5000' },
  logins: { type: 'string', default: '500' },
  brokers: { type: 'string', default: '3' },
  /** Tokens a second of one broker; `npm run bench` measures them. */
  tokens: { type: 'string', default: '4000' },
  /** Binds a second of the directory. */
  binds: { type: 'string', default: '150' },
  remember: { type: 'string', default: '60' },
  spread: { type: 'string', default: '2' },
  real: { type: 'boolean', default: false },
} as const;

const { values } = parseArgs({ options: OPTIONS });

const site: Omit<Herd, 'cache'> = {
  nodes: number('nodes'),
  logins: number('logins'),
  brokers: number('brokers'),
  tokensPerSecond: number('tokens'),
  bindsPerSecond: number('binds'),
  remember: number('remember'),
  spread: number('spread'),
  tokensPerPull: 3,
  gap: 1.5,
  deadline: 8,
};

if (values.real) await compareWithRealBrokers();
else {
  showSite();
  showSizes();
}

function number(name: Exclude<keyof typeof OPTIONS, 'real'>): number {
  const value = Number(values[name]);
  if (value > 0 && value <= 1_000_000) return value;
  throw new Error(`--${name}: expected a number from 1 to 1000000, found ${values[name]}`);
}

function showSite(): void {
  const { nodes, logins, brokers, tokensPerSecond, bindsPerSecond, spread } = site;
  process.stdout.write(
    `${nodes} nodes with ${logins} logins begin within ${spread} s; ${brokers} brokers of ${tokensPerSecond} tokens/s; ` +
      `the directory does ${bindsPerSecond} binds/s\n\n`,
  );
  printRow('cache of logins', 'binds', '503', 'p50 s', 'p99 s');
  for (const cache of ['none', 'each', 'shared'] as const)
    printResult(cache, simulate({ ...site, cache }, createRandom(SEED)));
  const down = { ...site, cache: 'shared', remember: 0.5, directoryDown: 60 } as const;
  printResult('shared, directory down for 60 s', simulate(down, createRandom(SEED)));
  printResult('the same with staleIfError', simulate({ ...down, staleIfError: true }, createRandom(SEED)));
}

/** The smallest fleet whose pulls take no longer than they may, for clusters of three sizes. */
function showSizes(): void {
  process.stdout.write(`\nbrokers for p99 <= ${GOOD_P99_SECONDS} s and no 503 (at most ${MOST_BROKERS})\n\n`);
  printRow('nodes, logins', 'each', 'binds', 'p99 s', 'shared', 'binds', 'p99 s');
  for (const nodes of [1000, 10_000, 100_000]) {
    for (const logins of [1, nodes / 100, nodes / 10, nodes]) {
      const cells = (['each', 'shared'] as const).flatMap((cache) => smallestFleet({ ...site, nodes, logins, cache }));
      printRow(`${nodes}, ${logins}`, ...cells);
    }
  }
}

/** Number of brokers, binds and seconds; `-` if no fleet is fast enough. */
function smallestFleet(herd: Herd): readonly [brokers: string, binds: string, p99: string] {
  const secondsOfBinds = herd.logins / herd.bindsPerSecond;
  // The directory alone takes longer, however many brokers there are.
  if (secondsOfBinds > GOOD_P99_SECONDS + herd.spread)
    return ['-', String(herd.logins), `> ${secondsOfBinds.toFixed(0)}`];
  for (let brokers = 1; brokers <= MOST_BROKERS; brokers *= 2) {
    const { binds, refused, p99 } = simulate({ ...herd, brokers }, createRandom(SEED));
    if (refused === 0 && p99 <= GOOD_P99_SECONDS) return [String(brokers), String(binds), p99.toFixed(1)];
  }
  return ['-', '-', '-'];
}

async function compareWithRealBrokers(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-herd-'));
  try {
    await using directory = await startNodeDirectory(site.logins);
    printRow('cache of logins', 'binds', '503', 'p50 s', 'p99 s');
    const each = { ...site, cache: 'each' } as const;
    printResult('each, simulated', simulate(each, createRandom(SEED)));
    printResult('each, real', await runHerd(each, createRandom(SEED), { folder: join(folder, 'each'), directory }));
    if (findPart(REDIS) === undefined) {
      process.stdout.write('shared: redis-server is not installed\n');
      return;
    }
    await using store = await startStore(REDIS.program);
    const shared = { ...site, cache: 'shared' } as const;
    printResult('shared, simulated', simulate(shared, createRandom(SEED)));
    const parts = { folder: join(folder, 'shared'), directory, store };
    printResult('shared, real', await runHerd(shared, createRandom(SEED), parts));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function printResult(name: string, { binds, refused, p50, p99 }: Result): void {
  printRow(name, binds.toFixed(0), refused.toFixed(0), p50.toFixed(1), p99.toFixed(1));
}
