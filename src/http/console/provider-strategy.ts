/**
 * Sign-in at an OpenID provider as a strategy of Passport. The step is chosen by the route and never by the query:
 * a strategy that begins whenever there is no code also begins at the callback.
 *
 * The browser holds the transaction in a sealed cookie that is named by its state. Each tab has its own, and an answer
 * that another browser began finds none.
 */
import type { Request, RequestHandler, Response } from 'express';
import passport from 'passport';
import type { AuthenticateOptions } from 'passport';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Sealing } from '../../core/sign-in.ts';
import type { ProviderSignIn, SignInResult } from '../../flows/sign-in/provider.ts';
import { contextOf } from '../context.ts';
import type { SessionCookies } from './cookies.ts';
import { queryOf } from '../form.ts';

const STRATEGY = 'openid-provider';
/** Seconds for a sign-in at the provider, second factor included. */
const TRANSACTION_SECONDS = 600;

interface StrategyDeps {
  readonly cookies: SessionCookies;
  readonly sealing: Sealing;
  readonly signIn: ProviderSignIn;
}

/** `begin` answers with a redirect. `finish` resolves to the person. Both throw BrokerError. */
export interface ProviderSteps {
  begin(request: Request, response: Response, to: Beginning): Promise<void>;
  /** Whether the browser has begun the sign-in of this answer, and has not used it up. */
  isBegun(request: Request): boolean;
  finish(request: Request, response: Response): Promise<Arrival>;
}

interface Beginning {
  /** The backend. */
  readonly backend: string;
  /** The page for afterwards. */
  readonly to: string;
  /** Whether the person has to prove who they are, also where the provider knows the browser. */
  readonly isAgain: boolean;
}

export interface Arrival extends SignInResult {
  readonly to: string;
}

interface StepOptions extends AuthenticateOptions {
  readonly response: Response;
  /** Absent: the browser comes back. */
  readonly beginning?: Beginning;
}

export function createProviderSteps(deps: StrategyDeps): ProviderSteps {
  const authenticator = new passport.Passport().use(new ProviderStrategy(deps));
  const run = (request: Request, options: StepOptions): Promise<Arrival | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<Arrival | undefined>();
    const done = (error: unknown, arrival?: Arrival | false): void =>
      typeof arrival === 'object' ? resolve(arrival) : reject(error);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Passport's types leave the middleware untyped
    const handler = authenticator.authenticate(STRATEGY, { session: false, ...options }, done) as RequestHandler;
    options.response.once('close', () => resolve(undefined));
    void handler(request, options.response, reject);
    return promise;
  };
  return {
    begin: async (request, response, beginning) => void (await run(request, { response, beginning })),
    isBegun: (request) => deps.cookies.transaction(request, queryOf(request).get('state') ?? '') !== undefined,
    finish: async (request, response) => {
      const arrival = await run(request, { response });
      if (arrival === undefined) throw new BrokerError('sign_in_invalid', 'the answer led nowhere');
      return arrival;
    },
  };
}

class ProviderStrategy extends passport.Strategy {
  override readonly name = STRATEGY;
  // Not `#private`: Passport calls `authenticate` on objects that inherit from this one.
  private readonly deps: StrategyDeps;

  constructor(deps: StrategyDeps) {
    super();
    this.deps = deps;
  }

  override authenticate(request: Request, { response, beginning }: StepOptions): void {
    const fail = (error: unknown): void => this.error(error);
    if (beginning === undefined) finish(this.deps, request, response).then((arrival) => this.success(arrival), fail);
    else begin(this.deps, request, response, beginning).then((url) => this.redirect(url, 303), fail);
  }
}

/** @returns where the browser goes */
async function begin(
  { cookies, sealing, signIn }: StrategyDeps,
  request: Request,
  response: Response,
  { backend, to, isAgain }: Beginning,
): Promise<string> {
  const { url, transaction } = await signIn.start(backend, isAgain);
  const sealed = await sealing.seal(
    { ...transaction, backend, to, ...(isAgain ? { again: '1' } : {}) },
    TRANSACTION_SECONDS,
  );
  cookies.setTransaction(request, response, { state: transaction.state, sealed, seconds: TRANSACTION_SECONDS });
  return url;
}

async function finish(
  { cookies, sealing, signIn }: StrategyDeps,
  request: Request,
  response: Response,
): Promise<Arrival> {
  const context: RequestContext = contextOf(response);
  const query = queryOf(request);
  const [state, ...others] = query.getAll('state');
  if (state === undefined || others.length > 0) {
    throw new BrokerError('sign_in_invalid', `the answer has ${others.length === 0 ? 'no' : 'several'} state`);
  }
  const sealed = cookies.transaction(request, state);
  if (sealed === undefined) throw new BrokerError('sign_in_invalid', 'this browser has not begun the sign-in');
  // Used up whatever follows: a second visit of the same address finds no transaction.
  cookies.clearTransaction(response, state);
  const { backend, to, nonce, codeVerifier, again, state: own } = (await sealing.open(sealed)) ?? {};
  if (backend === undefined || to === undefined || nonce === undefined || codeVerifier === undefined || own !== state) {
    throw new BrokerError('sign_in_invalid', 'the transaction is over, or not one of this server');
  }
  const transaction = { state, nonce, codeVerifier };
  const answer = { query: query.toString(), transaction, isAgain: again === '1' };
  return { ...(await signIn.finish(backend, answer, context)), to };
}
