/** The Bearer challenge of a registry (RFC 6750, section 3; distribution's spec/auth/token.md). */

export interface BearerChallenge {
  /** The URL of the token endpoint. */
  readonly realm: string;
  readonly service: string;
}

const PARAMETER = /([a-z_]+)="((?:[^"\\]|\\.)*)"/gi;

/** @returns undefined when the header is not a Bearer challenge with a realm */
export function parseChallenge(header: string): BearerChallenge | undefined {
  const start = /(?:^|,)\s*bearer\s+/i.exec(header);
  if (start === null) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = '', value = ''] of header.slice(start.index).matchAll(PARAMETER))
    parameters.set(name.toLowerCase(), value.replaceAll(/\\(.)/g, '$1'));
  const realm = parameters.get('realm');
  return realm === undefined ? undefined : { realm, service: parameters.get('service') ?? '' };
}
