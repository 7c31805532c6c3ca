/**
 * A login that an administrator tests on a page, step by step. It is no login: it opens no session, issues no token and
 * leaves no answer in the cache. One runs at a time, within the limits of `shield/test-attempts.ts`, and its line is in
 * the audit trail before anybody reads the result.
 */
import type { RequestContext } from '../core/events.ts';
import type { Credential, Identity } from '../core/identity.ts';
import type { Audit, Step, Timer } from '../core/ports.ts';
import { refuseWhileBusy } from '../core/refuse-while-busy.ts';
import { withinGrace } from './login-time.ts';
import type { TestAttempts, TESTS } from './shield/test-attempts.ts';
import { traceLogin } from './trace-login.ts';
import type { TracedLogin } from './trace-login.ts';
import type { Chain } from './walk-chain.ts';

interface TestLoginDeps extends Chain {
  readonly timer: Timer;
  readonly audit: Pick<Audit, 'commit'>;
  readonly attempts: TestAttempts;
}

interface LoginTest {
  readonly credential: Credential;
  /** The administrator. */
  readonly by: Identity;
  readonly request: RequestContext;
}

export type TestedLogin =
  | {
      readonly kind: 'tested';
      readonly steps: readonly Step[];
      /** Undefined: the login was refused, or a backend failed. */
      readonly identity?: Identity;
    }
  /** Another test runs. */
  | { readonly kind: 'busy' }
  /** No backend was asked. `retryAfter` in seconds. */
  | { readonly kind: 'limited'; readonly by: keyof typeof TESTS; readonly retryAfter: number };

/** @throws BrokerError `audit_unavailable` when the test cannot be recorded, and the configuration demands it */
export type TestLogin = (test: LoginTest) => Promise<TestedLogin>;

export function createTestLogin(deps: TestLoginDeps): TestLogin {
  return refuseWhileBusy<LoginTest, TestedLogin>(
    (test) => runTest(deps, test),
    () => ({ kind: 'busy' }),
  );
}

async function runTest(deps: TestLoginDeps, { credential, by, request }: LoginTest): Promise<TestedLogin> {
  const { attempts, audit, timer } = deps;
  const { username } = credential;
  const event = { type: 'login-test', request, by: by.username, username } as const;
  // INVARIANT: a test counts before a password is sent: for the administrator, for the name, and for the account.
  const admission = await attempts.admit(by, username);
  if (admission.kind === 'limited') {
    await audit.commit([{ ...event, outcome: 'limited', cause: `limit of tests reached: ${admission.by}` }]);
    return admission;
  }
  const traced = await traceLogin(deps, credential, (authenticator, deadline, attempt, report) => {
    // A token cannot be guessed.
    if (authenticator.accepts === 'tokens') return withinGrace(timer, deadline, attempt());
    const onRefusal = (text: string): void => report({ ok: false, text });
    const login = { credential, client: request.client, deadline };
    return withinGrace(timer, deadline, attempts.ask(authenticator, login, attempt, onRefusal));
  });
  await audit.commit([{ ...event, ...resultOf(traced) }]);
  const { steps, identity } = traced;
  return { kind: 'tested', steps, ...(identity === undefined ? {} : { identity }) };
}

function resultOf({ outcome, backend, steps }: TracedLogin) {
  return {
    outcome: outcome?.kind ?? ('failed' as const),
    ...(backend === undefined ? {} : { backend }),
    ...(outcome?.kind === 'rejected' ? { reason: outcome.reason } : {}),
    ...(outcome === undefined ? { cause: steps.at(-1)?.text ?? '' } : {}),
  };
}
