/** The requests of this backend and the meaning of their responses. */
import { randomUUID } from 'node:crypto';
import { BrokerError } from '../../core/errors.ts';
import type { Identity, SecretSource } from '../../core/identity.ts';
import type { Log } from '../../core/ports.ts';
import { bearerHeader } from '../http-client/bearer.ts';
import type { Connection, HttpRequest } from '../http-client/connection.ts';
import { networkDetail } from '../http-client/network-detail.ts';
import { retryAfter } from '../http-client/retry-after.ts';
import { readUser } from './user-response.ts';
import type { UserRules } from './user-response.ts';

/** Only three statuses have a meaning; any other response is an outage. */
type ServiceAnswer =
  /** 200 */
  | { readonly kind: 'user'; readonly identity: Identity }
  /** 401 */
  | { readonly kind: 'rejected' }
  /** 404 */
  | { readonly kind: 'unknown-user' };

export interface UserService {
  /** @throws BrokerError `backend_unavailable` unless the service gives one of the three answers in time */
  post(url: string, body: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ServiceAnswer>;
  /** The status of a request without any credential. Throws as `post` does. */
  status(url: string, signal: AbortSignal): Promise<number>;
}

interface UserServiceDeps {
  readonly rules: UserRules;
  readonly bearer: SecretSource | undefined;
  readonly isNotFoundTrusted: boolean;
  /** The current connection; it changes with the files of the configuration. */
  readonly connection: () => Connection;
  readonly log: Log;
}

export const PEER = 'the user service';

export function createUserService(deps: UserServiceDeps): UserService {
  const { rules, bearer, isNotFoundTrusted, connection, log } = deps;

  async function send(url: string, request: HttpRequest, signal: AbortSignal): Promise<Response> {
    try {
      return await connection().fetchUntil(signal)(url, request);
    } catch (error) {
      // The cause is left out: it may hold the request.
      const detail = signal.aborted ? 'did not answer in time' : `cannot be asked: ${networkDetail(error)}`;
      throw new BrokerError('backend_unavailable', `${PEER} ${detail}`);
    }
  }

  /** An error that only an operator can correct. */
  function misconfigured(what: string): BrokerError {
    log.error('user service not usable', { backend: rules.backend, cause: what });
    return new BrokerError('backend_unavailable', what);
  }

  return {
    post: async (url, body, signal) => {
      const requestId = randomUUID();
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-request-id': requestId,
        ...(bearer === undefined ? {} : { authorization: await bearerHeader(bearer, 'bearer') }),
      };
      const response = await send(url, { method: 'POST', headers, body: JSON.stringify(body) }, signal);
      const { status } = response;
      const answered = `${PEER} answered ${status} to request ${requestId}`;
      if (status === 200) {
        const identity = readUser(await response.arrayBuffer(), rules);
        if (typeof identity !== 'string') return { kind: 'user', identity };
        throw misconfigured(`${answered} with a body that is not valid: ${identity}`);
      }
      if (status === 404 && isNotFoundTrusted) return { kind: 'unknown-user' };
      if (status === 401 && !(bearer !== undefined && isAboutToken(response))) return { kind: 'rejected' };
      if (status < 500 && status !== 429) throw misconfigured(`${answered}: ${cureFor(status)}`);
      const seconds = retryAfter(response.headers);
      throw new BrokerError('backend_unavailable', answered, seconds === undefined ? {} : { retryAfter: seconds });
    },
    status: async (url, signal) => (await send(url, { method: 'GET', headers: {} }, signal)).status,
  };
}

/** RFC 6750, section 3: the challenge of a server that refuses the token, and not the user. */
function isAboutToken({ headers }: Response): boolean {
  return /^bearer\b/i.test(headers.get('www-authenticate') ?? '');
}

function cureFor(status: number): string {
  if (status >= 300 && status < 400) return 'redirects are not followed, set url to the final address';
  if (status === 401 || status === 403) return 'check bearer, certFile and keyFile';
  return 'check url';
}
