/**
 * From a credential to a caller: the backends are asked in order, and their three answers are three different things.
 * Unknown user: the next one is asked. Rejected: the chain ends with 401. Failed: the chain ends with 503, so that an
 * outage never turns into "wrong password" or into anonymous.
 *
 * A token in the password's place (see `isToken`) is offered to the backends for tokens only, and a password never to
 * those. The shield is for passwords: a token proves itself, cannot be guessed, and is judged anew each time.
 */
import { deadlineIn } from '../core/deadline.ts';
import type { Deadline } from '../core/deadline.ts';
import { BrokerError, describeError } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';
import { ANONYMOUS } from '../core/identity.ts';
import type { Caller, Credential } from '../core/identity.ts';
import type { Audit, Authenticator, AuthnOutcome, Clock, RejectReason } from '../core/ports.ts';
import { isRefreshToken } from '../core/refresh-token.ts';
import type { Timer } from '../core/timer.ts';
import { foreignName, isOffered, kindOf } from './chain.ts';
import type { ChainedBackend, Kind } from './chain.ts';
import { TOO_MANY } from './shield/attempts.ts';
import type { Shield, ShieldedAnswer } from './shield/shield.ts';

export interface IdentifyDeps {
  readonly backends: readonly ChainedBackend[];
  readonly clock: Clock;
  readonly timer: Timer;
  readonly audit: Audit;
  readonly shield: Shield;
  /** What guessing on after too many wrong passwords is answered with; default: that it is too many. */
  readonly tooManyIs?: 'too_many_attempts' | 'invalid_credentials';
}

/** @throws BrokerError `invalid_credentials`, `second_factor_required`, `token_refused`, `too_many_attempts` or `backend_unavailable`. */
export type Identify = (credential: Credential | undefined, request: RequestContext) => Promise<Caller>;

/** Docker gives a token request 15 s in all; every backend together gets 8 of them. */
export const LOGIN_BUDGET_MS = 8000;
/** How much later than its deadline a backend is given up on. */
export const NET_MS = 200;
/**
 * A refusal is never given sooner than this, so that its time does not tell an unknown user from a wrong password or
 * from a name no directory could hold.
 */
export const REFUSAL_FLOOR_MS = 250;

export function createIdentify(deps: IdentifyDeps): Identify {
  return async (credential, request) => {
    if (credential === undefined) return ANONYMOUS;
    const started = deps.clock.monotonic();
    const kind = kindOf(credential);
    const { outcome, source } = await askChain(
      deps,
      credential,
      kind,
      request,
      deadlineIn(deps.clock, LOGIN_BUDGET_MS),
    );
    if (outcome.kind === 'authenticated') {
      return { kind: 'user', identity: outcome.identity, ...(source === 'stale' ? { stale: true } : {}) };
    }
    const isTooMany = outcome.kind === 'unknown-user' && (await deps.shield.noteUnknown(credential, request.client));
    await deps.timer.sleep(REFUSAL_FLOOR_MS - (deps.clock.monotonic() - started));
    throw refusal(isTooMany ? TOO_MANY : outcome, kind, deps.tooManyIs ?? 'too_many_attempts');
  };
}

function refusal(outcome: AuthnOutcome, kind: Kind, tooManyIs: NonNullable<IdentifyDeps['tooManyIs']>): BrokerError {
  if (outcome.kind !== 'rejected') return new BrokerError('invalid_credentials', 'no backend knows this user');
  if (outcome.reason === 'too-many-attempts') return new BrokerError(tooManyIs, outcome.reason);
  if (outcome.reason === 'mfa-required') return new BrokerError('second_factor_required', outcome.reason);
  const cause = outcome.detail === undefined ? outcome.reason : `${outcome.reason}: ${outcome.detail}`;
  return new BrokerError(kind === 'tokens' ? 'token_refused' : 'invalid_credentials', cause);
}

async function askChain(
  deps: IdentifyDeps,
  credential: Credential,
  kind: Kind,
  request: RequestContext,
  deadline: Deadline,
): Promise<ShieldedAnswer> {
  // An empty password would be an anonymous bind, which succeeds (RFC 4513, section 5.1.2): no backend sees one.
  if (credential.password.reveal() === '') return refused('empty-password');
  // It is no password of anybody: sent on, it would only be told to a directory and counted as a wrong one.
  if (isRefreshToken(credential.password.reveal())) return refused('misplaced-refresh-token');
  if (kind === 'passwords' && credential.username === '') return refused('invalid-name');
  for (const backend of deps.backends) {
    if (!isOffered(backend, credential.username, kind)) continue;
    const answer = await askOne(deps, backend.authenticator, credential, request, deadline);
    if (answer.outcome.kind !== 'unknown-user') return kind === 'passwords' ? underOwnName(deps, answer) : answer;
  }
  return kind === 'tokens' ? refused('unlisted-issuer') : { outcome: { kind: 'unknown-user' }, source: 'backend' };
}

function refused(reason: RejectReason): ShieldedAnswer {
  return { outcome: { kind: 'rejected', reason }, source: 'memory' };
}

function underOwnName({ backends }: IdentifyDeps, answer: ShieldedAnswer): ShieldedAnswer {
  const { outcome, source } = answer;
  const detail = outcome.kind === 'authenticated' ? foreignName(backends, outcome.identity) : undefined;
  return detail === undefined ? answer : { outcome: { kind: 'rejected', reason: 'ambiguous', detail }, source };
}

async function askOne(
  deps: IdentifyDeps,
  authenticator: Authenticator,
  credential: Credential,
  request: RequestContext,
  deadline: Deadline,
): Promise<ShieldedAnswer> {
  const started = deps.clock.monotonic();
  const event = { type: 'login', request, backend: authenticator.name, username: credential.username } as const;
  const seconds = (): number => (deps.clock.monotonic() - started) / 1000;
  try {
    const answer = await deps.timer.within(
      askBackend(deps, authenticator, credential, request, deadline),
      deadline.left() + NET_MS,
    );
    const { outcome, source } = answer;
    const reason = outcome.kind === 'rejected' ? { reason: outcome.reason } : {};
    deps.audit.record({ ...event, outcome: outcome.kind, ...reason, source, seconds: seconds() });
    return answer;
  } catch (error) {
    deps.audit.record({
      ...event,
      outcome: 'failed',
      source: 'backend',
      cause: describeError(error),
      seconds: seconds(),
    });
    if (error instanceof BrokerError) throw error;
    // A defect of a backend must not read as a wrong password either.
    throw new BrokerError('backend_unavailable', `backend ${authenticator.name} failed`, { cause: error });
  }
}

async function askBackend(
  { shield }: IdentifyDeps,
  authenticator: Authenticator,
  credential: Credential,
  { client }: RequestContext,
  deadline: Deadline,
): Promise<ShieldedAnswer> {
  if (authenticator.accepts !== 'tokens') return shield.authenticate(authenticator, credential, deadline, client);
  return { outcome: await authenticator.authenticate(credential, deadline), source: 'backend' };
}
