/** Logouts that concern a provider: those that it announces, and those that a person asks for. */
import { deadlineIn } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { RequestContext } from '../../core/events.ts';
import type { Secret } from '../../core/identity.ts';
import type { BrowserSignIn } from '../../core/sign-in.ts';
import { backendNamed } from '../chain.ts';
import { LOGIN_BUDGET_MS, withinGrace } from '../login-time.ts';
import type { RevalidateDeps } from '../revalidate.ts';
import type { EndSessions } from '../session/end.ts';

interface ProviderLogoutDeps extends RevalidateDeps {
  readonly end: EndSessions;
}

/** Both throw BrokerError `not_found` for a backend without sign-in, and `backend_unavailable`. */
export interface ProviderLogoutFlow {
  /** @returns where the browser ends its session at the provider; undefined: the provider has no such page */
  start(backend: string, returnTo: string): Promise<string | undefined>;
  /**
   * Ends the sessions that the provider names (OpenID Connect Back-Channel Logout 1.0).
   *
   * @returns how many there were
   * @throws BrokerError `sign_in_invalid` when the token proves nothing; `records_unavailable`
   */
  receive(backend: string, token: Secret, request: RequestContext): Promise<number>;
}

export function createProviderLogout(deps: ProviderLogoutDeps): ProviderLogoutFlow {
  const { clock, timer, end } = deps;
  const ask = <T>(
    name: string,
    question: (signIn: BrowserSignIn) => (left: ReturnType<typeof deadlineIn>) => Promise<T>,
  ) => {
    const signIn = backendNamed(deps.backends, name)?.authenticator.signIn;
    if (signIn === undefined)
      throw new BrokerError('not_found', 'no backend with this name offers sign-in with a browser');
    const deadline = deadlineIn(clock, LOGIN_BUDGET_MS);
    return withinGrace(timer, deadline, question(signIn)(deadline));
  };
  return {
    start: async (name, returnTo) => ask(name, (signIn) => (deadline) => signIn.logoutUrl(returnTo, deadline)),
    receive: async (name, token, request) => {
      const logout = await ask(name, (signIn) => (deadline) => signIn.readLogout(token, deadline));
      if (logout.kind === 'invalid') throw new BrokerError('sign_in_invalid', `logout token: ${logout.detail}`);
      const { sid, sub } = logout;
      const which = { ...(sid === undefined ? {} : { sid }), ...(sub === undefined ? {} : { sub }) };
      return end.ofProvider({ backend: name, ...which }, request);
    },
  };
}
