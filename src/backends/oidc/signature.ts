/** Verifies the signature of a token with the keys of its issuer. All backends for OpenID select keys here. */
import { compactVerify, errors } from 'jose';
import type { JWK } from 'jose';
import type { TokenFlaw } from '../../core/ports.ts';
import type { Keys, KeySet } from './key-set.ts';
import { forLog } from './for-log.ts';
import type { ParsedToken } from './token.ts';

type SignatureFlaw = { readonly reason: TokenFlaw; readonly problem: string };

/**
 * Verifies with the cached keys. If that fails, the issuer may have published a new key, also under the id of an old
 * one: the keys are fetched once more, as often as `KeySet` allows, and the same token is verified with them.
 *
 * @returns what is wrong, or undefined when one of the issuer's keys made the signature
 * @throws BrokerError `backend_unavailable` when the keys of the issuer are not available
 */
export async function signatureFlaw(
  token: ParsedToken,
  keySet: KeySet,
  signal: AbortSignal,
): Promise<SignatureFlaw | undefined> {
  const current = await keySet.current(signal);
  const flaw = await verify(token, current);
  if (flaw === undefined) return undefined;
  const newer = await newerKeys(flaw, current, keySet, signal);
  return newer === undefined ? flaw : verify(token, newer);
}

async function newerKeys(
  { reason }: SignatureFlaw,
  current: Keys,
  keySet: KeySet,
  signal: AbortSignal,
): Promise<Keys | undefined> {
  try {
    return await keySet.newerThan(current, signal);
  } catch (error) {
    // The keys at hand answer for a signature that one of them should have made; only an unknown key is an open question.
    if (reason === 'unknown-key') throw error;
    return undefined;
  }
}

async function verify(token: ParsedToken, keys: Keys): Promise<SignatureFlaw | undefined> {
  const fitting = fittingKeys(keys.list, token);
  const name = token.keyId === undefined ? 'without an id (kid)' : forLog(token.keyId);
  if (fitting.length === 0) {
    return { reason: 'unknown-key', problem: `the issuer has no key ${name} for ${token.algorithm}` };
  }
  let problem = `the signature was not made with the issuer’s key ${name}`;
  for (const key of fitting) {
    try {
      await compactVerify(token.text, key, { algorithms: [token.algorithm] });
      return undefined;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) {
        // The key is too weak, or of another curve than it claims. The messages of jose are fixed sentences.
        problem = `the signature cannot be verified: ${error instanceof Error ? error.message : 'for an unknown reason'}`;
      }
    }
  }
  return { reason: 'bad-signature', problem };
}

/**
 * The keys that may have made the signature: of the type that the algorithm needs, and with the id that the token names.
 * A key without an id may have any, and a token without one may be signed with any key.
 */
function fittingKeys(keys: readonly JWK[], { algorithm, keyId }: ParsedToken): readonly JWK[] {
  const usable = keys.filter((key) => isFor(key, algorithm));
  if (keyId === undefined) return usable;
  const named = usable.filter(({ kid }) => kid === keyId);
  return named.length > 0 ? named : usable.filter(({ kid }) => kid === undefined);
}

const CURVES: Readonly<Partial<Record<string, string>>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
};

/** RFC 7517, sections 4.2 to 4.4, and RFC 7518, section 3.1. */
function isFor({ kty, crv, use, alg }: JWK, algorithm: string): boolean {
  const type = algorithm.startsWith('ES') ? 'EC' : algorithm.startsWith('Ed') ? 'OKP' : 'RSA';
  return (
    kty === type &&
    (type === 'RSA' || crv === CURVES[algorithm]) &&
    (use === undefined || use === 'sig') &&
    (alg === undefined || alg === algorithm)
  );
}
