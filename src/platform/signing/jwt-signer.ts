/** Signs tokens (JWS compact serialization, RFC 7515, section 3.1). */
import { sign } from 'node:crypto';
import type { SignKeyObjectInput } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { BrokerError } from '../../core/errors.ts';
import type { TokenSigner } from '../../core/ports.ts';
import type { KeyHeader, ServiceKeyConfig } from './config.ts';
import type { Keyset, SigningKey } from './keyset.ts';

interface ServiceSigner {
  /** The first part of each token with its dot; it never changes. */
  readonly header: string;
  readonly digest: 'sha256' | undefined;
  readonly key: SignKeyObjectInput;
  /** Whether a signature takes microseconds, as on elliptic curves. */
  readonly isFast: boolean;
  /** Seconds since 1970; Infinity where the registry looks at no certificate. */
  readonly end: number;
}

/** @throws Error when a service names an unknown key, or needs a certificate that its key does not have. */
export function createSigner(keyset: Keyset, services: readonly ServiceKeyConfig[]): TokenSigner {
  const signers = new Map(services.map((service) => [service.service, signerFor(service, keyset)]));
  const signerOf = (service: string): ServiceSigner => {
    const signer = signers.get(service);
    // INVARIANT: http refuses services that are not configured.
    if (signer === undefined) throw new Error(`no key for the service ${service}`);
    return signer;
  };
  return {
    endOf: (service) => signerOf(service).end,
    sign: async (service, claims) => {
      const signer = signerOf(service);
      // Between `endOf` and this, the key may have been replaced by one that ends earlier.
      if (claims.exp > signer.end)
        throw new BrokerError('signing_unavailable', 'the certificate ends before the token');
      return signText(signer, JSON.stringify(claims));
    },
  };
}

function signerFor({ service, header, signingKey }: ServiceKeyConfig, keyset: Keyset): ServiceSigner {
  const key = signingKey === undefined ? keyset[0] : keyset.find(({ name }) => name === signingKey);
  if (key === undefined)
    throw new Error(`the service ${service} names the signing key ${signingKey}, which is not configured`);
  if (header === 'x5c' && key.chain.length === 0) {
    throw new Error(
      `the service ${service} uses x5c, but the key ${key.name} has no certFile; add a certFile or choose kid`,
    );
  }
  return {
    header: `${Buffer.from(JSON.stringify(headerOf(key, header))).toString('base64url')}.`,
    digest: key.algorithm === 'EdDSA' ? undefined : 'sha256',
    isFast: key.algorithm !== 'RS256',
    // Only with `x5c` registries look at the dates of the certificate.
    end: header === 'x5c' ? key.end : Infinity,
    // A JWS has the two numbers of an ECDSA signature in sequence, not in DER (RFC 7518, section 3.4).
    key: key.algorithm === 'ES256' ? { key: key.privateKey, dsaEncoding: 'ieee-p1363' } : { key: key.privateKey },
  };
}

/** With `x5c`, the kid is the libtrust one: distribution 2 and 3 verify the chain and ignore it, older code reads it. */
function headerOf(key: SigningKey, header: KeyHeader): Readonly<Record<string, unknown>> {
  const base = { typ: 'JWT', alg: key.algorithm, kid: header === 'kid-rfc7638' ? key.thumbprint : key.libtrustKeyId };
  return header === 'x5c' ? { ...base, x5c: key.chain.map((certificate) => certificate.raw.toString('base64')) } : base;
}

/**
 * With one processor there is no other thread that could sign meanwhile, and a switch between threads takes longer than
 * most of an elliptic curve signature.
 */
const HAS_ONE_PROCESSOR = availableParallelism() === 1;

async function signText({ header, digest, key, isFast }: ServiceSigner, claims: string): Promise<string> {
  const signed = header + Buffer.from(claims).toString('base64url');
  if (isFast && HAS_ONE_PROCESSOR) {
    return `${signed}.${sign(digest, Buffer.from(signed), key).toString('base64url')}`;
  }
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // With a callback, libuv's threads sign: an RSA signature takes up to a millisecond. Even for ES256 this halves the time
  // on the event loop. Password hashes leave one of these threads free.
  sign(digest, Buffer.from(signed), key, (error, signature) => {
    if (error === null) resolve(`${signed}.${signature.toString('base64url')}`);
    else reject(error);
  });
  return promise;
}
