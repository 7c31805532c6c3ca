/** A browser without a screen: cookies by host, redirects one by one, and the headers that browsers send about a request. */
import { parseSetCookie, stringifyCookie } from 'cookie';

export interface Visit {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface FetchBrowser {
  /** Opens an address as a person does who types it, and follows redirects. */
  open(url: string): Promise<Visit>;
  /** Opens an address, and follows no redirect. */
  step(url: string): Promise<Visit>;
  /** Sends the form of a page of the same origin, and follows redirects. */
  submit(
    url: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Visit>;
  /** The cookies that it has for a host, by name. */
  cookies(host: string): Readonly<Record<string, string>>;
  setCookie(host: string, name: string, value: string): void;
  /** The address at `stopAt` that it was sent to last, and did not open. */
  stoppedAt(): URL | undefined;
}

interface FetchBrowserOptions {
  /** How the addresses begin that it does not open. */
  readonly stopAt?: string;
}

const MAX_REDIRECTS = 12;

export function fetchBrowser({ stopAt }: FetchBrowserOptions = {}): FetchBrowser {
  let stop: URL | undefined;
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (host: string): Map<string, string> => {
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };

  async function send(url: string, init: RequestInit = {}): Promise<Visit> {
    const target = new URL(url);
    const jar = jarOf(target.hostname);
    const headers = new Headers(init.headers);
    headers.set('user-agent', 'Mozilla/5.0 (of the tests)');
    if (jar.size > 0) headers.set('cookie', stringifyCookie(Object.fromEntries(jar), { encode: String }));
    const response = await fetch(target, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const { name, value, maxAge, expires } = parseSetCookie(line, { decode: String });
      const isOver =
        value === undefined || value === '' || maxAge === 0 || (expires?.getTime() ?? Infinity) < Date.now();
      if (isOver) jar.delete(name);
      else jar.set(name, value);
    }
    return { url: target, status: response.status, headers: response.headers, text: await response.text() };
  }

  async function follow(visit: Visit): Promise<Visit> {
    let current = visit;
    for (let count = 0; current.status >= 300 && current.status < 400; count += 1) {
      if (count === MAX_REDIRECTS) throw new Error(`too many redirects, the last one to ${current.url.href}`);
      const next = new URL(current.headers.get('location') ?? '', current.url);
      if (stopAt !== undefined && next.href.startsWith(stopAt)) {
        stop = next;
        return current;
      }
      current = await send(next.href);
    }
    return current;
  }

  return {
    open: async (url) => follow(await send(url)),
    step: (url) => send(url),
    submit: async (url, fields, headers = {}) => {
      const init = {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          origin: new URL(url).origin,
          ...headers,
        },
        body: new URLSearchParams(fields).toString(),
      };
      return follow(await send(url, init));
    },
    cookies: (host) => Object.fromEntries(jarOf(host)),
    stoppedAt: () => stop,
    setCookie: (host, name, value) => void jarOf(host).set(name, value),
  };
}

/** Where the first form of a page leads. */
export function formAction({ url, text }: Visit): string {
  const [, action] = /<form[^>]*\saction="([^"]*)"/i.exec(text) ?? [];
  if (action === undefined) throw new Error(`there is no form at ${url.href}`);
  return new URL(action.replaceAll('&amp;', '&'), url).href;
}
