/** The key of a token that carries its certificates (`x5c`, RFC 7515, section 4.1.6), where an authority certifies keys. */
import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { pathTo } from './ca-file.ts';

/** A chain has the certificate of the key and a few intermediate ones. */
const MAX_CHAIN = 4;

/**
 * @param x5c certificates in DER and base64, the one of the key first
 * @param now seconds since 1970
 * @returns undefined when no authority certifies the key at this time
 */
export function certifiedKey(
  x5c: readonly string[],
  authorities: readonly X509Certificate[],
  now: number,
): KeyObject | undefined {
  if (x5c.length === 0 || x5c.length > MAX_CHAIN) return undefined;
  const chain = parseChain(x5c);
  const path = chain === undefined ? undefined : pathTo(authorities, chain);
  if (path === undefined) return undefined;
  const isCurrent = [...path.chain, path.authority].every((certificate) => isValidAt(certificate, now));
  return isCurrent ? path.chain[0]?.publicKey : undefined;
}

function parseChain(x5c: readonly string[]): readonly X509Certificate[] | undefined {
  try {
    return x5c.map((text) => new X509Certificate(Buffer.from(text, 'base64')));
  } catch {
    return undefined;
  }
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now * 1000 && now * 1000 <= validToDate.getTime();
}
