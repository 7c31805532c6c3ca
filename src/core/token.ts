/** The claims of a registry token (distribution's spec/auth/jwt.md). */
import type { Action, Grant } from './access.ts';
import type { Caller } from './identity.ts';

/** One entry of the `access` claim. It has no class: registries do not match one. */
interface AccessEntry {
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

/** Seconds by which `iat` and `nbf` are earlier, for registries whose clock is slow; zot allows no leeway. */
const BACKDATE_SECONDS = 30;
/**
 * Seconds by which a token lives longer than `expires_in` says, so that a client without a margin never sends an expired
 * token.
 */
export const GRACE_SECONDS = 60;

export interface Lifetimes {
  /** Lifetime in seconds of a token that only reads. */
  readonly pull: number;
  /** Lifetime in seconds of a token that may write: a push of large layers takes longer than a pull. */
  readonly push: number;
}

/** Lifetime in seconds of a token for a cached login during an outage; short, so that the next login checks again. */
const STALE_SECONDS = 60;

/** Seconds for which a login must still be valid: a shorter token could expire before the registry reads it. */
export const LEAST_SECONDS = 10;

/** Seconds for which a client may use its token. Whoever issues it shortens this to the time when it must expire. */
export function lifetimeFor(caller: Caller, grants: readonly Grant[], lifetimes: Lifetimes): number {
  if (caller.kind === 'user' && caller.stale === true) return STALE_SECONDS;
  return grants.some(mayWrite) ? lifetimes.push : lifetimes.pull;
}

/** The catalog can only be read, although the action of its scope is `*`. */
function mayWrite({ asked, granted }: Grant): boolean {
  return asked.type !== 'registry' && granted.some((action) => action !== 'pull');
}

/** Epoch seconds at which every token of this login must expire; Infinity when there is no such time. */
export function endOf(caller: Caller): number {
  if (caller.kind === 'anonymous') return Infinity;
  return Math.min(caller.identity.notAfter ?? Infinity, caller.via?.expiresAt ?? Infinity);
}

export function claimsFor(input: {
  readonly issuer: string;
  readonly service: string;
  readonly caller: Caller;
  readonly grants: readonly Grant[];
  readonly now: number;
  /** Seconds for which a client may use the token. */
  readonly lifetime: number;
  /** Seconds since 1970 by which the token must expire; Infinity when there is no such time. */
  readonly end: number;
  readonly tokenId: string;
}): TokenClaims {
  const issuedAt = input.now - BACKDATE_SECONDS;
  return {
    iss: input.issuer,
    sub: input.caller.kind === 'user' ? input.caller.identity.username : '',
    aud: input.service,
    exp: Math.min(input.now + input.lifetime + GRACE_SECONDS, input.end),
    nbf: issuedAt,
    iat: issuedAt,
    jti: input.tokenId,
    access: input.grants
      .filter((grant) => grant.granted.length > 0)
      .map(({ asked, granted }) => ({ type: asked.type, name: asked.name, actions: granted })),
  };
}
