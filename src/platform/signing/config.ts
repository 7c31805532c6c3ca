/** The configuration of signing keys. */

export type KeyAlgorithm = 'ES256' | 'RS256' | 'EdDSA';

export interface KeyConfig {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  /** A private key in PEM; undefined: the first start makes one in `stateDir`. */
  readonly keyFile?: { readonly path: string } | undefined;
  /** Its certificate, with the chain up to a certificate that the registry trusts; undefined: made with the key in `stateDir`. */
  readonly certFile?: { readonly path: string } | undefined;
  /**
   * The certificate of an authority whose private key is elsewhere, and that certified `keyFile`. Present: registries trust
   * the authority, and whoever has its key replaces `keyFile` and `certFile`.
   */
  readonly caFile?: { readonly path: string } | undefined;
  /** Present: registries trust an authority, and the broker signs with short-lived keys that the authority certifies. */
  readonly authority?: AuthorityConfig | undefined;
}

export interface AuthorityConfig {
  /** The private key of the authority in PEM; undefined: the first start makes an authority in `stateDir`. */
  readonly keyFile?: { readonly path: string } | undefined;
  /** The certificate of the authority. Present where `keyFile` is. */
  readonly certFile?: { readonly path: string } | undefined;
  /** Seconds for which the certificate of a signing key is valid. It is renewed when half of them are left. */
  readonly leafLifetime: number;
}

/** How a token names the key that signed it (see `config/reference/services-and-tokens.md`). */
export type KeyHeader = 'x5c' | 'kid' | 'kid-rfc7638';

export interface ServiceKeyConfig {
  readonly service: string;
  readonly header: KeyHeader;
  /** The name of the key that signs; undefined: the first key. */
  readonly signingKey?: string;
}
