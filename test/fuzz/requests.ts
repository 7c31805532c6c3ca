/** Mutated requests against a broker: what it answers, and everything that must not happen. */
import { ASK_PUBLIC } from '../support/static-broker.ts';
import { secretsIn } from '../support/secrets.ts';
import { mutate } from './mutate.ts';
import { createRandom } from '../support/random.ts';
import { sendRaw } from './raw-request.ts';
import { isTypedName, namesIn } from './typed-names.ts';
import type { FuzzWorld } from './world.ts';

interface FuzzReport {
  readonly requests: number;
  /** How many answers there were of each status; 0: closed without an answer. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly logLines: number;
  /** What must not happen, with the number of the request where there is one. */
  readonly failures: readonly string[];
}

interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

/** Fewer than the broker and its backends serve at once: further requests would get 503. */
const CONCURRENCY = 24;
const MAX_FAILURES = 20;
const PROGRESS = 10_000;

export async function fuzzRequests(world: FuzzWorld, { count, seed, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  /** Names that hold a secret. */
  const names = new Set<string>();
  let next = 0;

  async function work(): Promise<void> {
    while (next < count && failures.length < MAX_FAILURES) {
      const index = next++;
      if (index % PROGRESS === 0) onProgress?.(index);
      // By its own number, so that a request can be repeated alone.
      const bytes = requestAt(world, seed, index);
      for (const name of namesIn(bytes)) if (secretIn(name, world.secrets) !== undefined) names.add(name);
      const answer = await sendRaw(world.broker.port, bytes);
      for (const status of answer.statuses.length === 0 ? [0] : answer.statuses)
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      failures.push(...problemsOf(answer).map((problem) => `request ${index}: ${problem}: ${shown(bytes)}`));
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));

  failures.push(...(await brokerProblems(world)));
  const lines = world.broker.process
    .stderr()
    .split('\n')
    .filter((line) => line !== '');
  failures.push(...logProblems(lines, world.secrets, names));
  return { requests: next, statuses, logLines: lines.length, failures };
}

/** The same bytes for the same seed and number. */
export function requestAt({ requests }: Pick<FuzzWorld, 'requests'>, seed: number, index: number): Buffer {
  const random = createRandom(seed * 1_000_003 + index);
  return mutate(random.pick(requests), random);
}

function problemsOf({ statuses, hung }: Awaited<ReturnType<typeof sendRaw>>): readonly string[] {
  return [
    ...(hung ? ['no answer in time'] : []),
    ...statuses.filter((status) => status >= 500).map((status) => `answered ${status}`),
  ];
}

/** Whether it still serves as it did. */
async function brokerProblems({ broker }: FuzzWorld): Promise<readonly string[]> {
  if (!broker.process.isRunning()) return ['the broker has ended'];
  const { status } = await broker.token(ASK_PUBLIC);
  return status === 200 ? [] : [`an ordinary request is answered ${status} afterwards`];
}

/**
 * @param lines of the log, each without its line break
 * @param names the user names with a secret in them that were sent
 */
export function logProblems(
  lines: readonly string[],
  secrets: readonly string[],
  names: ReadonlySet<string> = new Set(),
): readonly string[] {
  return lines.flatMap((line) => problemsOfLine(line, secrets, names)).slice(0, MAX_FAILURES);
}

function problemsOfLine(line: string, secrets: readonly string[], names: ReadonlySet<string>): readonly string[] {
  if (!isJsonObject(line)) return [`a log line is not JSON: ${line.slice(0, 200)}`];
  const secret = secretIn(line, secrets);
  const isUnallowed = secret !== undefined && secretIn(withoutTypedName(line, names), secrets) !== undefined;
  return [
    ...(line.includes('a promise failed unseen') ? [`unhandled rejection: ${line}`] : []),
    ...(isUnallowed ? [`in the log: the secret ${secret.slice(0, 8)}…: ${line.slice(0, 200)}`] : []),
  ];
}

function secretIn(text: string, secrets: readonly string[]): string | undefined {
  return secrets.find((secret) => text.includes(secret)) ?? secretsIn(text)[0];
}

/** The line without its user, where that is a name that was sent. */
function withoutTypedName(line: string, names: ReadonlySet<string>): string {
  const { user, ...rest } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  return typeof user === 'string' && isTypedName(user, names) ? JSON.stringify(rest) : line;
}

function isJsonObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

const shown = (bytes: Buffer): string => JSON.stringify(bytes.subarray(0, 300).toString('latin1'));
