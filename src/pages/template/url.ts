/** URLs in pages. A URL attribute takes nothing else, so that no text from outside is ever a `javascript:` link. */

class SafeUrl {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A checked URL. Only the functions of this file make one. */
export type Url = SafeUrl;

export function isUrl(value: unknown): value is Url {
  return value instanceof SafeUrl;
}

/** Makes paths of Fairlead: `` url`/console/tokens/${id}/revoke` ``. */
export type UrlTag = (strings: TemplateStringsArray, ...values: readonly (string | number)[]) => Url;

/** A value within a path. Others could be `..`, which a browser removes even when it is percent-encoded (WHATWG URL). */
const SEGMENT = /^[\w-][\w.~-]*$/;

/**
 * @param base the path of the public URL, without a slash at its end
 * @returns a tag whose values are encoded; in the path, a value that is not an id or a name throws
 */
export function urlsUnder(base: string): UrlTag {
  return (strings, ...values) => {
    const path = strings[0] ?? '';
    if (!/^\/(?!\/)/.test(path)) throw new Error(`the URL ${path} does not begin with one slash`);
    let text = base + path;
    for (const [index, value] of values.entries()) {
      const part = String(value);
      if (!text.includes('?') && !SEGMENT.test(part)) throw new Error('a value in the path of a URL is not a name');
      text += encodeURIComponent(part.toWellFormed()) + (strings[index + 1] ?? '');
    }
    return new SafeUrl(text);
  };
}

/** @returns the place of a field on the same page, for a link from the message about it */
export function fieldUrl(name: string): Url {
  if (!/^[\w.-]+$/.test(name)) throw new Error('the name of a field is no name');
  return new SafeUrl(`#field-${name}`);
}

/** The address at which a program of the same computer waits for an answer (RFC 8252, section 7.3). */
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d{1,5}\/[\w.~%/-]*(?:\?[\w.~%&=+-]*)?$/;

/** @throws Error when the text is not the address of a program on the same computer */
export function loopbackUrl(text: string): Url {
  if (!LOOPBACK.test(text)) throw new Error('the address is not one of a program on this computer');
  return new SafeUrl(text);
}
