/** What `check --connect` and `check --login` do with the backends, step by step. */
import { deadlineIn } from '../core/deadline.ts';
import type { Deadline } from '../core/deadline.ts';
import { BrokerError, describeError } from '../core/errors.ts';
import type { Credential, Identity } from '../core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock, RejectReason, Step } from '../core/ports.ts';
import type { ChainedBackend, SkipReason } from '../flows/chain.ts';
import { LOGIN_BUDGET_MS } from '../flows/login-time.ts';
import { walkLogin } from '../flows/walk-chain.ts';
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

interface TracedLogin {
  readonly steps: readonly Step[];
  /** Undefined: the login was refused, or a backend failed. */
  readonly identity?: Identity;
}

/** Logs in as the token endpoint does, without the shield, and reports each step. The password is never shown. */
export async function checkLogin(chain: Chain, credential: Credential): Promise<readonly Step[]> {
  return (await traceLogin(chain, credential)).steps;
}

/** The same, with the identity of the user. */
export async function traceLogin(chain: Chain, credential: Credential): Promise<TracedLogin> {
  const steps: Step[] = [];
  try {
    const { outcome, asked } = await walkLogin(chain, credential, {
      onSkip: ({ name }, reason) =>
        steps.push({ ok: true, text: `backend ${name} is not asked: ${SKIP_TEXT[reason]}` }),
      ask: async (authenticator, deadline) => {
        const { name } = authenticator;
        const report = (step: Step): void => void steps.push({ ...step, text: `backend ${name}: ${step.text}` });
        const answer = await namingBackend(name, () => diagnose(authenticator, credential, deadline, report));
        steps.push(answerStep(name, answer));
        return { outcome: answer };
      },
    });
    if (outcome.kind === 'authenticated') return { steps, identity: outcome.identity };
    const isDecidedByBackend = asked?.outcome === outcome;
    return { steps: isDecidedByBackend ? steps : [...steps, { ok: false, text: refusalText(outcome, credential) }] };
  } catch (error) {
    return { steps: [...steps, failureStep(error)] };
  }
}

export function stepLine({ ok, isWarning, text }: Step): string {
  if (!ok) return `FAILED: ${text}`;
  return isWarning === true ? `warning: ${text}` : `ok: ${text}`;
}

/** @throws BrokerError that names the backend when the work fails */
export async function namingBackend<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new BrokerError('backend_unavailable', `backend ${name} failed: ${describeError(error)}`, { cause: error });
  }
}

export function failureStep(error: unknown): Step {
  return { ok: false, text: error instanceof BrokerError ? error.message : describeError(error) };
}

const SKIP_TEXT: Readonly<Record<SkipReason, string>> = {
  'accepts-passwords': 'it accepts passwords, and the credential is a token',
  'accepts-tokens': 'it accepts tokens, and the credential is a password',
  'accepts-sign-ins': 'people sign in there with a browser',
  'other-usernames': 'no pattern of usernames matches',
};

async function diagnose(
  authenticator: Authenticator,
  credential: Credential,
  deadline: Deadline,
  report: (step: Step) => void,
): Promise<AuthnOutcome> {
  const outcome = await authenticator.diagnose?.(credential, deadline, report);
  return outcome ?? authenticator.authenticate(credential, deadline);
}

function answerStep(backend: string, outcome: AuthnOutcome): Step {
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

/** Refusals that come from the chain itself, for the operator. */
const REFUSAL_TEXT: Readonly<Partial<Record<RejectReason, string>>> = {
  'empty-password': 'an empty password is refused, and no backend is asked',
  'invalid-name': 'an empty user name is refused, and no backend is asked',
  'misplaced-token':
    'a Fairlead token as user name or password is refused, and no backend is asked; the broker itself looks up personal tokens: see fairlead tokens list',
  'unlisted-issuer': 'unlisted-issuer: no backend accepts tokens of this issuer',
};

function refusalText(outcome: AuthnOutcome, { username }: Credential): string {
  if (outcome.kind !== 'rejected') return `no backend knows the user ${username}`;
  return REFUSAL_TEXT[outcome.reason] ?? `the login is refused: ${reasonText(outcome)}`;
}

function reasonText({ reason, detail }: Extract<AuthnOutcome, { kind: 'rejected' }>): string {
  return detail === undefined ? reason : `${reason}: ${detail}`;
}
