/** The URL at which clients reach the broker. */
import { z } from 'zod';

const EXPECTED = 'expected an http or https URL, such as https://auth.example.com';

/** @returns the URL, or a sentence that says what is expected. */
export function parsePublicUrl(text: string): URL | string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return EXPECTED;
  // Clients append a query, and some of them do so with a second question mark.
  if (text.includes('?') || text.includes('#')) return `${EXPECTED}, without query or fragment`;
  if (url.username !== '' || url.password !== '') return `${EXPECTED}, without credentials`;
  return url;
}

/** The URL as text without a slash at its end: `https://auth.example.com/fairlead`. */
export const publicUrl = z.string().transform((text, context): string => {
  const url = parsePublicUrl(text);
  if (typeof url !== 'string') return `${url.origin}${url.pathname}`.replace(/(?<!\/)\/+$/, '');
  context.addIssue({ code: 'custom', message: url, input: text });
  return z.NEVER;
});

/** The path of a checked public URL, which has no slash at its end: `/fairlead`. Empty: there is none. */
export function publicPathOf(url: string): string {
  const { pathname } = new URL(url);
  return pathname === '/' ? '' : pathname;
}
