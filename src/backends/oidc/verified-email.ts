import type { ClaimPath, Claims } from './claim-path.ts';

/**
 * Whether the claim is an email address that the provider has not verified. Users can set it to any address (OpenID
 * Connect Core, section 5.7).
 */
export function isUnverifiedEmail(
  { segments: [claim, ...deeper] }: Pick<ClaimPath, 'segments'>,
  claims: Claims,
): boolean {
  return claim === 'email' && deeper.length === 0 && claims['email_verified'] !== true;
}
