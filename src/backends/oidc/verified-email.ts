import type { ClaimPath, Claims } from './claim-path.ts';

/**
 * Whether this is an address that nobody has verified, which anybody can give themselves (OpenID Connect Core, section
 * 5.7).
 */
export function isUnverifiedEmail(
  { segments: [claim, ...deeper] }: Pick<ClaimPath, 'segments'>,
  claims: Claims,
): boolean {
  return claim === 'email' && deeper.length === 0 && claims['email_verified'] !== true;
}
