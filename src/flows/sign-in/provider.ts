/** Sign-in at an OpenID provider: the request that the browser takes there, and the answer that it brings back. */
import { deadlineIn } from '../../core/deadline.ts';
import { BrokerError, describeError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Caller, Identity } from '../../core/identity.ts';
import type { Audit, Authenticator } from '../../core/ports.ts';
import type { SignedInAt } from '../../core/session.ts';
import type { BrowserSignIn, SignInAnswer, SignInOutcome, SignInStart } from '../../core/sign-in.ts';
import { backendNamed, foreignName, skipReason } from '../chain.ts';
import { LOGIN_BUDGET_MS, withinGrace } from '../login-time.ts';
import { revalidate } from '../revalidate.ts';
import type { RevalidateDeps } from '../revalidate.ts';

interface ProviderSignInDeps extends RevalidateDeps {
  readonly audit: Audit;
  /** Where providers send browsers back: `https://auth.example.com/sign-in/callback`. */
  readonly redirectUri: string;
}

/** A person who has just signed in. */
export interface SignInResult {
  readonly caller: Extract<Caller, { kind: 'user' }>;
  readonly login: string;
  readonly signedInAt: SignedInAt;
}

/** Both throw BrokerError `not_found` for a backend without sign-in, and `backend_unavailable`. */
export interface ProviderSignIn {
  /** @param isAgain whether the person has to prove who they are, also where the provider knows the browser */
  start(backend: string, isAgain: boolean): Promise<SignInStart>;
  /** @throws BrokerError `sign_in_refused` or `sign_in_invalid` */
  finish(backend: string, answer: Omit<SignInAnswer, 'redirectUri'>, request: RequestContext): Promise<SignInResult>;
}

export function createProviderSignIn(deps: ProviderSignInDeps): ProviderSignIn {
  const { redirectUri, clock, timer } = deps;
  return {
    start: async (name, isAgain) => {
      const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
      return withinGrace(timer, deadline, signInAt(deps, name).begin(redirectUri, isAgain, deadline));
    },
    finish: async (name, answer, request) => {
      const started = clock.monotonic();
      const record = recorder(deps, { request, backend: name, started });
      try {
        const outcome = await askProvider(deps, name, answer);
        if (outcome.kind !== 'signed-in') throw refusalOf(outcome);
        const identity = await accountOf(deps, name, outcome);
        // Only now: a refused sign-in changes nothing of the account, and keeps nothing of it awake.
        await signInAt(deps, name).accept?.(outcome.identity);
        record(identity.username, 'authenticated');
        const { login, sid, sub, authTime } = outcome;
        const signedInAt = {
          backend: name,
          ...(sid === undefined ? {} : { sid }),
          sub,
          ...(authTime === undefined ? {} : { authTime }),
        };
        return { caller: { kind: 'user', identity }, login, signedInAt };
      } catch (error) {
        const isRefused = error instanceof BrokerError && error.code !== 'backend_unavailable';
        record('', isRefused ? 'rejected' : 'failed', describeError(error));
        throw error;
      }
    },
  };
}

function recorder(
  { audit, clock }: ProviderSignInDeps,
  about: { readonly request: RequestContext; readonly backend: string; readonly started: number },
) {
  const { request, backend, started } = about;
  return (username: string, outcome: 'authenticated' | 'rejected' | 'failed', cause?: string): void => {
    const seconds = (clock.monotonic() - started) / 1000;
    const event = { type: 'login', request, backend, username, outcome, source: 'backend', seconds } as const;
    audit.record(cause === undefined ? event : { ...event, cause });
  };
}

function signInAt({ backends }: ProviderSignInDeps, name: string): BrowserSignIn {
  const signIn = backendNamed(backends, name)?.authenticator.signIn;
  if (signIn === undefined)
    throw new BrokerError('not_found', 'no backend with this name offers sign-in with a browser');
  return signIn;
}

async function askProvider(
  deps: ProviderSignInDeps,
  name: string,
  answer: Omit<SignInAnswer, 'redirectUri'>,
): Promise<SignInOutcome> {
  const deadline = deadlineIn(deps.clock, LOGIN_BUDGET_MS);
  const { redirectUri, timer } = deps;
  return withinGrace(timer, deadline, signInAt(deps, name).finish({ ...answer, redirectUri }, deadline));
}

function refusalOf({ kind, detail }: Exclude<SignInOutcome, { kind: 'signed-in' }>): BrokerError {
  return new BrokerError(kind === 'invalid' ? 'sign_in_invalid' : 'sign_in_refused', detail);
}

type SignedInOutcome = Extract<SignInOutcome, { kind: 'signed-in' }>;

/** The account of the person: at the provider, or at the backend that the configuration names. */
async function accountOf(deps: ProviderSignInDeps, name: string, outcome: SignedInOutcome): Promise<Identity> {
  const { accountsAt } = signInAt(deps, name);
  const identity =
    accountsAt === undefined ? ownAccount(deps, name, outcome) : await lookUp(deps, accountsAt, outcome.login);
  const foreign = foreignName(deps.backends, identity);
  if (foreign !== undefined) throw new BrokerError('sign_in_refused', foreign);
  return identity;
}

/** The configuration may limit a backend to some user names, which `revalidate` compares as well. */
function ownAccount({ backends }: ProviderSignInDeps, name: string, { identity, login }: SignedInOutcome): Identity {
  const backend = backendNamed(backends, name);
  if (backend === undefined || skipReason(backend, login, 'sign-ins') !== undefined) {
    throw new BrokerError('sign_in_refused', `usernames of ${name} do not include ${login}`);
  }
  return identity;
}

async function lookUp(deps: ProviderSignInDeps, name: string, login: string): Promise<Identity> {
  const authenticator: Authenticator | undefined = backendNamed(deps.backends, name)?.authenticator;
  if (authenticator?.lookup === undefined || authenticator.revalidate === undefined) {
    throw new BrokerError('backend_unavailable', `the backend ${name} cannot find accounts without a password`);
  }
  const deadline = deadlineIn(deps.clock, LOGIN_BUDGET_MS);
  const found = await withinGrace(deps.timer, deadline, authenticator.lookup(login, deadline));
  if (found?.subject === undefined) throw new BrokerError('sign_in_refused', `${name} has no account ${login}`);
  // The look-up finds disabled accounts, too.
  const { identity, refusal } = await revalidate(deps, { backend: name, login, subject: found.subject });
  if (identity === undefined) throw new BrokerError('sign_in_refused', `${name} refuses ${login}: ${refusal}`);
  return identity;
}
