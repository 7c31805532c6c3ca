/**
 * SPIFFE trust domains in place of issuers. A JWT-SVID need not have `iss`: its `sub` is a SPIFFE ID, and the keys are
 * those of the trust domain in it (SPIFFE, JWT-SVID, sections 3.1 and 4).
 */
import type { Claims } from '../oidc/claim-path.ts';

const TRUST_DOMAIN = /^spiffe:\/\/[a-z0-9._-]{1,255}$/;

/** Whether an issuer is a trust domain: `spiffe://example.org`. */
export function isTrustDomain(issuer: string): boolean {
  return TRUST_DOMAIN.test(issuer);
}

/** Whether a token says that this issuer has issued it. */
export function isIssuedBy(claims: Claims, issuer: string): boolean {
  const { iss, sub } = claims;
  if (!isTrustDomain(issuer)) return iss === issuer;
  return iss === undefined && typeof sub === 'string' && sub.startsWith(`${issuer}/`);
}
