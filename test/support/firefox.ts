/**
 * Debian's Firefox without a window, driven by WebDriver BiDi (W3C), which is in the browser: playwright-core needs a Firefox
 * of its own, and Debian has no geckodriver.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { start } from './process.ts';
import { waitFor } from './wait.ts';

const FIREFOX: Part = { program: 'firefox-esr', debian: 'firefox-esr' };

/** One page of a browser with a profile of its own. */
export interface FirefoxPage extends AsyncDisposable {
  open(url: string): Promise<void>;
  /** The value of an expression on the page, as a text. */
  evaluate(expression: string): Promise<string>;
  /** Types into the first visible element, key by key. */
  type(selector: string, text: string): Promise<void>;
  /** Clicks on the first visible element. */
  click(selector: string): Promise<void>;
  /** Waits until the address matches, and the page has been loaded. */
  waitForUrl(pattern: RegExp): Promise<void>;
}

/** @throws on CI, when Firefox is not installed */
export function hasFirefox(): boolean {
  return findPart(FIREFOX) !== undefined;
}

export async function openFirefox(): Promise<FirefoxPage> {
  await using resources = new AsyncDisposableStack();
  const profile = await mkdtemp(join(tmpdir(), 'fairlead-firefox-'));
  resources.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  const browser = resources.use(
    start(
      findPart(FIREFOX) ?? 'firefox-esr',
      ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'],
      { env: { ...process.env, HOME: profile } },
    ),
  );
  const [, address = ''] = await browser.waitForOutput(/WebDriver BiDi listening on (ws:\/\/\S+)/);
  const session = resources.use(await openSession(`${address}/session`));
  await session.send('session.new', { capabilities: {} });
  const { contexts } = await session.send('browsingContext.getTree', {});
  const page = pageOver(session, (contexts as readonly { readonly context: string }[])[0]?.context ?? '');
  const opened = resources.move();
  return { ...page, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

function pageOver({ send }: BidiSession, context: string): Omit<FirefoxPage, keyof AsyncDisposable> {
  async function evaluate(expression: string): Promise<string> {
    const target = { context };
    const found = await send('script.evaluate', { expression: `String(${expression})`, target, awaitPromise: true });
    const { result, exceptionDetails } = found as {
      readonly result?: { readonly value?: string };
      readonly exceptionDetails?: { readonly text: string };
    };
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result?.value ?? '';
  }
  const firstVisible = (selector: string): string =>
    `[...document.querySelectorAll(${JSON.stringify(selector)})].find((one) => one.checkVisibility())`;
  const waitUntilTrue = (what: string, expression: string): Promise<unknown> =>
    waitFor(what, async () => (await evaluate(expression)) === 'true');

  async function type(selector: string, text: string): Promise<void> {
    const focused = `((one) => { one?.focus(); return !!one && one === document.activeElement; })(${firstVisible(selector)})`;
    await waitUntilTrue(selector, focused);
    const actions = Array.from(text).flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await send('input.performActions', { context, actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  return {
    open: async (url) => void (await send('browsingContext.navigate', { context, url, wait: 'complete' })),
    evaluate,
    type,
    // By the page itself: a position for the mouse depends on the layout, and lists of the browser take the key Enter.
    click: async (selector) =>
      void (await waitUntilTrue(selector, `((one) => { one?.click(); return !!one; })(${firstVisible(selector)})`)),
    waitForUrl: async (pattern) => {
      const here = `document.readyState === 'complete' ? location.href : ''`;
      await waitFor(String(pattern), async () => pattern.test(await evaluate(here)));
    },
  };
}

interface BidiSession extends AsyncDisposable {
  send(method: string, params: object): Promise<Readonly<Record<string, unknown>>>;
}

interface BidiAnswer {
  readonly id?: number;
  readonly type: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly message?: string;
}

async function openSession(url: string): Promise<BidiSession> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, PromiseWithResolvers<Readonly<Record<string, unknown>>>>();
  socket.addEventListener('message', ({ data }) => {
    const { id = 0, result, error, message } = JSON.parse(String(data)) as BidiAnswer;
    if (error === undefined) waiting.get(id)?.resolve(result ?? {});
    else waiting.get(id)?.reject(new Error(`${error}: ${message ?? ''}`));
    waiting.delete(id);
  });
  socket.addEventListener('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Firefox has closed the connection'));
  });
  const opened = Promise.withResolvers<void>();
  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('error', () => opened.reject(new Error(`no connection to ${url}`)));
  await opened.promise;
  let last = 0;
  return {
    send: (method, params) => {
      last += 1;
      const answer = Promise.withResolvers<Readonly<Record<string, unknown>>>();
      waiting.set(last, answer);
      socket.send(JSON.stringify({ id: last, method, params }));
      return answer.promise;
    },
    [Symbol.asyncDispose]: async () => socket.close(),
  };
}
