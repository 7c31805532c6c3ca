/** What `check --connect` and `check --login` do with the backends, step by step. */
import { deadlineIn } from '../core/deadline.ts';
import type { Deadline } from '../core/deadline.ts';
import { describeError } from '../core/errors.ts';
import type { Credential } from '../core/identity.ts';
import type { Authenticator, Clock, Step } from '../core/ports.ts';
import type { ChainedBackend } from '../flows/chain.ts';
import { LOGIN_BUDGET_MS } from '../flows/login-time.ts';
import { traceLogin } from '../flows/trace-login.ts';
import type { Chain } from '../flows/walk-chain.ts';

export async function probeAll(backends: readonly ChainedBackend[], clock: Clock): Promise<readonly Step[]> {
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  const steps = await Promise.all(backends.map(({ authenticator }) => probeOne(authenticator, deadline)));
  return steps.flat();
}

async function probeOne(authenticator: Authenticator, deadline: Deadline): Promise<readonly Step[]> {
  const { name } = authenticator;
  const steps: Step[] = [];
  const report = (step: Step): void => void steps.push({ ...step, text: `backend ${name}: ${step.text}` });
  try {
    await authenticator.diagnose?.(undefined, deadline, report);
  } catch (error) {
    report({ ok: false, text: describeError(error) });
  }
  const state = await authenticator.probe(deadline);
  const hasFailed = steps.some(({ ok }) => !ok);
  // After a failed step, "answers" would read as "works", and the details are given already.
  if (state.state === 'up') return hasFailed ? steps : [...steps, { ok: true, text: `backend ${name} answers` }];
  return [...steps, { ok: false, text: `backend ${name} is down${hasFailed ? '' : `: ${state.detail}`}` }];
}

/** Logs in as the token endpoint does, without the shield, and reports each step. */
export async function checkLogin(chain: Chain, credential: Credential): Promise<readonly Step[]> {
  return (await traceLogin(chain, credential)).steps;
}

export function stepLine({ ok, isWarning, text }: Step): string {
  if (!ok) return `FAILED: ${text}`;
  return isWarning === true ? `warning: ${text}` : `ok: ${text}`;
}
