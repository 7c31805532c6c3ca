/** Whether a token is valid now: `exp`, `nbf` and `iat` (RFC 7519, section 4.1). */
import type { TokenFlaw } from '../../core/ports.ts';
import { LEAST_SECONDS } from '../../core/token.ts';
import type { Claims } from '../oidc/claim-path.ts';

/** Seconds that the clock of an issuer may be ahead. None for `exp`: no registry token outlives its ID token. */
const LEEWAY = 30;

/**
 * @param now epoch seconds
 * @param maxLifetime seconds from `iat` to `exp`; from now, for a token without `iat`. A token that lives for years is
 *   a stored password.
 */
export function timesFlaw(
  claims: Claims,
  now: number,
  maxLifetime: number,
): { readonly reason: TokenFlaw; readonly problem: string } | undefined {
  const { exp, nbf, iat } = claims;
  if (!isTime(exp)) return { reason: 'unusable-claims', problem: 'it has no time at which it ends (exp)' };
  for (const [name, time] of Object.entries({ nbf, iat })) {
    if (time === undefined) continue;
    if (!isTime(time)) return { reason: 'unusable-claims', problem: `the claim ${name} is no time` };
    if (time > now + LEEWAY) {
      const problem = `it begins in ${Math.ceil(time - now)} s (${name}): compare the clocks`;
      return { reason: 'token-not-yet-valid', problem };
    }
  }
  const lifetime = Math.floor(exp) - (isTime(iat) ? Math.floor(iat) : now);
  if (lifetime > maxLifetime) {
    const problem = `it lives for ${lifetime} s (iat to exp), maxLifetime allows ${maxLifetime} s: ask for a shorter one`;
    return { reason: 'token-lifetime-too-long', problem };
  }
  const left = Math.floor(exp) - now;
  if (left >= LEAST_SECONDS) return undefined;
  const problem = left <= 0 ? `it ended ${-left} s ago` : `it ends in ${left} s, and ${LEAST_SECONDS} s are the least`;
  return { reason: 'token-expired', problem: `${problem} (exp)` };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
