/** The Bearer challenge of a registry (RFC 6750, section 3; distribution's spec/auth/token.md). */

export interface BearerChallenge {
  /** The URL of the token endpoint. */
  readonly realm: string;
  readonly service: string;
}

/** @returns undefined when the header is not a Bearer challenge with a realm */
export function parseChallenge(header: string): BearerChallenge | undefined {
  const start = /(?:^|,)\s*bearer\s+/i.exec(header);
  if (start === null) return undefined;
  const parameters = new Map<string, string>();
  // Between quotes are the values. No URL has an escape.
  const parts = header.slice(start.index + start[0].length).split('"');
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [name = '', value = ''] = parts.slice(index, index + 2);
    parameters.set(name.replaceAll(/[\s,=]/g, '').toLowerCase(), value);
  }
  const realm = parameters.get('realm');
  return realm === undefined ? undefined : { realm, service: parameters.get('service') ?? '' };
}
