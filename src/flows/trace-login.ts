/**
 * A login that reports each of its steps, for people who look for a mistake: `check --login`, `init`, and the test login
 * of administrators. It is no login: nobody gets a session, a token or an entry in the cache from it.
 */
import type { Deadline } from '../core/deadline.ts';
import { BrokerError, describeError } from '../core/errors.ts';
import type { Credential, Identity } from '../core/identity.ts';
import type { AttemptGuard, Authenticator, AuthnOutcome, RejectReason, Step } from '../core/ports.ts';
import type { SkipReason } from './chain.ts';
import { walkLogin } from './walk-chain.ts';
import type { Chain } from './walk-chain.ts';

export interface TracedLogin {
  readonly steps: readonly Step[];
  /** Undefined: a backend failed. */
  readonly outcome?: AuthnOutcome;
  /** The last backend that was asked. */
  readonly backend?: string;
  /** Undefined: the login was refused, or a backend failed. */
  readonly identity?: Identity;
}

/**
 * Asks one backend.
 *
 * @param attempt the login at this backend; a guard that is given is asked before the password is sent
 * @param report adds a step
 */
type Ask = (
  authenticator: Authenticator,
  deadline: Deadline,
  attempt: (guard?: AttemptGuard) => Promise<AuthnOutcome>,
  report: (step: Step) => void,
) => Promise<AuthnOutcome>;

/**
 * Logs in as the token endpoint does, and reports each step. The password is never shown.
 *
 * @param ask default: without the limits of a login
 */
export async function traceLogin(
  chain: Chain,
  credential: Credential,
  ask: Ask = (_authenticator, _deadline, attempt) => attempt(),
): Promise<TracedLogin> {
  const steps: Step[] = [];
  let backend: string | undefined;
  const about = () => ({ steps: [...steps], ...(backend === undefined ? {} : { backend }) });
  try {
    const { outcome, asked } = await walkLogin(chain, credential, {
      onSkip: ({ name }, reason) =>
        steps.push({ ok: true, text: `backend ${name} is not asked: ${SKIP_TEXT[reason]}` }),
      ask: async (authenticator, deadline) => {
        const { name } = authenticator;
        backend = name;
        const report = (step: Step): void => void steps.push({ ...step, text: `backend ${name}: ${step.text}` });
        const attempt = (guard?: AttemptGuard) => diagnose(authenticator, credential, deadline, report, guard);
        const answer = await namingBackend(name, () => ask(authenticator, deadline, attempt, report));
        steps.push(answerStep(name, answer));
        return { outcome: answer };
      },
    });
    const isDecidedByBackend = asked?.outcome === outcome;
    if (outcome.kind !== 'authenticated' && !isDecidedByBackend) {
      steps.push({ ok: false, text: refusalText(outcome, credential) });
    }
    return { ...about(), outcome, ...(outcome.kind === 'authenticated' ? { identity: outcome.identity } : {}) };
  } catch (error) {
    steps.push(failureStep(error));
    return about();
  }
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
  guard: AttemptGuard | undefined,
): Promise<AuthnOutcome> {
  const outcome = await authenticator.diagnose?.(credential, deadline, report, guard);
  return outcome ?? authenticator.authenticate(credential, deadline, guard);
}

function answerStep(backend: string, outcome: AuthnOutcome): Step {
  switch (outcome.kind) {
    case 'unknown-user':
      return { ok: true, text: `backend ${backend} does not know this user; the next one is asked` };
    case 'rejected':
      return { ok: false, text: `backend ${backend} rejects the login: ${reasonText(outcome)}` };
    case 'authenticated': {
      const groups = [...outcome.identity.groups];
      const text = `backend ${backend} authenticates ${outcome.identity.username}`;
      if (groups.length > 0) return { ok: true, text: `${text}, groups ${groups.join('; ')}` };
      return { ok: true, isWarning: true, text: `${text}, no group: no rule for groups applies` };
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
