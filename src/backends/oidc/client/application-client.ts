/**
 * Requests with a token of the broker itself (client credentials grant, RFC 6749, section 4.4): to Microsoft Graph, or to the
 * interface that a provider has for administrators.
 */
import { clientCredentialsGrant } from 'openid-client';
import type { Clock } from '../../../core/ports.ts';
import { faultOf, readFault } from './fault.ts';
import type { Fault } from './fault.ts';
import type { Session } from './provider.ts';

export type ApplicationAnswer =
  /** Status 200, with JSON. */
  | { readonly kind: 'json'; readonly json: unknown }
  /** There is no such thing. `json`: what the answer says about that; undefined when it is not JSON. */
  | { readonly kind: 'not-found'; readonly json: unknown; readonly fault: Fault }
  | { readonly kind: 'failed'; readonly fault: Fault }
  /** The token endpoint gives the broker no token. */
  | { readonly kind: 'no-token'; readonly fault: Fault };

export interface ApplicationRequest {
  readonly url: string;
  /** JSON that is sent by POST; absent: a GET. */
  readonly body?: string;
}

interface ApplicationClient {
  /** Never throws for what the other side does. */
  request(session: Session, request: ApplicationRequest): Promise<ApplicationAnswer>;
}

/** A token is renewed this long before it ends, so that it does not end during a request. */
const MARGIN_SECONDS = 60;

/** @param scope of the tokens; undefined: what the provider gives without one */
export function createApplicationClient(clock: Clock, scope?: string): ApplicationClient {
  let cached: { readonly token: string; readonly until: number } | undefined;

  async function currentToken(session: Session): Promise<string> {
    if (cached !== undefined && clock.monotonic() < cached.until) return cached.token;
    const granted = await clientCredentialsGrant(session.configuration, scope === undefined ? {} : { scope });
    const seconds = Math.max(0, (granted.expiresIn() ?? 0) - MARGIN_SECONDS);
    cached = { token: granted.access_token, until: clock.monotonic() + seconds * 1000 };
    return granted.access_token;
  }

  return {
    request: async (session, request) => {
      let token: string;
      try {
        token = await currentToken(session);
      } catch (error) {
        return { kind: 'no-token', fault: await readFault(error, session.secrets) };
      }
      const answer = await send(session, token, request);
      if ('fault' in answer && answer.fault.kind === 'answer' && answer.fault.status === 401) cached = undefined;
      return answer;
    },
  };
}

async function send(session: Session, token: string, { url, body }: ApplicationRequest): Promise<ApplicationAnswer> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const init =
    body === undefined
      ? { method: 'GET', headers }
      : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body };
  try {
    const response = await session.fetch(url, init);
    const json: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    if (response.status === 200 && json !== undefined) return { kind: 'json', json };
    const fault = await faultOf(response, [token, ...session.secrets]);
    return response.status === 404 ? { kind: 'not-found', json, fault } : { kind: 'failed', fault };
  } catch (error) {
    return { kind: 'failed', fault: await readFault(error) };
  }
}
