/** One look at the backends, told step by step: what `check --connect` and `check --login` print. */
import { describeError } from '../core/errors.ts';
import { Secret } from '../core/identity.ts';
import type { AuthnOutcome, Clock } from '../core/ports.ts';
import { LOGIN_BUDGET_MS } from '../flows/identify.ts';
import type { ChainedBackend } from '../flows/identify.ts';

export interface Step {
  readonly ok: boolean;
  readonly text: string;
}

export async function probeAll(backends: readonly ChainedBackend[], clock: Clock): Promise<readonly Step[]> {
  const deadline = clock.monotonic() + LOGIN_BUDGET_MS;
  return Promise.all(
    backends.map(async ({ authenticator }) => {
      const { name } = authenticator;
      const state = await authenticator.probe(deadline);
      return state.state === 'up'
        ? { ok: true, text: `backend ${name} answers` }
        : { ok: false, text: `backend ${name} is down: ${state.detail}` };
    }),
  );
}

/** Asks the backends in order, as a login does, and says what each answered. The password is never shown. */
export async function walkLogin(
  backends: readonly ChainedBackend[],
  username: string,
  password: string,
  clock: Clock,
): Promise<readonly Step[]> {
  if (password === '') return [{ ok: false, text: 'an empty password is refused before any backend is asked' }];
  const deadline = clock.monotonic() + LOGIN_BUDGET_MS;
  const steps: Step[] = [];
  for (const { authenticator, usernames } of backends) {
    if (usernames !== undefined && !usernames.some((pattern) => pattern.match(username) !== undefined)) {
      steps.push({ ok: true, text: `backend ${authenticator.name} is not asked: no pattern of usernames matches` });
      continue;
    }
    try {
      const outcome = await authenticator.authenticate({ username, password: new Secret(password) }, deadline);
      steps.push(outcomeStep(authenticator.name, outcome));
      if (outcome.kind !== 'unknown-user') return steps;
    } catch (error) {
      return [...steps, { ok: false, text: `backend ${authenticator.name} failed: ${describeError(error)}` }];
    }
  }
  return [...steps, { ok: false, text: `no backend knows the user ${username}` }];
}

function outcomeStep(backend: string, outcome: AuthnOutcome): Step {
  switch (outcome.kind) {
    case 'unknown-user':
      return { ok: true, text: `backend ${backend} does not know this user; the next one is asked` };
    case 'rejected':
      return { ok: false, text: `backend ${backend} rejects the login: ${outcome.reason}` };
    case 'authenticated': {
      const groups = [...outcome.identity.groups];
      const list = groups.length === 0 ? 'no group' : `groups ${groups.join('; ')}`;
      return { ok: true, text: `backend ${backend} authenticates ${outcome.identity.username}, ${list}` };
    }
  }
}
