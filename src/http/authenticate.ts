/** Passport, which runs the strategy of the token endpoint. Browser sign-in adds strategies of its own. */
import type { Request, RequestHandler, Response } from 'express';
import passport from 'passport';
import type { AuthenticateOptions } from 'passport';
import type { RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Service } from '../flows/grant-token.ts';
import type { Identify } from '../flows/identify.ts';
import type { ExchangeRefreshToken } from '../flows/refresh-token/exchange.ts';
import type { TokenRequest } from './token-request.ts';

const STRATEGY = 'registry-credential';

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
type Authenticate = (request: Request, response: Response, unauthenticated: UnauthenticatedRequest) => Promise<Caller>;

export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const authenticator = new passport.Passport().use(new CredentialStrategy(deps));
  return (request, response, unauthenticated) => {
    const { promise, resolve, reject } = Promise.withResolvers<Caller>();
    const options: CredentialOptions = { session: false, unauthenticated };
    // Fails closed: everything but a caller is an error.
    const done = (error: unknown, caller?: Caller | false): void =>
      typeof caller === 'object' ? resolve(caller) : reject(error);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Passport's types leave the middleware untyped
    const run = authenticator.authenticate(STRATEGY, options, done) as RequestHandler;
    void run(request, response, reject);
    return promise;
  };
}

interface CredentialOptions extends AuthenticateOptions {
  readonly unauthenticated: UnauthenticatedRequest;
}

/** Basic, the password form, a refresh token, or anonymous. Every refusal is an error. */
class CredentialStrategy extends passport.Strategy {
  override readonly name = STRATEGY;
  // Not `#private`: Passport calls `authenticate` on objects that inherit from this one.
  private readonly deps: AuthenticateDeps;

  constructor(deps: AuthenticateDeps) {
    super();
    this.deps = deps;
  }

  override authenticate(_request: Request, { unauthenticated }: CredentialOptions): void {
    callerOf(this.deps, unauthenticated).then(
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
