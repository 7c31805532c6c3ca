/**
 * Verifies registry tokens of this server as a registry of the service would (RFC 7519, section 7.2): the signature by a
 * key that it trusts, issuer, audience and times.
 */
import { hash, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Secret } from '../../core/identity.ts';
import type { TokenVerifier, VerifiedToken } from '../../core/ports.ts';
import { certifiedKey } from './certified-key.ts';
import type { KeyAlgorithm, ServiceKeyConfig } from './config.ts';
import type { Keyset, SigningKey } from './keyset.ts';
import { readToken } from './read-token.ts';
import type { ReadToken } from './read-token.ts';

/**
 * For the keys of one keyset: after a reload of the keys, another verifier takes its place, without what this one cached.
 *
 * @param issuer of all tokens
 */
export function createVerifier(keyset: Keyset, services: readonly ServiceKeyConfig[], issuer: string): TokenVerifier {
  const verifiers = new Map(
    services.map(({ service, signingKey }) => {
      const key = keyset.find(({ name }) => name === signingKey) ?? keyset[0];
      return [service, new ServiceVerifier(key, issuer, service)];
    }),
  );
  return {
    verify: (service, token, now) => verifiers.get(service)?.verify(token, now) ?? 'the service has no key',
  };
}

/** Tokens with a valid signature that are cached, each of at most so many characters. */
const MAX_CACHED = 2048;
const MAX_CACHED_LENGTH = 4096;

class ServiceVerifier {
  readonly #key: SigningKey;
  readonly #issuer: string;
  readonly #audience: string;
  /** By the digest of the token. Only tokens of this server are here, so others cannot fill it. */
  readonly #cache = new Map<string, ReadToken>();

  constructor(key: SigningKey, issuer: string, audience: string) {
    this.#key = key;
    this.#issuer = issuer;
    this.#audience = audience;
  }

  verify(secret: Secret, now: number): VerifiedToken | string {
    const text = secret.reveal();
    const digest = hash('sha256', text, 'base64');
    const cached = this.#cache.get(digest);
    const token = cached ?? this.#readSigned(text, now);
    if (typeof token === 'string') return token;
    const flaw = this.#flawOf(token, now);
    if (flaw !== undefined) {
      this.#cache.delete(digest);
      return flaw;
    }
    if (cached === undefined && text.length <= MAX_CACHED_LENGTH) this.#store(digest, token);
    return token.claims;
  }

  /** @returns the token, or why its signature does not count */
  #readSigned(text: string, now: number): ReadToken | string {
    const token = readToken(text);
    if (token === undefined) return 'it is not a registry token';
    const { algorithm } = this.#key;
    // The algorithm is that of the key: a token cannot choose another one (RFC 8725, section 3.1).
    if (token.header.alg !== algorithm) return `its algorithm is not ${algorithm}`;
    const key = this.#keyFor(token, now);
    if (key === undefined) return 'its key is not one of this service';
    return isSigned(token, key, algorithm) ? token : 'its signature is not valid';
  }

  #keyFor({ header: { kid, x5c } }: ReadToken, now: number): KeyObject | undefined {
    const key = this.#key;
    // Other brokers of a fleet sign with keys of their own, which the same authority certifies.
    const authorities = [key, ...key.others].flatMap(({ trusted }) => trusted);
    if (key.isCertified) return certifiedKey(x5c, authorities, now);
    return [key, ...key.others].find(({ libtrustKeyId, thumbprint }) => kid === libtrustKeyId || kid === thumbprint)
      ?.publicKey;
  }

  #flawOf({ issuer, audience, notBefore, expires }: ReadToken, now: number): string | undefined {
    if (issuer !== this.#issuer) return 'it is of another issuer';
    if (audience !== this.#audience) return 'it is for another service';
    if (now < notBefore) return 'it is not valid yet';
    return now < expires ? undefined : 'it has expired';
  }

  #store(digest: string, token: ReadToken): void {
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(digest, token);
  }
}

function isSigned({ signed, signature }: ReadToken, key: KeyObject, algorithm: KeyAlgorithm): boolean {
  const digest = algorithm === 'EdDSA' ? undefined : 'sha256';
  // The two numbers of an ECDSA signature in sequence (RFC 7518, section 3.4).
  const options = algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : { key };
  return verify(digest, Buffer.from(signed), options, signature);
}
