/** The authorization code flow: the request that the browser takes to the provider, and the answer that it brings back. */
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import type { TokenEndpointResponse } from 'openid-client';
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Identity } from '../../core/identity.ts';
import type { Clock, Log } from '../../core/ports.ts';
import type { BrowserSignIn, SignInAnswer, SignInOutcome } from '../../core/sign-in.ts';
import { readClaim } from '../oidc/claim-path.ts';
import type { ClaimPath } from '../oidc/claim-path.ts';
import { failed, outage, tokensIn } from '../oidc/client/answers.ts';
import type { Failure, Tokens } from '../oidc/client/answers.ts';
import { gatherClaims } from '../oidc/client/claim-sources.ts';
import { readFault } from '../oidc/client/fault.ts';
import { identityFrom } from '../oidc/client/identity.ts';
import type { ClaimSources } from '../oidc/client/identity.ts';
import type { ProviderMetadata } from '../oidc/client/metadata.ts';
import type { ProviderClient } from '../oidc/client/open-client.ts';
import type { Session } from '../oidc/client/provider.ts';
import type { Settings } from '../oidc/client/settings.ts';
import { judge } from '../oidc/client/verdict.ts';
import type { AccountSource } from './accounts/source.ts';
import { answerProblem } from './answer.ts';
import { authTimeIn, authTimeParameters, authTimeProblem } from './auth-time.ts';
import type { RecentSignIn } from './auth-time.ts';
import { readLogoutToken } from './logout-token.ts';

interface SignInDeps {
  readonly label: string;
  readonly settings: Settings;
  readonly client: Pick<ProviderClient, 'provider' | 'graph'>;
  /** Present where a refresh token of the provider is needed. */
  readonly offline: OfflineAccess | undefined;
  /** Where sign-ins are recorded; undefined: the accounts are elsewhere. */
  readonly own: AccountSource | undefined;
  /** The backend that has the accounts, and the claim with the name there; undefined: this one. */
  readonly elsewhere: { readonly accountsAt: string; readonly claim: ClaimPath | undefined } | undefined;
  /** What shows when the person proved who they are. */
  readonly recentSignIn: RecentSignIn;
  readonly open: (deadline: Deadline) => Promise<Session>;
  /** Throws BrokerError `backend_unavailable` when the provider does not answer now. */
  readonly reach: (deadline: Deadline) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

interface OfflineAccess {
  readonly asksConsent: boolean;
}

const NO_ID_TOKEN = 'it holds no ID token; let the provider give one for the scope openid';

export function createSignIn(deps: SignInDeps): BrowserSignIn {
  const { label, settings, offline, elsewhere, open, reach } = deps;
  return {
    label,
    ...(elsewhere === undefined ? {} : { accountsAt: elsewhere.accountsAt }),
    begin: async (redirectUri, isAgain, deadline) => {
      // A browser that is sent to a provider which is down shows an error of its own, without a way back.
      await reach(deadline);
      const { configuration, metadata } = await open(deadline);
      if (metadata.browser.authorization_endpoint === undefined) {
        throw new BrokerError('backend_unavailable', 'the provider’s metadata name no authorization_endpoint');
      }
      const transaction = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() };
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scope,
        state: transaction.state,
        nonce: transaction.nonce,
        code_challenge: await calculatePKCECodeChallenge(transaction.codeVerifier),
        code_challenge_method: 'S256',
        ...authTimeParameters(isAgain),
        ...(offline === undefined ? {} : offlineParameters(offline, metadata, { scope: settings.scope, isAgain })),
      });
      return { url: url.href, transaction };
    },
    finish: async (answer, deadline) => finish(deps, await open(deadline), answer),
    readLogout: async (token, deadline) => readLogoutToken(await open(deadline), token),
    logoutUrl: async (returnTo, deadline) => {
      const { configuration, metadata } = await open(deadline);
      if (metadata.browser.end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(configuration, { post_logout_redirect_uri: returnTo }).href;
    },
  };
}

/** How a refresh token is requested that outlives the session at the provider. */
function offlineParameters(
  { asksConsent }: OfflineAccess,
  { offersOfflineAccess }: ProviderMetadata,
  { scope, isAgain }: { readonly scope: string; readonly isAgain: boolean },
): Readonly<Record<string, string>> {
  return {
    // Google has a parameter in place of the scope (OpenID Connect Core, section 11). Others ignore the parameter.
    ...(offersOfflineAccess ? { scope: `${scope} offline_access` } : { access_type: 'offline' }),
    ...(asksConsent ? { prompt: isAgain ? 'login consent' : 'consent' } : {}),
  };
}

async function finish(deps: SignInDeps, session: Session, answer: SignInAnswer): Promise<SignInOutcome> {
  const problem = answerProblem(answer, session.metadata);
  if (problem !== undefined) {
    if (problem.kind !== 'outage') return problem;
    throw new BrokerError('backend_unavailable', problem.detail);
  }
  const tokens = await redeem(session, answer);
  if (tokens.kind === 'failed') return refusedBy(deps, tokens);
  const { claims } = tokens;
  // RFC 9700, section 2.1.1: the nonce binds the ID token to this sign-in.
  if (claims === undefined || claims['nonce'] !== answer.transaction.nonce) {
    return { kind: 'invalid', detail: 'the nonce of the ID token is not that of this sign-in' };
  }
  const { settings, client, own, elsewhere, recentSignIn, clock } = deps;
  const authTime = authTimeIn(claims, recentSignIn, clock.now());
  const stale = answer.isAgain ? authTimeProblem(authTime, clock.now()) : undefined;
  if (stale !== undefined) return stale;
  const { claimsFrom, identity: rules } = settings;
  const sources = await gatherClaims(session, tokens, { claimsFrom, rules, graph: client.graph });
  const known = { ...identityFrom(sources, rules), subject: claims.sub };
  const { refreshToken } = tokens;
  const checked = await own?.check({ session, claims: sources, identity: known, refreshToken });
  if (checked?.kind === 'refused') return { kind: 'cancelled', detail: checked.detail };
  const { identity } = checked ?? { identity: known };
  const login = elsewhere === undefined ? identity.username : loginFrom(sources, elsewhere.claim, identity);
  const { sid } = claims;
  return {
    kind: 'signed-in',
    identity,
    login,
    sub: claims.sub,
    authTime,
    ...(checked === undefined ? {} : { record: checked.record }),
    ...(typeof sid === 'string' ? { sid } : {}),
  };
}

async function redeem(session: Session, { query, redirectUri, transaction }: SignInAnswer): Promise<Tokens | Failure> {
  let response: TokenEndpointResponse;
  try {
    response = await authorizationCodeGrant(session.configuration, new URL(`${redirectUri}?${query}`), {
      expectedState: transaction.state,
      pkceCodeVerifier: transaction.codeVerifier,
    });
  } catch (error) {
    const code = new URLSearchParams(query).get('code') ?? '';
    return failed(await readFault(error, [code, transaction.codeVerifier, ...session.secrets]), 'token');
  }
  return tokensIn(session, response, NO_ID_TOKEN);
}

/** @throws BrokerError unless the code itself is refused: used before, too old, or of another client */
function refusedBy({ settings, client, log }: SignInDeps, failure: Failure): SignInOutcome {
  const { fault } = failure;
  if (fault.kind === 'answer' && fault.error === 'invalid_grant') {
    return { kind: 'invalid', detail: 'the provider refuses the code: used before, too old, or of another sign-in' };
  }
  const verdict = judge(fault, settings.refusals);
  const error = outage(failure, verdict.kind === 'rejected' ? undefined : verdict);
  if (verdict.kind === 'misconfigured' || fault.kind === 'unusable') {
    log.error('nobody can sign in: the OpenID provider and the broker do not fit', {
      backend: settings.identity.backend,
      cause: error.message,
    });
  }
  // The provider may have new endpoints.
  if (fault.kind !== 'answer') client.provider.flush();
  throw error;
}

function loginFrom(sources: ClaimSources, claim: ClaimPath | undefined, { username }: Identity): string {
  if (claim === undefined) return username;
  const name = sources.map((claims) => readClaim(claims, claim)).find((value) => value !== undefined);
  if (typeof name === 'string' && name !== '') return name;
  throw new BrokerError(
    'backend_unavailable',
    `the provider’s answer has no claim ${claim.text}: change accounts.claim`,
  );
}
