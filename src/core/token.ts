/** The claims of a registry token (distribution's spec/auth/jwt.md). */
import type { Action, Grant } from './access.ts';
import type { Caller } from './identity.ts';

/** One entry of the `access` claim. A class is never given: registries do not match one. */
export interface AccessEntry {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly Action[];
}

export interface TokenClaims {
  readonly iss: string;
  /** The canonical user name; empty for anonymous. */
  readonly sub: string;
  /** One service, as a string: distribution 2.8 refuses an array. */
  readonly aud: string;
  readonly exp: number;
  readonly nbf: number;
  readonly iat: number;
  readonly jti: string;
  readonly access: readonly AccessEntry[];
}

/** Seconds a token is dated back, for registries whose clock is behind; zot allows no leeway at all. */
export const BACKDATE_SECONDS = 30;
/** Seconds a token outlives what the client is told, so that a client without a margin never presents a dead one. */
export const GRACE_SECONDS = 60;

export interface Lifetimes {
  /** Seconds a token lives when it only reads. */
  readonly pull: number;
  /** Seconds a token lives when it may write: a push of large layers outlasts a pull. */
  readonly push: number;
}

/** Seconds a token lives that rests on a login from before an outage: it is asked for again soon. */
export const STALE_SECONDS = 60;

/** Seconds a login must still be good for: a token with less would be dead before the registry has read it. */
export const LEAST_SECONDS = 10;

/**
 * Seconds a client may use its token, never longer than its login is good for.
 *
 * @param now epoch seconds
 */
export function lifetimeFor(caller: Caller, grants: readonly Grant[], lifetimes: Lifetimes, now: number): number {
  return Math.min(usualLifetime(caller, grants, lifetimes), endOf(caller) - now);
}

function usualLifetime(caller: Caller, grants: readonly Grant[], lifetimes: Lifetimes): number {
  if (caller.kind === 'user' && caller.stale === true) return STALE_SECONDS;
  const writes = grants.some((grant) => grant.granted.some((action) => action !== 'pull'));
  return writes ? lifetimes.push : lifetimes.pull;
}

/** Epoch seconds at which what rests on this login must end; Infinity where there is no such time. */
export function endOf(caller: Caller): number {
  return (caller.kind === 'user' ? caller.identity.notAfter : undefined) ?? Infinity;
}

export function claimsFor(input: {
  readonly issuer: string;
  readonly service: string;
  readonly caller: Caller;
  readonly grants: readonly Grant[];
  readonly now: number;
  readonly expiresIn: number;
  readonly tokenId: string;
}): TokenClaims {
  const issuedAt = input.now - BACKDATE_SECONDS;
  return {
    iss: input.issuer,
    sub: input.caller.kind === 'user' ? input.caller.identity.username : '',
    aud: input.service,
    exp: Math.min(input.now + input.expiresIn + GRACE_SECONDS, endOf(input.caller)),
    nbf: issuedAt,
    iat: issuedAt,
    jti: input.tokenId,
    access: input.grants
      .filter((grant) => grant.granted.length > 0)
      .map(({ asked, granted }) => ({ type: asked.type, name: asked.name, actions: granted })),
  };
}
