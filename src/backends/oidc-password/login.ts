/** One login, step by step: refuse what cannot be one, ask for tokens, make an identity of their claims. */
import { timeLimit } from '../http-client/time-limit.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Identity } from '../../core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock, Log } from '../../core/ports.ts';
import { oneSpelling } from '../../core/spelling.ts';
import { gatherClaims } from './claim-sources.ts';
import type { ClaimsFrom } from './claim-sources.ts';
import type { Graph } from './graph.ts';
import { outage, requestTokens } from './grant.ts';
import type { Failure, Tokens } from './grant.ts';
import { unsendable } from '../names.ts';
import { identityFrom } from './identity.ts';
import type { ClaimRules } from './identity.ts';
import type { Provider, Session } from './provider.ts';
import type { Revocation } from './revocation.ts';
import { judge } from './verdict.ts';
import type { RefusalRules, Verdict } from './verdict.ts';

export interface LoginDeps {
  readonly scope: string;
  readonly rules: ClaimRules;
  readonly claimsFrom: ClaimsFrom;
  readonly graph: Graph | undefined;
  readonly refusals: RefusalRules;
  readonly timeoutSeconds: number;
  readonly provider: Provider;
  readonly revocation: Revocation;
  readonly clock: Clock;
  readonly log: Log;
}

export function createLogin(deps: LoginDeps): Authenticator['authenticate'] {
  return async (credential, deadline, guard) => {
    // Which names are one account, the provider alone knows.
    const refused = await guard?.beforeAttempt(credential.username, oneSpelling(credential.username));
    if (refused !== undefined) return refused;
    const reason = unsendable(credential);
    if (reason !== undefined) return { kind: 'rejected', reason };
    const session = await deps.provider.open(timeLimit(deadline, deps.timeoutSeconds, 'the OpenID provider'));
    const tokens = await requestTokens(session, credential, deps.scope);
    if (tokens.kind === 'failed') return refusedBy(deps, tokens);
    try {
      return { kind: 'authenticated', identity: await identify(deps, session, tokens) };
    } finally {
      // Not before: at Keycloak the session goes with the refresh token, and userinfo with the session.
      if (tokens.refreshToken !== undefined) deps.revocation.revoke(tokens.refreshToken);
    }
  };
}

/** @throws BrokerError unless it is the user whom the provider refuses */
function refusedBy({ refusals, provider, log, rules: { backend } }: LoginDeps, failure: Failure): AuthnOutcome {
  const verdict: Verdict =
    failure.endpoint === 'token' ? judge(failure.fault, refusals) : { kind: 'unavailable', retryAfter: undefined };
  if (verdict.kind === 'rejected') return verdict;
  const error = outage(failure, verdict);
  if (verdict.kind === 'misconfigured') {
    log.error('nobody can log in: the OpenID provider refuses the broker itself', { backend, cause: error.message });
  }
  if (failure.fault.kind === 'unusable') {
    log.error('the answer of the OpenID provider is not to be trusted', { backend, cause: error.message });
  }
  // It may have moved or come back with new keys: the next login asks, and those after it wait for that answer instead
  // of sending their passwords to nobody.
  if (failure.fault.kind !== 'answer') provider.forget();
  throw error;
}

async function identify(
  { rules, claimsFrom, graph, log }: LoginDeps,
  session: Session,
  tokens: Tokens,
): Promise<Identity> {
  const sources = await gatherClaims(session, tokens, { claimsFrom, rules, graph });
  try {
    return identityFrom(sources, rules);
  } catch (error) {
    if (error instanceof BrokerError) {
      const fields = { backend: rules.backend, cause: error.message };
      log.error('no identity can be made of what the OpenID provider says', fields);
    }
    throw error;
  }
}
