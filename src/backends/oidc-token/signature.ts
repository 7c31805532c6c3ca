/** Verifies the signature of a token with the keys of its issuer. */
import { compactVerify, errors } from 'jose';
import type { CryptoKey } from 'jose';
import type { TokenFlaw } from '../../core/ports.ts';
import type { Keys, KeySet } from './key-set.ts';
import { forLog } from './for-log.ts';
import type { ParsedToken } from './token.ts';

type SignatureFlaw = { readonly reason: TokenFlaw; readonly problem: string };

/**
 * @returns what is wrong, or undefined when one of the issuer's keys made it
 * @throws BrokerError `backend_unavailable` when the keys of the issuer are not available
 */
export async function signatureFlaw(
  token: ParsedToken,
  keySet: KeySet,
  signal: AbortSignal,
): Promise<SignatureFlaw | undefined> {
  const current = await keySet.current(signal);
  const flaw = await verify(token, current);
  if (flaw?.reason !== 'unknown-key') return flaw;
  // The issuer may have published a new key.
  const newer = await keySet.newerThan(current, signal);
  return newer === undefined ? flaw : verify(token, newer);
}

async function verify(token: ParsedToken, { choose }: Keys): Promise<SignatureFlaw | undefined> {
  try {
    await compactVerify(token.text, choose, { algorithms: [token.algorithm] });
    return undefined;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return flawOf(error, token);
    for await (const key of error) if (await isSignedWith(key, token)) return undefined;
    return flawOf(new errors.JWSSignatureVerificationFailed(), token);
  }
}

async function isSignedWith(key: CryptoKey, { text, algorithm }: ParsedToken): Promise<boolean> {
  try {
    await compactVerify(text, key, { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}

function flawOf(error: unknown, { keyId, algorithm }: ParsedToken): SignatureFlaw {
  const key = keyId === undefined ? 'without an id (kid)' : forLog(keyId);
  if (error instanceof errors.JWKSNoMatchingKey) {
    return { reason: 'unknown-key', problem: `the issuer has no key ${key} for ${algorithm}` };
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return { reason: 'bad-signature', problem: `the signature was not made with the issuer’s key ${key}` };
  }
  // The key is too weak or of another curve than it claims. The messages of jose are fixed sentences.
  const why = error instanceof Error ? error.message : 'for an unknown reason';
  return { reason: 'bad-signature', problem: `the signature cannot be verified: ${why}` };
}
