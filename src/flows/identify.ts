/** From a credential to a caller: walks the chain of backends, through the shield, and records each answer. */
import type { Deadline } from '../core/deadline.ts';
import { BrokerError, describeError } from '../core/errors.ts';
import type { RequestContext } from '../core/events.ts';
import { ANONYMOUS } from '../core/identity.ts';
import type { Caller, Credential } from '../core/identity.ts';
import type { Audit, Authenticator, AuthnOutcome, Timer } from '../core/ports.ts';
import { kindOf } from './chain.ts';
import type { CredentialKind } from './chain.ts';
import { REFUSAL_FLOOR_MS, withinGrace } from './login-time.ts';
import { TOO_MANY } from './shield/attempts.ts';
import type { Shield, ShieldedAnswer } from './shield/shield.ts';
import { walkLogin } from './walk-chain.ts';
import type { Chain } from './walk-chain.ts';

export interface IdentifyDeps extends Chain {
  readonly timer: Timer;
  readonly audit: Audit;
  readonly shield: Shield;
  /** The error after too many wrong passwords; default: `too_many_attempts`. */
  readonly tooManyIs?: 'too_many_attempts' | 'invalid_credentials';
}

/**
 * @throws BrokerError `invalid_credentials`, `empty_password`, `second_factor_required`, `misplaced_token`, `token_refused`,
 *   `too_many_attempts` or `backend_unavailable`.
 */
export type Identify = (credential: Credential | undefined, request: RequestContext) => Promise<Caller>;

export function createIdentify(deps: IdentifyDeps): Identify {
  return async (credential, request) => {
    if (credential === undefined) return ANONYMOUS;
    const started = deps.clock.monotonic();
    const { outcome, asked } = await walkLogin(deps, credential, {
      ask: (authenticator, deadline) => askRecorded(deps, authenticator, credential, request, deadline),
    });
    if (outcome.kind === 'authenticated') {
      return { kind: 'user', identity: outcome.identity, ...(asked?.source === 'stale' ? { stale: true } : {}) };
    }
    const isTooMany = outcome.kind === 'unknown-user' && (await deps.shield.noteUnknown(credential, request.client));
    await deps.timer.sleep(REFUSAL_FLOOR_MS - (deps.clock.monotonic() - started));
    throw refusal(isTooMany ? TOO_MANY : outcome, kindOf(credential), deps.tooManyIs ?? 'too_many_attempts');
  };
}

function refusal(
  outcome: AuthnOutcome,
  kind: CredentialKind,
  tooManyIs: NonNullable<IdentifyDeps['tooManyIs']>,
): BrokerError {
  if (outcome.kind !== 'rejected') return new BrokerError('invalid_credentials', 'no backend knows this user');
  const { reason, detail } = outcome;
  if (reason === 'too-many-attempts') return new BrokerError(tooManyIs, reason);
  if (reason === 'empty-password') return new BrokerError('empty_password', reason);
  if (reason === 'mfa-required') return new BrokerError('second_factor_required', reason);
  if (reason === 'misplaced-token') return new BrokerError('misplaced_token', reason);
  const cause = detail === undefined ? reason : `${reason}: ${detail}`;
  return new BrokerError(kind === 'tokens' ? 'token_refused' : 'invalid_credentials', cause);
}

async function askRecorded(
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
    const answer = await withinGrace(
      deps.timer,
      deadline,
      askShielded(deps.shield, authenticator, credential, request, deadline),
    );
    const { outcome, source } = answer;
    const reason = outcome.kind === 'rejected' ? { reason: outcome.reason } : {};
    deps.audit.record({ ...event, outcome: outcome.kind, ...reason, source, seconds: seconds() });
    return answer;
  } catch (error) {
    const cause = describeError(error);
    deps.audit.record({ ...event, outcome: 'failed', source: 'backend', cause, seconds: seconds() });
    throw error;
  }
}

/** The shield protects passwords. A token cannot be guessed, proves itself, and is verified each time. */
async function askShielded(
  shield: Shield,
  authenticator: Authenticator,
  credential: Credential,
  { client }: RequestContext,
  deadline: Deadline,
): Promise<ShieldedAnswer> {
  if (authenticator.accepts !== 'tokens') return shield.authenticate(authenticator, credential, deadline, client);
  return { outcome: await authenticator.authenticate(credential, deadline), source: 'backend' };
}
