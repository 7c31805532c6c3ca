/** The password grant (RFC 6749, section 4.3). */
import { genericGrantRequest } from 'openid-client';
import type { TokenEndpointResponse } from 'openid-client';
import type { Credential } from '../../core/identity.ts';
import { failed, tokensIn } from '../oidc/client/answers.ts';
import type { Failure, Tokens } from '../oidc/client/answers.ts';
import { readFault } from '../oidc/client/fault.ts';
import type { Session } from '../oidc/client/provider.ts';

const NO_ID_TOKEN =
  'it holds no ID token; let the provider give one for the password grant, or set claims.from to userinfo';

interface GrantRules {
  readonly scope: string;
  /** Whether an answer without an ID token is refused. One that is sent is always verified. */
  readonly needsIdToken: boolean;
}

/** @throws BrokerError `backend_unavailable` when the keys of the provider are not available */
export async function requestTokens(
  session: Session,
  { username, password }: Credential,
  { scope, needsIdToken }: GrantRules,
): Promise<Tokens | Failure> {
  const revealed = password.reveal();
  let response: TokenEndpointResponse;
  try {
    const form = { username, password: revealed, scope };
    response = await genericGrantRequest(session.configuration, 'password', form);
  } catch (error) {
    return failed(await readFault(error, [revealed, ...session.secrets]), 'token');
  }
  return tokensIn(session, response, needsIdToken ? NO_ID_TOKEN : undefined);
}
