/** Certificates in texts (PEM, RFC 7468). */

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @returns each certificate with its marks, as written; other text is left out */
export function certificatesInPem(text: string): readonly string[] {
  return text.match(CERTIFICATE) ?? [];
}
