/** The certificate chain in the header of a token (`x5c`, RFC 7515, section 4.1.6). */
import { X509Certificate } from 'node:crypto';

const MAX_CHAIN = 10;
/** Standard base64, not base64url. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** @returns the certificates, the leaf first; a sentence when the header cannot be read */
export function readChain(x5c: unknown): readonly [X509Certificate, ...X509Certificate[]] | string {
  if (!Array.isArray(x5c) || x5c.length === 0) return 'x5c is not a list of certificates';
  if (x5c.length > MAX_CHAIN) return `x5c has ${x5c.length} certificates, expected at most ${MAX_CHAIN}`;
  const certificates: X509Certificate[] = [];
  for (const text of x5c as readonly unknown[]) {
    if (typeof text !== 'string' || !BASE64.test(text)) return 'x5c has an entry that is not standard base64';
    try {
      certificates.push(new X509Certificate(Buffer.from(text, 'base64')));
    } catch {
      return 'x5c has an entry that is not a certificate';
    }
  }
  const [leaf, ...others] = certificates;
  return leaf === undefined ? 'x5c is empty' : [leaf, ...others];
}

/**
 * Whether the chain leads to a root. A leaf that is itself a root is enough; dates count for each certificate.
 *
 * @param now milliseconds since 1970
 */
export function leadsTo(
  [leaf, ...others]: readonly [X509Certificate, ...X509Certificate[]],
  roots: readonly X509Certificate[],
  now: number,
): boolean {
  const visit = (certificate: X509Certificate, depth: number): boolean => {
    if (depth > MAX_CHAIN || !isCurrent(certificate, now)) return false;
    if (roots.some((root) => root.raw.equals(certificate.raw))) return true;
    const issuers = [...others, ...roots].filter((issuer) => issuer.ca && isIssuedBy(certificate, issuer));
    return issuers.some((issuer) => visit(issuer, depth + 1));
  };
  return visit(leaf, 0);
}

export function isCurrent({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime();
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return !certificate.raw.equals(issuer.raw) && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
