/** Keys that an authority elsewhere certifies: its certificate is in `caFile`, and its private key is not here. */
import type { X509Certificate } from 'node:crypto';
import { certificateEnd } from './leaf-file.ts';
import { authorityWarnings, dateWarnings, readCertificates } from './read-key.ts';
import type { LoadedKey } from './read-key.ts';

interface CertifiedKey extends LoadedKey {
  /** All certificates of `caFile`: a new authority can be trusted before it certifies a key. */
  readonly trusted: readonly X509Certificate[];
  /** Seconds since 1970 at which the first certificate on the path to the authority expires. */
  readonly end: number;
}

/**
 * Checks that a certificate of `caFile` certified the key, with the intermediate ones of its chain. Only those are left in
 * the chain: each token carries it, and registries have the authority already.
 *
 * @throws Error that names the file and says what is wrong with it and what to do
 */
export async function certifiedBy(caFile: string, key: LoadedKey, certFile: string): Promise<CertifiedKey> {
  const trusted = await readCertificates(caFile);
  const path = pathTo(trusted, key.chain);
  if (path === undefined) {
    throw new Error(
      `${certFile} is not certified by a certificate in ${caFile}: put the certificate of the authority there, and intermediate ones into certFile`,
    );
  }
  const warnings = [
    ...key.warnings,
    ...dateWarnings(path.authority, caFile),
    ...trusted.flatMap((certificate) => authorityWarnings(certificate, caFile)),
  ];
  return {
    ...key,
    chain: path.chain,
    trusted,
    end: certificateEnd({ chain: [...path.chain, path.authority] }),
    warnings,
  };
}

/** The part of the chain that a trusted certificate certified, and that certificate. */
export function pathTo(trusted: readonly X509Certificate[], chain: readonly X509Certificate[]) {
  for (const [index, certificate] of chain.entries()) {
    const authority = latest(trusted.filter((candidate) => isIssuer(candidate, certificate)));
    if (authority !== undefined) return { chain: chain.slice(0, index + 1), authority };
    const next = chain[index + 1];
    if (next === undefined || !isIssuer(next, certificate)) return undefined;
  }
  return undefined;
}

/** An authority that was renewed with its key has two certificates, and registries accept the one that is still valid. */
function latest(certificates: readonly X509Certificate[]): X509Certificate | undefined {
  return certificates.toSorted((a, b) => b.validToDate.getTime() - a.validToDate.getTime())[0];
}

function isIssuer(candidate: X509Certificate, certificate: X509Certificate): boolean {
  return candidate.ca && certificate.checkIssued(candidate) && certificate.verify(candidate.publicKey);
}
