/** Whether a token is signed by a key that the configuration of a registry trusts, in whatever way its header names that key. */
import { leadsTo, readChain } from './chain.ts';
import { isSignedBy } from './signature.ts';
import type { Token } from './token.ts';
import { trustedKeys } from './trust.ts';
import type { Trust } from './trust.ts';

export function isSignedByTrusted(token: Token, trust: Trust): boolean {
  return trustedKeys(trust).some((key) => isSignedBy(token, key)) || isSignedByCertified(token, trust);
}

/** A short-lived key that an authority of the bundle certifies. Expired certificates count: a check of their own reports them. */
function isSignedByCertified(token: Token, { certificates = [] }: Trust): boolean {
  const chain = readChain(token.header['x5c']);
  if (typeof chain === 'string' || !isSignedBy(token, chain[0].publicKey)) return false;
  return [Date.now(), chain[0].validFromDate.getTime()].some((time) => leadsTo(chain, certificates, time));
}
