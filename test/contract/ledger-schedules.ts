/** Random schedules of logins at a directory that counts wrong passwords, and locks the account at some number. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { UNSETTLED_SECONDS } from '../../src/core/ledger.ts';
import type { Attempt, Budget, Ledger } from '../../src/core/ledger.ts';
import type { Clock } from '../../src/core/ports.ts';
import { fixedClock } from '../support/fakes.ts';

const MAX = 4;
const WINDOW = 60;
const RUNS = 300;

/** What a schedule needs of the algorithm under test. A handle is an admitted attempt. */
export interface Admission<Handle> {
  /** @returns undefined when the attempt is refused */
  reserve(n: number, isRight: boolean): Promise<Handle | undefined>;
  settle(handle: Handle, outcome: 'success' | 'wrong' | 'none'): Promise<void>;
}

type Step =
  | { readonly do: 'guess' | 'log-in'; readonly which?: never }
  /** The password of an attempt reaches the directory; it is settled; or the broker that made it stops. */
  | { readonly do: 'arrive' | 'settle' | 'crash'; readonly which: number }
  | { readonly do: 'wait'; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ do: 'guess' } as const) },
  { weight: 2, arbitrary: fc.constant({ do: 'log-in' } as const) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constantFrom('arrive', 'settle', 'arrive', 'settle', 'crash'), which: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 40 }) }) },
);
export const schedules: fc.Arbitrary<readonly Step[]> = fc.array(step, { minLength: 20, maxLength: 120 });

interface UnderWay<Handle> {
  readonly handle: Handle;
  readonly isRight: boolean;
  readonly since: number;
  hasArrived: boolean;
}

/** @returns the most wrong passwords that the directory received since its last successful login, within its window */
export async function mostWrong<Handle>(
  admission: Admission<Handle>,
  clock: ReturnType<typeof fixedClock>,
  steps: readonly Step[],
): Promise<number> {
  const underWay: UnderWay<Handle>[] = [];
  const directory = { wrong: 0, last: -Infinity, most: 0 };
  const now = (): number => clock.monotonic() / 1000;

  function arrive(attempt: UnderWay<Handle>): void {
    // A login is over before an attempt counts as lost.
    if (attempt.hasArrived || now() - attempt.since >= UNSETTLED_SECONDS) return;
    attempt.hasArrived = true;
    if (attempt.isRight || now() - directory.last >= WINDOW) directory.wrong = 0;
    if (attempt.isRight) return;
    directory.wrong += 1;
    directory.last = now();
    directory.most = Math.max(directory.most, directory.wrong);
  }

  for (const [n, one] of steps.entries()) {
    if (one.do === 'wait') clock.advance(one.seconds);
    else if (one.do === 'guess' || one.do === 'log-in') {
      const isRight = one.do === 'log-in';
      const handle = await admission.reserve(n, isRight);
      if (handle !== undefined) underWay.push({ handle, isRight, since: now(), hasArrived: false });
    } else {
      const attempt = underWay[(one.which ?? 0) % Math.max(1, underWay.length)];
      if (attempt === undefined) continue;
      if (one.do === 'arrive') arrive(attempt);
      else underWay.splice(underWay.indexOf(attempt), 1);
      if (one.do === 'crash') arrive(attempt);
      if (one.do !== 'settle') continue;
      const outcome = attempt.isRight ? 'success' : 'wrong';
      await admission.settle(attempt.handle, attempt.hasArrived ? outcome : 'none');
    }
  }
  return directory.most;
}

/** Guesses are not trusted; the owner is after the first login. */
export function throughLedger(ledger: Ledger): Admission<Attempt> {
  const budget: Budget = {
    kind: 'account',
    key: 'alice',
    limit: MAX - 1,
    trusted: { by: 'either', limit: MAX },
    window: WINDOW,
    isClearedBySuccess: true,
    countsRefused: false,
  };
  const keysOf = (n: number, isRight: boolean) => ({ password: isRight ? 'right' : `guess ${n}` });
  return {
    reserve: async (n, isRight) => {
      const { password } = keysOf(n, isRight);
      const trust = keysOf(n, isRight);
      const reserved = await ledger.reserve({ id: `${n}`, backend: 'corp', password, budgets: [budget], trust });
      return reserved.kind === 'go' ? reserved.attempt : undefined;
    },
    settle: (attempt, outcome) =>
      ledger.settle({
        outcome,
        attempt,
        knownSeconds: WINDOW,
        trust: { keys: { password: attempt.password }, seconds: 10_000 },
      }),
  };
}

/** The algorithm of a plain counter: the window begins at the first attempt, and a success sets the count to 0. */
export function throughCounter(clock: Clock): Admission<true> {
  let count = 0;
  let until = 0;
  return {
    reserve: async () => {
      if (until <= clock.monotonic()) count = 0;
      if (count >= MAX) return undefined;
      if (count === 0) until = clock.monotonic() + WINDOW * 1000;
      count += 1;
      return true;
    },
    settle: async (_handle, outcome) => {
      if (outcome === 'success') count = 0;
      if (outcome === 'none') count = Math.max(0, count - 1);
    },
  };
}

export function ledgerProperties(open: (clock: Clock) => Promise<Ledger & AsyncDisposable>, runs = RUNS): void {
  const many = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? runs) };
  it('never lets more wrong passwords through than the limit, for any order of logins, answers and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async (steps) => {
        const clock = fixedClock();
        await using ledger = await open(clock);
        expect(await mostWrong(throughLedger(ledger), clock, steps)).toBeLessThanOrEqual(MAX);
      }),
      many,
    );
  });

  it('leaves one attempt to the owner: guesses alone stay one below the limit', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async (steps) => {
        const clock = fixedClock();
        await using ledger = await open(clock);
        const guesses = steps.filter((one) => one.do !== 'log-in');
        expect(await mostWrong(throughLedger(ledger), clock, guesses)).toBeLessThanOrEqual(MAX - 1);
      }),
      many,
    );
  });

  it('is compared with a plain counter, which lets more through', async () => {
    const { failed } = await fc.check(
      fc.asyncProperty(schedules, async (steps) => {
        const clock = fixedClock();
        return (await mostWrong(throughCounter(clock), clock, steps)) <= MAX;
      }),
      { numRuns: 2000 },
    );
    expect(failed).toBe(true);
  });
}
