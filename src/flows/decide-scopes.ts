/** Decides the scopes of a request within bounds: the time of a decision grows with rules, groups and wildcards. */
import type { Grant } from '../core/access.ts';
import { BrokerError } from '../core/errors.ts';
import { decideFor } from '../core/policy/decide-for.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Situation } from '../core/policy/situation.ts';
import type { Clock, Timer } from '../core/ports.ts';
import type { Scope } from '../core/scope.ts';

/** Milliseconds after which a request with many scopes yields to other requests. */
const TURN_MS = 5;
/** Milliseconds of deciding, without the turns of other requests. Ordinary requests take less than one. */
const BUDGET_MS = 2000;
/** Milliseconds from the first decision to the last, with the turns of other requests. */
const DEADLINE_MS = 10_000;

/** @throws BrokerError `too_much_work` when the decisions take too long */
export async function decideScopes(
  policy: Policy,
  situation: Situation,
  scopes: readonly Scope[],
  { clock, timer }: { readonly clock: Clock; readonly timer: Timer },
): Promise<readonly Grant[]> {
  const grants: Grant[] = [];
  const started = clock.monotonic();
  let turnStarted = started;
  let worked = 0;
  for (const scope of scopes) {
    const now = clock.monotonic();
    if (now - turnStarted > TURN_MS) {
      worked += now - turnStarted;
      if (worked > BUDGET_MS || now - started > DEADLINE_MS) throw tooMuchWork(grants.length, scopes.length);
      await timer.turn();
      turnStarted = clock.monotonic();
    }
    grants.push(decideFor(policy, situation, scope));
  }
  return grants;
}

function tooMuchWork(decided: number, all: number): BrokerError {
  const cure = 'simplify the rules with several wildcards and placeholders, or request fewer scopes';
  return new BrokerError('too_much_work', `only ${decided} of ${all} scopes decided in time; ${cure}`);
}
