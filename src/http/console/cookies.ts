/**
 * The cookies of the console. Each has the prefix `__Host-`: no other host, and no page over http, can set it (RFC 6265bis,
 * section 4.1.3.2). Without TLS, which is possible on loopback only, browsers refuse that prefix, and the name is another.
 */
import { parseCookie, stringifySetCookie } from 'cookie';
import type { SetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { Secret } from '../../core/identity.ts';

export interface SessionCookies {
  /** The session; undefined: the browser has none. */
  session(request: Request): Secret | undefined;
  setSession(response: Response, cookie: Secret): void;
  clearSession(response: Response): void;
  /** The sealed transaction of the sign-in with this state. */
  transaction(request: Request, state: string): string | undefined;
  /** Adds one, in place of the oldest where there are too many. */
  setTransaction(request: Request, response: Response, transaction: SealedTransaction): void;
  clearTransaction(response: Response, state: string): void;
}

interface SealedTransaction {
  readonly state: string;
  readonly sealed: string;
  readonly seconds: number;
}

/** Sign-ins that one browser may have begun at once: one for each tab. */
const MAX_TRANSACTIONS = 5;
/** The states that we make. Any other would be a cookie name that a link has chosen. */
const STATE = /^[\w-]{22,64}$/;

/** @param isSecure whether `publicUrl` begins with https */
export function createCookies(isSecure: boolean): SessionCookies {
  const name = isSecure ? '__Host-fairlead' : 'fairlead-dev';
  const prefix = `${name}-`;
  const fixed = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'lax' } as const;
  const set = (response: Response, cookie: Pick<SetCookie, 'name' | 'value' | 'maxAge'>): void =>
    void response.append('Set-Cookie', stringifySetCookie({ ...cookie, ...fixed }));
  const clear = (response: Response, cleared: string): void => set(response, { name: cleared, value: '', maxAge: 0 });
  return {
    session: (request) => {
      const value = cookiesOf(request)[name];
      return value === undefined || value === '' ? undefined : new Secret(value);
    },
    // Strict would lose the session on the way back from the provider, which is another site.
    setSession: (response, cookie) => set(response, { name, value: cookie.reveal() }),
    clearSession: (response) => clear(response, name),
    transaction: (request, state) => (STATE.test(state) ? cookiesOf(request)[`${prefix}${state}`] : undefined),
    setTransaction: (request, response, { state, sealed, seconds }) => {
      // Browsers send the oldest first (RFC 6265, section 5.4).
      const begun = Object.keys(cookiesOf(request)).filter((one) => one.startsWith(prefix));
      for (const old of begun.slice(0, Math.max(0, begun.length - MAX_TRANSACTIONS + 1))) clear(response, old);
      set(response, { name: `${prefix}${state}`, value: sealed, maxAge: seconds });
    },
    clearTransaction: (response, state) => {
      if (STATE.test(state)) clear(response, `${prefix}${state}`);
    },
  };
}

function cookiesOf({ headers }: Request): Readonly<Record<string, string | undefined>> {
  return parseCookie(headers.cookie ?? '');
}
