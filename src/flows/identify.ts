/** From a credential to a caller: walks the chain of backends, through the shield, and records each answer. */
import type { Deadline } from '../core/deadline.ts';
import { BrokerError, describeError } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';
import { ANONYMOUS } from '../core/identity.ts';
import type { Caller, Credential } from '../core/identity.ts';
import type { BudgetKind } from '../core/ledger.ts';
import type { Audit, Authenticator, AuthnOutcome, RejectReason, Timer } from '../core/ports.ts';
import { hasPersonalTokenPrefix } from '../core/fairlead-prefix.ts';
import { acceptsOnlySignIns, methodOf } from './chain.ts';
import type { CredentialMethod } from './chain.ts';
import { withinGrace } from './login-time.ts';
import type { UsePersonalToken } from './personal-token/use.ts';
import { createRefusalTime } from './refusal-time.ts';
import type { Shield, ShieldedAnswer, ShieldedLogin } from './shield/shield.ts';
import { walkLogin } from './walk-chain.ts';
import type { Chain, LoginResult } from './walk-chain.ts';

interface IdentifyDeps extends Chain {
  readonly timer: Timer;
  readonly audit: Audit;
  readonly shield: Shield;
  /** Undefined: personal tokens are not configured, and are refused as tokens in the wrong field. */
  readonly usePersonalToken?: UsePersonalToken | undefined;
  /** The error after too many wrong passwords; default: `too_many_attempts`. */
  readonly tooManyIs?: 'too_many_attempts' | 'invalid_credentials';
}

/**
 * @throws BrokerError `invalid_credentials`, `password_not_accepted`, `empty_password`, `second_factor_required`, `misplaced_token`, `token_refused`,
 *   `damaged_token`, `personal_token_refused`, `too_many_attempts`, `too_many_bad_tokens`, `backend_unavailable` or
 *   `records_unavailable`.
 */
export type Identify = (credential: Credential | undefined, request: RequestContext) => Promise<Caller>;

export function createIdentify(deps: IdentifyDeps): Identify {
  const refusalTime = createRefusalTime(deps.clock, deps.timer);
  return async (credential, request) => {
    if (credential === undefined) return ANONYMOUS;
    const started = deps.clock.monotonic();
    if (deps.usePersonalToken !== undefined && credential.password.matches(hasPersonalTokenPrefix)) {
      // Neither the shield nor a backend sees it, whole or damaged.
      try {
        return await deps.usePersonalToken(credential, request);
      } catch (error) {
        if (isRefusal(error)) await refusalTime.waitAfter(deps.clock.monotonic() - started);
        throw error;
      }
    }
    const { outcome, asked } = await shieldedLogin(deps, credential, request);
    const took = deps.clock.monotonic() - started;
    if (asked?.source === 'backend') refusalTime.note(took);
    if (outcome.kind === 'authenticated') {
      return { kind: 'user', identity: outcome.identity, ...(asked?.source === 'stale' ? { stale: true } : {}) };
    }
    await refusalTime.waitAfter(took);
    if (outcome.kind === 'unknown-user' && acceptsOnlySignIns(deps.backends, credential.username)) {
      throw new BrokerError('password_not_accepted', 'no backend for this user name accepts passwords');
    }
    throw refusal(outcome, asked?.backend, methodOf(credential), deps.tooManyIs ?? 'too_many_attempts');
  };
}

/** An outage is answered at once: it reveals nothing about the token. */
function isRefusal(error: unknown): boolean {
  return error instanceof BrokerError && REFUSALS.has(error.code);
}

const REFUSALS: ReadonlySet<ErrorCode> = new Set(['damaged_token', 'personal_token_refused', 'too_many_bad_tokens']);

/** The answer of a backend, and its name. */
interface NamedAnswer extends ShieldedAnswer {
  readonly backend: string;
}

async function shieldedLogin(
  deps: IdentifyDeps,
  credential: Credential,
  request: RequestContext,
): Promise<LoginResult<NamedAnswer>> {
  const login = deps.shield.begin(credential, request.client);
  let outcome: AuthnOutcome | undefined;
  try {
    const result = await walkLogin(deps, credential, {
      ask: (authenticator, deadline) => askRecorded(deps, login, authenticator, credential, request, deadline),
    });
    ({ outcome } = result);
    return result;
  } finally {
    await login.end(outcome);
  }
}

function refusal(
  outcome: AuthnOutcome,
  backend: string | undefined,
  method: CredentialMethod,
  tooManyIs: NonNullable<IdentifyDeps['tooManyIs']>,
): BrokerError {
  if (outcome.kind !== 'rejected') return new BrokerError('invalid_credentials', 'no backend knows this user');
  const { reason, detail, limit, retryAfter } = outcome;
  const cause = detail === undefined ? reason : `${reason}: ${detail}`;
  const about = { reason, ...(backend === undefined ? {} : { backend }), ...(limit === undefined ? {} : { limit }) };
  if (reason === 'too-many-attempts' && (limit === 'name' || limit === 'address')) {
    return new BrokerError(tooManyIs, cause, { about, ...(retryAfter === undefined ? {} : { retryAfter }) });
  }
  return new BrokerError(codeFor(reason, method), cause, { about });
}

/** The limit of an account looks like a wrong password: names without an account have no such limit. */
function codeFor(reason: RejectReason, method: CredentialMethod): ErrorCode {
  if (reason === 'mfa-required') return 'second_factor_required';
  if (reason === 'misplaced-token') return 'misplaced_token';
  if (reason === 'empty-password') return 'empty_password';
  return method === 'tokens' ? 'token_refused' : 'invalid_credentials';
}

async function askRecorded(
  deps: IdentifyDeps,
  login: ShieldedLogin,
  authenticator: Authenticator,
  credential: Credential,
  request: RequestContext,
  deadline: Deadline,
): Promise<NamedAnswer> {
  const started = deps.clock.monotonic();
  const event = { type: 'login', request, backend: authenticator.name, username: credential.username } as const;
  const seconds = (): number => (deps.clock.monotonic() - started) / 1000;
  try {
    const answer = await withinGrace(deps.timer, deadline, askShielded(login, authenticator, credential, deadline));
    const { outcome, source } = answer;
    deps.audit.record({ ...event, outcome: outcome.kind, ...refusalFields(outcome), source, seconds: seconds() });
    return { ...answer, backend: authenticator.name };
  } catch (error) {
    const cause = describeError(error);
    deps.audit.record({ ...event, outcome: 'failed', source: 'backend', cause, seconds: seconds() });
    throw error;
  }
}

function refusalFields(outcome: AuthnOutcome): { readonly reason?: RejectReason; readonly limit?: BudgetKind } {
  if (outcome.kind !== 'rejected') return {};
  return { reason: outcome.reason, ...(outcome.limit === undefined ? {} : { limit: outcome.limit }) };
}

/** The shield protects passwords. A token cannot be guessed, proves itself, and is verified each time. */
async function askShielded(
  login: ShieldedLogin,
  authenticator: Authenticator,
  credential: Credential,
  deadline: Deadline,
): Promise<ShieldedAnswer> {
  if (authenticator.accepts !== 'tokens') return login.ask(authenticator, deadline);
  return { outcome: await authenticator.authenticate(credential, deadline), source: 'backend' };
}
