/**
 * The only path through the chain of backends, for the token endpoint, for `fairlead check` and for the look-up of a user
 * by name.
 *
 * The backends are asked in order. An answer has one of three meanings. Unknown user: the next backend is asked.
 * Rejected: the walk ends with a refusal. Failed: the walk ends with an outage, so that an outage never becomes "wrong
 * password" or an anonymous request.
 *
 * A token sent as the password (see `isToken`) is offered only to backends for tokens, and a password never to those.
 */
import { deadlineIn } from '../core/deadline.ts';
import type { Deadline } from '../core/deadline.ts';
import { BrokerError } from '../core/errors.ts';
import { hasFairleadPrefix } from '../core/fairlead-prefix.ts';
import type { Credential } from '../core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock, RejectReason } from '../core/ports.ts';
import { foreignName, methodOf, skipReason } from './chain.ts';
import type { ChainedBackend, CredentialMethod, SkipReason } from './chain.ts';
import { LOGIN_BUDGET_MS } from './login-time.ts';

export interface Chain {
  readonly backends: readonly ChainedBackend[];
  readonly clock: Clock;
}

interface WalkSteps<Answer> {
  /** Asks one backend. A throw of any kind is an outage. */
  readonly ask: (authenticator: Authenticator, deadline: Deadline) => Promise<Answer>;
  /** Called for each backend that is not asked. */
  readonly onSkip?: (authenticator: Authenticator, reason: SkipReason) => void;
}

/**
 * Asks the backends that are offered this user name, until one gives an answer. They share one deadline.
 *
 * @param ask returns undefined to go on with the next backend
 * @returns undefined when no backend gave an answer
 * @throws BrokerError `backend_unavailable` when a backend fails
 */
export async function walkChain<Answer>(
  { backends, clock }: Chain,
  { username, method }: { readonly username: string; readonly method: CredentialMethod },
  { ask, onSkip }: WalkSteps<Answer | undefined>,
): Promise<Answer | undefined> {
  if (hasFairleadPrefix(username)) return undefined;
  const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
  for (const backend of backends) {
    const { authenticator } = backend;
    const reason = skipReason(backend, username, method);
    if (reason !== undefined) {
      onSkip?.(authenticator, reason);
      continue;
    }
    const answer = await ask(authenticator, deadline).catch((error: unknown) => {
      if (error instanceof BrokerError) throw error;
      // A defect of a backend must not look like a wrong password either.
      throw new BrokerError('backend_unavailable', `backend ${authenticator.name} failed`, { cause: error });
    });
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** The answer to a login. `asked` is the answer of the backend that decided; absent where none did. */
export interface LoginResult<Answer> {
  readonly outcome: AuthnOutcome;
  readonly asked?: Answer;
}

/**
 * Logs in.
 *
 * @throws BrokerError `backend_unavailable` when a backend fails
 */
export async function walkLogin<Answer extends { readonly outcome: AuthnOutcome }>(
  chain: Chain,
  credential: Credential,
  { ask, ...steps }: WalkSteps<Answer>,
): Promise<LoginResult<Answer>> {
  const method = methodOf(credential);
  const refusal = refusedUnasked(credential, method);
  if (refusal !== undefined) return rejected(refusal);
  const answer = await walkChain<Answer>(
    chain,
    { username: credential.username, method },
    {
      ...steps,
      ask: async (authenticator, deadline) => {
        const given = await ask(authenticator, deadline);
        return given.outcome.kind === 'unknown-user' ? undefined : given;
      },
    },
  );
  if (answer === undefined)
    return method === 'tokens' ? rejected('unlisted-issuer') : { outcome: { kind: 'unknown-user' } };
  return { outcome: refuseForeignName(chain, answer.outcome), asked: answer };
}

/** Why a login is refused before any backend is asked. */
function refusedUnasked({ username, password }: Credential, method: CredentialMethod): RejectReason | undefined {
  // An empty password would be an anonymous bind, which succeeds (RFC 4513, section 5.1.2).
  if (password.isEmpty()) return 'empty-password';
  if (password.matches(hasFairleadPrefix) || hasFairleadPrefix(username)) return 'misplaced-token';
  if (method === 'passwords' && username === '') return 'invalid-name';
  return undefined;
}

function refuseForeignName({ backends }: Chain, outcome: AuthnOutcome): AuthnOutcome {
  const detail = outcome.kind === 'authenticated' ? foreignName(backends, outcome.identity) : undefined;
  return detail === undefined ? outcome : { kind: 'rejected', reason: 'ambiguous', detail };
}

function rejected(reason: RejectReason): { readonly outcome: AuthnOutcome } {
  return { outcome: { kind: 'rejected', reason } };
}
