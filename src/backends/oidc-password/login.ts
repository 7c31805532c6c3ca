/** One login: reject what cannot be sent, request tokens, make an identity of their claims. */
import { timeLimit } from '../http-client/time-limit.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Identity } from '../../core/identity.ts';
import type { Authenticator, AuthnOutcome, Clock, Log } from '../../core/ports.ts';
import { accountName } from '../../core/spelling.ts';
import { gatherClaims, needsIdToken } from '../oidc/client/claim-sources.ts';
import type { ClaimsFrom } from '../oidc/client/claim-sources.ts';
import type { Graph } from '../oidc/client/graph.ts';
import { outage } from '../oidc/client/answers.ts';
import type { Failure, Tokens } from '../oidc/client/answers.ts';
import { requestTokens } from './grant.ts';
import { unsendable } from '../names.ts';
import { identityFrom } from '../oidc/client/identity.ts';
import type { ClaimRules } from '../oidc/client/identity.ts';
import type { Provider, Session } from '../oidc/client/provider.ts';
import type { Revocation } from './revocation.ts';
import { judge } from '../oidc/client/verdict.ts';
import type { RefusalRules, Verdict } from '../oidc/client/verdict.ts';

interface LoginDeps {
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
    // Only the provider knows which names are one account.
    const refused = await guard?.beforeAttempt(credential.username, accountName(credential.username));
    if (refused !== undefined) return refused;
    const reason = unsendable(credential);
    if (reason !== undefined) return { kind: 'rejected', reason };
    const session = await deps.provider.open(timeLimit(deadline, deps.timeoutSeconds, 'the OpenID provider'));
    const tokens = await requestTokens(session, credential, {
      scope: deps.scope,
      needsIdToken: needsIdToken(deps.claimsFrom),
    });
    if (tokens.kind === 'failed') return refusedBy(deps, tokens);
    try {
      return { kind: 'authenticated', identity: await identify(deps, session, tokens) };
    } finally {
      // Last: at Keycloak this ends the session, and with it userinfo.
      if (tokens.refreshToken !== undefined) deps.revocation.revoke(tokens.refreshToken);
    }
  };
}

/** @throws BrokerError unless the refusal is about the user */
function refusedBy({ refusals, provider, log, rules: { backend } }: LoginDeps, failure: Failure): AuthnOutcome {
  const verdict: Verdict =
    failure.endpoint === 'token' ? judge(failure.fault, refusals) : { kind: 'unavailable', retryAfter: undefined };
  if (verdict.kind === 'rejected') return verdict;
  const error = outage(failure, verdict);
  if (verdict.kind === 'misconfigured') {
    log.error('nobody can log in: the OpenID provider refuses the broker itself', { backend, cause: error.message });
  }
  if (failure.fault.kind === 'unusable') {
    log.error('answer of the OpenID provider not valid', { backend, cause: error.message });
  }
  // The provider may have new endpoints. The next login reads the metadata again, and others wait for it instead of
  // sending passwords to an address that does not answer.
  if (failure.fault.kind !== 'answer') provider.flush();
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
      log.error('claims of the OpenID provider make no identity', fields);
    }
    throw error;
  }
}
