/**
 * Email addresses that the provider has not verified. Users can set them to any address (OpenID Connect Core, section
 * 5.7).
 */
import type { ClaimPath, Claims } from './claim-path.ts';
import { forLog } from './for-log.ts';

export function isUnverifiedEmail({ segments: [claim] }: Pick<ClaimPath, 'segments'>, claims: Claims): boolean {
  return claim === 'email' && !isTrue(claims['email_verified']);
}

/** Some providers send the truth value as a text, .NET as `True`. */
function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

/**
 * The claims of an issuer whose addresses the configuration trusts: an address without `email_verified` counts as
 * verified. One that the issuer itself says is not verified does not.
 */
export function withTrustedEmail(claims: Claims): Claims {
  const isOpen = claims['email'] !== undefined && (claims['email_verified'] ?? undefined) === undefined;
  return isOpen ? { ...claims, email_verified: true } : claims;
}

/** What `email_verified` is, for a message. */
export function emailVerifiedText({ email_verified: value }: Claims): string {
  return value === undefined || value === null ? 'there is no email_verified' : `email_verified is ${forLog(value)}`;
}
