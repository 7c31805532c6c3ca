/** Mutated configuration and policy files: each is read, or refused with a ConfigError, in reasonable time. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadBroker, loadPolicy } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { mutate } from './mutate.ts';
import { createRandom } from '../support/random.ts';

interface FileFuzzReport {
  readonly files: number;
  readonly taken: number;
  readonly refused: number;
  readonly failures: readonly string[];
}

const CONFIG = resolve(import.meta.dirname, '../../config');
const MAX_MS = 10_000;

export type Load = (path: string) => Promise<unknown>;
interface Sample {
  readonly text: Buffer;
  readonly load: Load;
}

/** What only YAML has. */
const BOMBS = [
  '&a [*a]',
  '*a',
  '<<: *a',
  '!!binary x',
  '? ',
  '[',
  '{a: ',
  '- ',
  '---\n',
  '%YAML 1.1\n',
  '\t',
  '|\n ',
  "'",
] as const;

/** @param load replaces what reads the files, for the control */
export async function fuzzFiles(count: number, seed: number, load?: Load): Promise<FileFuzzReport> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-fuzz-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'policy.yaml'), 'rules: []\n');
  await writeFile(join(folder, 'users.yaml'), 'users: {}\n');
  const samples = await readSamples();
  const path = join(folder, 'file.yaml');
  const failures: string[] = [];
  let [taken, refused] = [0, 0];
  for (let index = 0; index < count && failures.length < 20; index += 1) {
    const random = createRandom(seed * 1_000_003 + index);
    const sample = random.pick(samples);
    await writeFile(path, insertBombs(mutate(sample.text, random), random));
    const started = performance.now();
    try {
      await (load ?? sample.load)(path);
      taken += 1;
    } catch (error) {
      if (error instanceof ConfigError) refused += 1;
      else failures.push(`file ${index}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    if (performance.now() - started > MAX_MS) failures.push(`file ${index}: took more than ${MAX_MS} ms`);
  }
  return { files: taken + refused, taken, refused, failures };
}

async function readSamples(): Promise<readonly [Sample, ...Sample[]]> {
  const read = async (name: string, load: Load): Promise<Sample> => ({
    text: await readFile(join(CONFIG, name)),
    load,
  });
  return [
    await read('broker.yaml', loadBroker),
    await read('examples/full.yaml', loadBroker),
    await read('examples/active-directory.yaml', loadBroker),
    await read('policy.yaml', loadPolicy),
  ];
}

function insertBombs(bytes: Buffer, random: ReturnType<typeof createRandom>): Buffer {
  if (!random.oneIn(3)) return bytes;
  const at = random.int(bytes.length + 1);
  const bomb = random.pick(BOMBS).repeat(random.oneIn(4) ? 1 + random.int(20_000) : 1);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(bomb), bytes.subarray(at)]);
}
