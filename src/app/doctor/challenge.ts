/** The challenge of a registry to a request without a token (RFC 9110, section 11.6.1; RFC 6750, section 3). */

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly realm: string;
  readonly service: string;
  /** Why a token was refused; undefined: the registry saw none. */
  readonly error: string | undefined;
}

const SCHEME = /^\s*([A-Za-z][\w-]*)\s+/;
const PARAMETER = /(?<![a-z_])([a-z_]+)="([^"]*)"/gi;

/** @returns undefined when the header has no challenge */
export function parseChallenge(header: string | null): Challenge | undefined {
  const scheme = SCHEME.exec(header ?? '')?.[1]?.toLowerCase();
  if (header === null || scheme === undefined) return undefined;
  const values = new Map(
    [...header.matchAll(PARAMETER)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
  return { scheme, realm: values.get('realm') ?? '', service: values.get('service') ?? '', error: values.get('error') };
}
