/** The configuration of signing keys. */

export type KeyAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

export interface KeyConfig {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  /** A private key in PEM; undefined: the first start makes one in `stateDir`. */
  readonly keyFile?: { readonly path: string } | undefined;
  /** Its certificate, with the chain up to a certificate that the registry trusts; undefined: made with the key in `stateDir`. */
  readonly certFile?: { readonly path: string } | undefined;
}

/** How a token names the key that signed it (see `config/reference/services-and-tokens.md`). */
export type KeyHeader = 'x5c' | 'kid' | 'kid-rfc7638';

export interface ServiceKeyConfig {
  readonly service: string;
  readonly header: KeyHeader;
  /** The name of the key that signs; undefined: the first key. */
  readonly signingKey?: string;
}
