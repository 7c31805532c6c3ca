/** The metrics of the signing keys. */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface CertificateEnd {
  /** The name of the key. */
  readonly key: string;
  /** `trusted`: what registries trust. `leaf`: short-lived, and certified by an authority. */
  readonly certificate: 'trusted' | 'leaf';
  /** Seconds since 1970. */
  readonly end: number;
  /** Seconds since 1970 by which a leaf is renewed unless that fails. */
  readonly renewBy?: number;
}

export interface SigningMetrics {
  /** @param ends called whenever the page is read */
  observeSigningCertificates(ends: () => readonly CertificateEnd[]): void;
}

export function signingMetrics(registry: Registry): SigningMetrics {
  return {
    observeSigningCertificates: (ends) => {
      // oxlint-disable-next-line no-new -- it registers itself
      new Gauge({
        name: 'fairlead_signing_certificate_expiry_timestamp_seconds',
        help: 'When a certificate of a signing key expires, in seconds since 1970; leaf: certified by an authority',
        labelNames: ['key', 'certificate'],
        registers: [registry],
        collect() {
          for (const { key, certificate, end } of ends()) this.set({ key, certificate }, end);
        },
      });
      // oxlint-disable-next-line no-new -- it registers itself
      new Gauge({
        name: 'fairlead_signing_certificate_renew_by_timestamp_seconds',
        help: 'By when a short-lived certificate of a signing key is renewed unless that fails, in seconds since 1970',
        labelNames: ['key'],
        registers: [registry],
        collect() {
          for (const { key, renewBy } of ends()) if (renewBy !== undefined) this.set({ key }, renewBy);
        },
      });
    },
  };
}
