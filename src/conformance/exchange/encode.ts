/** Encodings as clients use them. */

/** As `url.QueryEscape` of Go, which most clients are written in: a space is `+`, and only letters, digits and `-_.~` stay. */
export function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

export function queryText(parameters: readonly (readonly [name: string, value: string])[]): string {
  return parameters.map(([name, value]) => `${escapeQuery(name)}=${escapeQuery(value)}`).join('&');
}

/** RFC 7617 with UTF-8. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
