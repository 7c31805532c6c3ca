/** Where a browser goes after its sign-in: a page of this server and nothing else, so that no link leads elsewhere. */

/** Characters. */
const MAX_PATH = 1024;
/** Only these pages need a sign-in. */
const PAGES = /^\/(?:console|authorize|device)(?:[/?]|$)/;
/** A path that a browser reads as it is: no control character, no backslash, no second slash at the start. */
const PLAIN = /^\/(?!\/)[\x21-\x5B\x5D-\x7E]*$/;

/** @returns the path, without the path of `publicUrl`; undefined: the text leads elsewhere, or nowhere */
export function ownPath(text: string | undefined): string | undefined {
  if (text === undefined || text.length > MAX_PATH || !PLAIN.test(text) || !PAGES.test(text)) return undefined;
  const url = URL.parse(text, 'https://own.invalid');
  if (url === null || url.origin !== 'https://own.invalid') return undefined;
  // Dots are resolved, so that the result begins with the page that was checked.
  const path = `${url.pathname}${url.search}`;
  return PAGES.test(path) ? path : undefined;
}
