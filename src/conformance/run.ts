/** Runs checks against a server. */
import type { Check, Verdict } from './check.ts';
import { NotDescribed, PHASES, skip } from './check.ts';
import type { Description } from './description/load.ts';
import { NoAnswer } from './exchange/send.ts';
import { createPace, OutOfTime } from './pace.ts';
import type { Report, Result } from './result.ts';
import { createRedaction } from './secrets.ts';
import { createServer, WRONG } from './server.ts';
import type { Server } from './server.ts';

interface RunOptions {
  /** Requests that are sent in a second. */
  readonly rate: number;
  /** Requests at the same time. */
  readonly parallel: number;
  /** Milliseconds for the whole run. Checks that are late fail. */
  readonly timeout: number;
}

const DEFAULT_AFTER = ['answer.token'];

/**
 * @param checks all checks, on which the chosen ones may depend
 * @param chosen the checks to report
 * @throws NoAnswer when the server cannot be reached
 */
export async function runChecks(
  url: URL,
  description: Description,
  checks: readonly Check[],
  chosen: readonly Check[],
  options: RunOptions,
): Promise<Report> {
  const redact = createRedaction([...description.users, { name: '', password: WRONG }]);
  const started = performance.now();
  const pace = createPace({ ...options, deadline: started + options.timeout });
  const server = createServer(url, description, pace);
  // A server that cannot be reached would fail every check.
  await server.answer();
  const byId = new Map(checks.map((check) => [check.id, check]));
  const results = new Map<string, Promise<Result>>();

  const resultOf = (check: Check): Promise<Result> => {
    const known = results.get(check.id) ?? judge(check);
    results.set(check.id, known);
    return known;
  };

  async function judge(check: Check): Promise<Result> {
    const missing = missingFor(check, server);
    if (missing !== undefined) return { check, outcome: 'skip', text: missing };
    for (const id of (check.after ?? DEFAULT_AFTER).filter((other) => other !== check.id)) {
      const needed = byId.get(id);
      if (needed === undefined) throw new Error(`${check.id} names an unknown check: ${id}`);
      const { outcome, text } = await resultOf(needed);
      if (outcome === 'fail') return { check, outcome: 'blocked', text: `not tried, because ${id} failed` };
      if (outcome === 'blocked') return { check, outcome, text };
    }
    const { outcome, text } = await tryCheck(check, server);
    return { check, outcome, text: redact(text) };
  }

  await Promise.all(chosen.filter(({ phase }) => phase === undefined).map(resultOf));
  for (const phase of PHASES) {
    for (const check of chosen) if (check.phase === phase) await resultOf(check);
  }
  return {
    url: url.href,
    name: description.name,
    time: new Date().toISOString(),
    results: await Promise.all(chosen.map(resultOf)),
    requests: pace.count(),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

/** @returns what the server file lacks for the check; undefined: nothing */
function missingFor({ needs }: Check, server: Server): string | undefined {
  try {
    needs?.(server);
    return undefined;
  } catch (error) {
    if (error instanceof NotDescribed) return error.message;
    throw error;
  }
}

async function tryCheck(check: Check, server: Server): Promise<Verdict> {
  try {
    return await check.run(server);
  } catch (error) {
    if (error instanceof NotDescribed) return skip(error.message);
    // What was not tried has not passed.
    if (error instanceof NoAnswer || error instanceof OutOfTime) return { outcome: 'fail', text: error.message };
    throw error;
  }
}
