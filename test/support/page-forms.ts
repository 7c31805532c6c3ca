/** What a browser without a screen reads in a page: the hidden fields of its form, and where the page sends it. */
import type { Visit } from './fetch-browser.ts';

export function fieldsOf({ text }: Pick<Visit, 'text'>): Record<string, string> {
  const inputs = text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
  return Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, unescape(value)]));
}

/** Where the page sends the browser by itself; empty: nowhere. */
export function refreshOf({ text }: Pick<Visit, 'text'>): string {
  const [, url = ''] = /http-equiv="refresh" content="\d+; ?url=([^"]*)"/.exec(text) ?? [];
  return unescape(url);
}

function unescape(text: string): string {
  return text
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
