/** Passport, which runs the strategy of the token endpoint. Browser sign-in adds strategies of its own. */
import passport from 'passport';
import type { RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Service } from '../flows/grant-token.ts';
import type { Identify } from '../flows/identify.ts';
import type { ExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import type { TokenRequest } from './token-request.ts';

/** A token request whose caller is not known yet. */
export interface UnauthenticatedRequest {
  readonly context: RequestContext;
  readonly service: Service;
  readonly asked: TokenRequest;
}

export interface AuthenticateDeps {
  readonly identify: Identify;
  readonly exchangeRefreshToken: ExchangeRefreshToken;
}

/** @throws BrokerError for each refusal, so that one table answers them all */
type Authenticate = (unauthenticated: UnauthenticatedRequest) => Promise<Caller>;

type PassportMiddleware = (request: object, response: object, next: (error: unknown) => void) => void;

/**
 * What Passport gets as request and response: the strategy needs neither, and Passport with a callback answers nothing
 * itself. It sets functions as properties, which V8 puts into the old generation. There they would keep both in memory
 * until the next collection of the whole heap.
 */
const NO_REQUEST = {};
const NO_RESPONSE = {};

export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const authenticator = new passport.Passport();
  return (unauthenticated) => {
    const { credential, refreshToken } = unauthenticated.asked;
    // Without a credential there is nothing to authenticate: the caller is anonymous.
    if (credential === undefined && refreshToken === undefined) return callerOf(deps, unauthenticated);
    const { promise, resolve, reject } = Promise.withResolvers<Caller>();
    // Fails closed: everything but a caller is an error.
    const done = (error: unknown, caller?: Caller | false): void =>
      typeof caller === 'object' ? resolve(caller) : reject(error);
    const strategy = new CredentialStrategy(callerOf(deps, unauthenticated));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Passport's types leave the middleware untyped
    const run = authenticator.authenticate(strategy, { session: false }, done) as PassportMiddleware;
    run(NO_REQUEST, NO_RESPONSE, reject);
    return promise;
  };
}

/** Basic, the password form or a refresh token. Every refusal is an error. One for each request. */
class CredentialStrategy extends passport.Strategy {
  override readonly name = 'registry-credential';
  readonly #caller: Promise<Caller>;

  constructor(caller: Promise<Caller>) {
    super();
    this.#caller = caller;
  }

  override authenticate(): void {
    this.#caller.then(
      (caller) => this.success(caller),
      (error: unknown) => this.error(error),
    );
  }
}

async function callerOf(deps: AuthenticateDeps, { context, service, asked }: UnauthenticatedRequest): Promise<Caller> {
  const { credential, refreshToken } = asked;
  return refreshToken === undefined
    ? deps.identify(credential, context)
    : deps.exchangeRefreshToken(refreshToken, service, context);
}
