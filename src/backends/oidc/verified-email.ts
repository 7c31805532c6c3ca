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
 * verified, unless one of the sources says that the address of the user is not.
 *
 * @param sources sets of claims about one user
 */
export function withTrustedEmail(sources: readonly Claims[]): readonly Claims[] {
  const denial = sources.map(verification).find((value) => value !== undefined && !isTrue(value));
  return sources.map((claims) =>
    claims['email'] !== undefined && verification(claims) === undefined
      ? { ...claims, email_verified: denial ?? true }
      : claims,
  );
}

/** @returns undefined when the claim is missing or null */
function verification({ email_verified: value }: Claims): unknown {
  return value ?? undefined;
}

/** What `email_verified` is, for a message. */
export function emailVerifiedText(claims: Claims): string {
  const value = verification(claims);
  return value === undefined ? 'there is no email_verified' : `email_verified is ${forLog(value)}`;
}
