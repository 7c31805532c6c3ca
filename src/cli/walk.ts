/** One look at the backends, told step by step: what `check --connect` and `check --login` print. */
import { deadlineIn } from '../core/deadline.ts';
import type { Deadline } from '../core/deadline.ts';
import { describeError } from '../core/errors.ts';
import { Secret } from '../core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock } from '../core/ports.ts';
import { foreignName, isOffered, kindOf } from '../flows/chain.ts';
import type { ChainedBackend, Kind } from '../flows/chain.ts';
import { LOGIN_BUDGET_MS } from '../flows/identify.ts';

export interface Step {
  readonly ok: boolean;
  readonly text: string;
}

export async function probeAll(backends: readonly ChainedBackend[], clock: Clock): Promise<readonly Step[]> {
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  const steps = await Promise.all(backends.map(({ authenticator }) => probeOne(authenticator, deadline)));
  return steps.flat();
}

async function probeOne(authenticator: Authenticator, deadline: Deadline): Promise<readonly Step[]> {
  const { name } = authenticator;
  const steps: Step[] = [];
  const tell = ({ ok, text }: Step): void => void steps.push({ ok, text: `backend ${name}: ${text}` });
  try {
    await authenticator.diagnose?.(undefined, deadline, tell);
  } catch (error) {
    tell({ ok: false, text: describeError(error) });
  }
  const state = await authenticator.probe(deadline);
  const last =
    state.state === 'up'
      ? { ok: true, text: `backend ${name} answers` }
      : {
          ok: false,
          text: steps.every(({ ok }) => ok) ? `backend ${name} is down: ${state.detail}` : `backend ${name} is down`,
        };
  return [...steps, last];
}

/** Asks the backends in order, as a login does, and says what each answered. The password is never shown. */
export async function walkLogin(
  backends: readonly ChainedBackend[],
  username: string,
  password: string,
  clock: Clock,
): Promise<readonly Step[]> {
  if (password === '') return [{ ok: false, text: 'an empty password is refused before any backend is asked' }];
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  const credential = { username, password: new Secret(password) };
  const kind = kindOf(credential);
  const steps: Step[] = [];
  for (const backend of backends) {
    const { authenticator } = backend;
    if (!isOffered(backend, username, kind)) {
      steps.push({ ok: true, text: `backend ${authenticator.name} is not asked: ${whyNot(authenticator, kind)}` });
      continue;
    }
    try {
      const tell = ({ ok, text }: Step): void =>
        void steps.push({ ok, text: `backend ${authenticator.name}: ${text}` });
      const outcome =
        (await authenticator.diagnose?.(credential, deadline, tell)) ??
        (await authenticator.authenticate(credential, deadline));
      steps.push(outcomeStep(authenticator.name, outcome));
      const foreign = outcome.kind === 'authenticated' ? foreignName(backends, outcome.identity) : undefined;
      if (foreign !== undefined) return [...steps, { ok: false, text: `the login is refused: ${foreign}` }];
      if (outcome.kind !== 'unknown-user') return steps;
    } catch (error) {
      return [...steps, { ok: false, text: `backend ${authenticator.name} failed: ${describeError(error)}` }];
    }
  }
  return [...steps, { ok: false, text: `no backend knows the user ${username}` }];
}

function whyNot({ accepts = 'passwords' }: Authenticator, kind: Kind): string {
  if (accepts !== kind) return kind === 'tokens' ? 'what was typed is a token' : 'it is for tokens';
  return 'no pattern of usernames matches';
}

function outcomeStep(backend: string, outcome: AuthnOutcome): Step {
  switch (outcome.kind) {
    case 'unknown-user':
      return { ok: true, text: `backend ${backend} does not know this user; the next one is asked` };
    case 'rejected':
      return { ok: false, text: `backend ${backend} rejects the login: ${reasonText(outcome)}` };
    case 'authenticated': {
      const groups = [...outcome.identity.groups];
      const list = groups.length === 0 ? 'no group' : `groups ${groups.join('; ')}`;
      return { ok: true, text: `backend ${backend} authenticates ${outcome.identity.username}, ${list}` };
    }
  }
}

function reasonText({ reason, detail }: Extract<AuthnOutcome, { kind: 'rejected' }>): string {
  return detail === undefined ? reason : `${reason}: ${detail}`;
}
