/** Sign-in with a browser at a real OpenID provider: what works, and each attack that must not. */
import { describe, expect, it } from 'vitest';
import { openAccounts } from '../../src/app/open-records.ts';
import { sessionStore } from '../../src/app/token-stores.ts';
import { deadlineIn } from '../../src/core/deadline.ts';
import type { Authenticator } from '../../src/core/ports.ts';
import type { ChainedBackend } from '../../src/flows/chain.ts';
import { memoryRecords, openConsoleApp } from '../support/console-app.ts';
import type { ConsoleApp, ConsoleAppOptions } from '../support/console-app.ts';
import { fakeBackend, identity, UNKNOWN } from '../support/fake-backend.ts';
import { fixedClock, realClock } from '../support/fakes.ts';
import { fetchBrowser } from '../support/fetch-browser.ts';
import type { FetchBrowser } from '../support/fetch-browser.ts';
import { freePort } from '../support/free-port.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProvider, OpenIdProviderOptions } from '../support/openid-provider.ts';
import { createSignInBackend, signInClient } from '../support/sign-in-backend.ts';

interface World extends AsyncDisposable {
  readonly app: ConsoleApp;
  readonly provider: OpenIdProvider;
  readonly backends: readonly ChainedBackend[];
  /** The person at the browser; undefined: they go back. */
  person: string | undefined;
  /** The secret that the broker reads. */
  secret: string;
}

type Options = Partial<ConsoleAppOptions> & {
  readonly provider?: OpenIdProviderOptions;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Patterns of the user names that the provider may have. */
  readonly usernames?: readonly string[];
  /** More backends. */
  readonly others?: ConsoleAppOptions['backends'];
};

/** The broker is on `localhost` and the provider on `127.0.0.1`, so that they share no cookies. */
async function openWorld(options: Options = {}): Promise<World> {
  const world = { person: 'alice' as string | undefined, secret: '', backends: [] as readonly ChainedBackend[] };
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const app = await openConsoleApp({
    ...options,
    backends: async (accounts) => {
      const common = { issuer, accounts, clientSecret: () => world.secret };
      const sso = await createSignInBackend({
        ...common,
        ...(options.config === undefined ? {} : { config: options.config }),
        ...(options.usernames === undefined ? {} : { usernames: options.usernames }),
        ...(options.clock === undefined ? {} : { clock: options.clock }),
      });
      world.backends = [sso, ...((await options.others?.(accounts)) ?? [])];
      return world.backends;
    },
  });
  // It has to know the port of the broker.
  const provider = await startOpenIdProvider({
    port,
    atBrowser: () => world.person,
    client: signInClient(`${app.url}/sign-in/callback`),
    ...options.provider,
  });
  world.secret = provider.clientSecret;
  return Object.assign(world, {
    app,
    provider,
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      await provider.stop();
    },
  });
}

/** The address of the callback with its answer, which the browser does not open. */
const callbackOf = (browser: FetchBrowser, app: ConsoleApp, path = '/sign-in/sso'): Promise<string> =>
  callbackAfter(browser, app, `${app.url}${path}`);

async function callbackAfter(browser: FetchBrowser, app: ConsoleApp, start: string): Promise<string> {
  let at = start;
  for (let count = 0; count < 8; count += 1) {
    const { url, headers } = await browser.step(at);
    at = new URL(headers.get('location') ?? '', url).href;
    if (at.startsWith(`${app.url}/sign-in/callback`)) return at;
  }
  throw new Error(`the provider does not send the browser back: ${at}`);
}

const LIST = '/console/sign-ins';
const HOME = '/console/access';
const isSignedIn = async (browser: FetchBrowser, { url }: ConsoleApp): Promise<boolean> =>
  (await browser.open(`${url}${LIST}`)).url.pathname === LIST;

describe('sign-in at an OpenID provider', () => {
  it('opens a session for the person that the provider names', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();

    const page = await browser.open(`${world.app.url}/sign-in/sso`);

    expect({ status: page.status, path: page.url.pathname }).toEqual({ status: 200, path: HOME });
    expect(world.app.audit.events).toContainEqual(
      expect.objectContaining({ type: 'session', outcome: 'opened', username: 'alice', backend: 'sso' }),
    );
    expect(Object.keys(browser.cookies('localhost'))).toEqual(['fairlead-dev']);
  });

  it('brings each of two tabs to the page that it began from', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    const first = await callbackOf(browser, world.app, '/sign-in/sso?to=/console/sign-ins?tab=1');
    const second = await callbackOf(browser, world.app, '/sign-in/sso?to=/console/sign-ins?tab=2');

    const arrivals = [await browser.open(first), await browser.open(second)];

    expect(arrivals.map(({ url }) => url.search)).toEqual(['?tab=1', '?tab=2']);
  });

  it('keeps at most five begun sign-ins of a browser, and the newest of them', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();

    for (let count = 0; count < 7; count += 1) await browser.step(`${world.app.url}/sign-in/sso`);
    const begun = Object.keys(browser.cookies('localhost'));
    const last = await callbackOf(browser, world.app);

    expect(begun).toHaveLength(5);
    expect((await browser.open(last)).url.pathname).toBe(HOME);
  });

  it('distinguishes two realms of one provider in one browser', async () => {
    const port = await freePort();
    const issuer = `http://127.0.0.1:${port}`;
    await using world = await openWorld({
      others: async (accounts) => [
        await createSignInBackend({ name: 'staff', issuer, accounts, clientSecret: () => 's' }),
      ],
    });
    await using staff = await startOpenIdProvider({
      port,
      clientSecret: 's',
      atBrowser: () => 'bob',
      client: signInClient(`${world.app.url}/sign-in/callback`),
    });
    const browser = fetchBrowser();
    expect(staff.issuer).not.toBe(world.provider.issuer);
    const atStaff = await callbackOf(browser, world.app, '/sign-in/staff');
    const atSso = await callbackOf(browser, world.app);

    await browser.open(atStaff);
    await browser.open(atSso);

    const opened = world.app.audit.events.filter((event) => event.type === 'session' && event.outcome === 'opened');
    expect(opened).toMatchObject([
      { username: 'bob', backend: 'staff' },
      { username: 'alice', backend: 'sso' },
    ]);
  });

  it('goes on at another broker of the fleet', async () => {
    const records = memoryRecords();
    await using world = await openWorld({ records });
    const { issuer } = world.provider;
    await using second = await openConsoleApp({
      records,
      publicUrl: world.app.url,
      backends: async (accounts) => [await createSignInBackend({ issuer, accounts, clientSecret: () => world.secret })],
    });
    const browser = fetchBrowser();

    const callback = new URL(await callbackOf(browser, world.app));
    const arrival = await browser.step(`${second.url}${callback.pathname}${callback.search}`);

    expect({ status: arrival.status, location: arrival.headers.get('location') }).toEqual({
      status: 303,
      location: HOME,
    });
  });

  it.each([60, -60])('accepts a provider whose clock differs by %i seconds', async (seconds) => {
    const clock = { ...realClock, now: () => realClock.now() + seconds };
    await using world = await openWorld({ clock });

    expect((await fetchBrowser().open(`${world.app.url}/sign-in/sso`)).url.pathname).toBe(HOME);
  });

  it('reads the client secret again for each sign-in', async () => {
    await using world = await openWorld();
    const right = world.secret;
    world.secret = 'the-secret-before-the-rotation';

    const refused = await fetchBrowser().open(`${world.app.url}/sign-in/sso`);
    world.secret = right;
    const accepted = await fetchBrowser().open(`${world.app.url}/sign-in/sso`);

    expect([refused.status, accepted.status]).toEqual([503, 200]);
  });

  it('works again after the provider has come back with other keys', async () => {
    await using world = await openWorld();
    await fetchBrowser().open(`${world.app.url}/sign-in/sso`);
    const { port } = world.provider;
    await world.provider.stop();

    const down = await fetchBrowser()
      .open(`${world.app.url}/sign-in/sso`)
      .catch((error: unknown) => error);
    await using renewed = await startOpenIdProvider({
      port,
      atBrowser: () => 'bob',
      client: signInClient(`${world.app.url}/sign-in/callback`),
    });
    const back = await fetchBrowser().open(`${world.app.url}/sign-in/sso`);

    expect(renewed.issuer).toBe(world.provider.issuer);
    // The metadata were read in the last seconds: the browser sees the outage at the provider itself.
    expect(down).toBeInstanceOf(Error);
    expect(back.url.pathname).toBe(HOME);
  });

  it('answers 503 with a page while the provider is down', async () => {
    await using world = await openWorld();
    await world.provider.stop();

    const page = await fetchBrowser().open(`${world.app.url}/sign-in/sso`);

    expect({
      status: page.status,
      type: page.headers.get('content-type'),
      retry: page.headers.get('retry-after'),
    }).toEqual({
      status: 503,
      type: 'text/html; charset=utf-8',
      retry: '5',
    });
  });

  it('answers 503 with a page where the provider was up a minute ago, and sends no browser there', async () => {
    let later = 0;
    await using world = await openWorld({ clock: { ...realClock, monotonic: () => realClock.monotonic() + later } });
    const before = await fetchBrowser().step(`${world.app.url}/sign-in/sso`);
    await world.provider.stop();
    later = 60_000;

    const after = await fetchBrowser().step(`${world.app.url}/sign-in/sso`);

    expect([before.status, after.status]).toEqual([303, 503]);
  });

  it('says that nobody is signed in when the person goes back', async () => {
    await using world = await openWorld();
    world.person = undefined;
    const browser = fetchBrowser();

    const page = await browser.open(`${world.app.url}/sign-in/sso`);

    expect(page.status).toBe(403);
    expect(await isSignedIn(browser, world.app)).toBe(false);
  });
});

describe('a sign-in at an OpenID provider is refused', () => {
  it('in a browser that has not begun it, which is how an attacker signs somebody in as himself', async () => {
    await using world = await openWorld();
    const attacker = await callbackOf(fetchBrowser(), world.app);
    const victim = fetchBrowser();

    const page = await victim.open(attacker);

    expect({ status: page.status, cookies: victim.cookies('localhost') }).toEqual({ status: 400, cookies: {} });
  });

  it('in a browser that has begun another one', async () => {
    await using world = await openWorld();
    const attacker = new URL(await callbackOf(fetchBrowser(), world.app));
    const victim = fetchBrowser();
    const own = new URL(await callbackOf(victim, world.app));

    attacker.searchParams.set('state', own.searchParams.get('state') ?? '');
    const page = await victim.open(attacker.href);

    expect(page.status).toBe(400);
    expect(await isSignedIn(victim, world.app)).toBe(false);
  });

  it('when the provider gives a person the name of a robot', async () => {
    const robot = { username: 'Robot:web-ci', password: 'x', groups: [] };
    await using world = await openWorld({ provider: { people: [robot] } });
    world.person = robot.username;

    expect((await fetchBrowser().open(`${world.app.url}/sign-in/sso`)).status).toBe(403);
  });

  it('for a user name that the configuration does not leave to this provider', async () => {
    await using world = await openWorld({ usernames: ['*@example.com'] });

    expect((await fetchBrowser().open(`${world.app.url}/sign-in/sso`)).status).toBe(403);
    // Nothing of the account has changed: earlier credentials of it do not get the new name.
    expect(await openAccounts(world.app.records, realClock).list()).toEqual([]);
  });

  it('when a program asks by HEAD, which leaves the sign-in to its browser', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    const callback = await callbackOf(browser, world.app);
    const cookie = Object.entries(browser.cookies('localhost')).map(([name, value]) => `${name}=${value}`);

    const { status } = await fetch(callback, { method: 'HEAD', headers: { cookie: cookie.join('; ') } });

    expect(status).toBe(405);
    expect((await browser.open(callback)).status).toBe(200);
  });

  it('when its callback is opened a second time, which leads whoever is signed in to the console', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    const callback = await callbackOf(browser, world.app);
    const first = await browser.open(callback);

    const second = await browser.open(callback);
    await browser.submit(`${world.app.url}/sign-out`, {});
    const afterSignOut = await browser.open(callback);

    expect([first.status, second.status, second.url.pathname]).toEqual([200, 200, HOME]);
    expect(afterSignOut.status).toBe(400);
    const opened = world.app.audit.events.filter((event) => event.type === 'session' && event.outcome === 'opened');
    expect(opened).toHaveLength(1);
  });

  it('when its code is used a second time with a transaction that was copied', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    const callback = await callbackOf(browser, world.app);
    const copy = fetchBrowser();
    for (const [name, value] of Object.entries(browser.cookies('localhost'))) copy.setCookie('localhost', name, value);
    await browser.open(callback);

    const page = await copy.open(callback);

    expect(page.status).toBe(400);
    expect(await isSignedIn(copy, world.app)).toBe(false);
  });

  it('when the answer names another issuer, or none although the provider names it', async () => {
    await using world = await openWorld();
    const statuses: number[] = [];
    for (const change of [
      (query: URLSearchParams) => query.set('iss', 'https://id.example.com'),
      (query: URLSearchParams) => query.delete('iss'),
    ]) {
      const browser = fetchBrowser();
      const callback = new URL(await callbackOf(browser, world.app));
      change(callback.searchParams);
      statuses.push((await browser.open(callback.href)).status);
    }

    expect(statuses).toEqual([400, 400]);
  });

  it.each([
    ['nonce', { nonce: 'of-another-sign-in' }],
    ['code verifier', { codeVerifier: 'of-another-sign-in-with-at-least-43-characters' }],
  ] as const)('when its %s is that of another sign-in', async (_what, change) => {
    await using world = await openWorld();
    const signIn = world.backends[0]?.authenticator.signIn;
    const redirectUri = `${world.app.url}/sign-in/callback`;
    const attempt = async (changed: object) => {
      const begun = await signIn?.begin(redirectUri, false, deadlineIn(realClock, 5000));
      if (begun === undefined) throw new Error('the backend offers sign-in');
      const callback = new URL(await callbackAfter(fetchBrowser(), world.app, begun.url));
      const transaction = { ...begun.transaction, ...changed };
      const answer = { query: callback.search.slice(1), redirectUri, transaction, isAgain: false };
      return signIn?.finish(answer, deadlineIn(realClock, 5000));
    };

    expect(await attempt(change)).toMatchObject({ kind: 'invalid' });
    expect(await attempt({})).toMatchObject({ kind: 'signed-in' });
  });

  it('when the transaction was sealed by another server', async () => {
    await using world = await openWorld();
    await using other = await openWorld();
    const foreign = fetchBrowser();
    await callbackOf(foreign, other.app);
    const [sealed = ''] = Object.values(foreign.cookies('localhost'));
    const browser = fetchBrowser();
    const callback = await callbackOf(browser, world.app);
    const [name = ''] = Object.keys(browser.cookies('localhost'));
    browser.setCookie('localhost', name, sealed);

    expect((await browser.open(callback)).status).toBe(400);
  });
});

describe('a sign-in that has to be recent', () => {
  /** The answer to it, where the browser leaves out of the request to the provider that the person has to be asked. */
  async function evaded(world: World): Promise<number> {
    const browser = fetchBrowser();
    const { url, headers } = await browser.step(`${world.app.url}/sign-in/sso?again=1`);
    const start = new URL(headers.get('location') ?? '', url);
    for (const name of ['prompt', 'max_age']) start.searchParams.delete(name);
    return (await browser.open(await callbackAfter(browser, world.app, start.href))).status;
  }

  it('lets the provider ask for a proof, and stores the time of the proof', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    await browser.open(`${world.app.url}/sign-in/sso`);

    const { headers } = await browser.step(`${world.app.url}/sign-in/sso?again=1`);
    const page = await browser.open(`${world.app.url}/sign-in/sso?again=1`);

    const asked = new URL(headers.get('location') ?? '').searchParams;
    expect([asked.get('prompt'), asked.get('max_age')]).toEqual(['login', '300']);
    expect(page.url.pathname).toBe(HOME);
    const [entry] = await sessionStore(world.app.records, realClock).list();
    expect(Math.abs((entry?.value.signedInAt.authTime ?? 0) - realClock.now())).toBeLessThan(60);
  });

  it('is refused without a time, which the browser can cause, unless the configuration trusts the sign-in itself', async () => {
    await using world = await openWorld();
    await using trusting = await openWorld({ config: { recentSignIn: 'sign-in' } });

    expect([await evaded(world), await evaded(trusting)]).toEqual([403, 200]);
  });
});

describe('where a sign-in leads', () => {
  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example',
    '/console/../../evil',
    'javascript:alert(1)',
    '/token',
  ])('is a page of the console and never %j', async (to) => {
    await using world = await openWorld();

    const page = await fetchBrowser().open(`${world.app.url}/sign-in/sso?to=${encodeURIComponent(to)}`);

    expect(page.url.href).toBe(`${world.app.url}${HOME}`);
  });
});

describe('an account of an OpenID provider', () => {
  it('is asleep when its last sign-in is too long ago, and awake after the next one', async () => {
    const clock = fixedClock(realClock.now());
    await using world = await openWorld({ clock, config: { accounts: { from: 'sign-in', every: '30d' } } });
    const sso = world.backends[0]?.authenticator;
    const look = async () => sso?.revalidate?.({ login: 'alice', subject: 'id-of-alice' }, deadlineIn(clock, 1000));
    const before = await look();
    await fetchBrowser().open(`${world.app.url}/sign-in/sso`);
    const awake = await look();
    clock.advance(30 * 86_400);

    expect(before).toEqual({ kind: 'unknown-user' });
    expect(awake).toMatchObject({ kind: 'authenticated', identity: { username: 'alice', subject: 'id-of-alice' } });
    expect(await look()).toMatchObject({ kind: 'rejected', reason: 'sign-in-due' });
  });

  it('is that of a directory where the configuration says so, with its groups and its refusal', async () => {
    const directory = { isDisabled: false };
    await using world = await openWorld({
      config: { accounts: { from: 'backend', backend: 'corp' } },
      others: async () => [directoryOf(directory)],
    });
    const browser = fetchBrowser();
    await browser.open(`${world.app.url}/sign-in/sso`);
    const signedIn = await isSignedIn(browser, world.app);
    directory.isDisabled = true;
    const refused = await fetchBrowser().open(`${world.app.url}/sign-in/sso`);

    expect([signedIn, refused.status]).toEqual([true, 403]);
    expect(world.app.audit.events).toContainEqual(
      expect.objectContaining({ type: 'session', outcome: 'opened', username: 'alice', backend: 'corp' }),
    );
  });
});

describe('a logout at the provider', () => {
  it('ends the sessions that the provider announces, and only theirs', async () => {
    await using world = await openWorld();
    const alice = fetchBrowser();
    await alice.open(`${world.app.url}/sign-in/sso`);
    world.person = 'bob';
    const bob = fetchBrowser();
    await bob.open(`${world.app.url}/sign-in/sso`);

    const answer = await world.provider.announceLogout(`${world.app.url}/sign-in/sso/logout`, 'alice');

    expect(answer).toBe(200);
    expect([await isSignedIn(alice, world.app), await isSignedIn(bob, world.app)]).toEqual([false, true]);
  });

  it('is refused without a signature of the provider', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    await browser.open(`${world.app.url}/sign-in/sso`);

    const answer = await fetch(`${world.app.url}/sign-in/sso/logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJpZC1vZi1hbGljZSJ9.' }),
    });

    expect(answer.status).toBe(400);
    expect(await isSignedIn(browser, world.app)).toBe(true);
  });

  it('is offered by a link, which only a page of this server may follow', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    await browser.open(`${world.app.url}/sign-in/sso`);

    const page = await browser.submit(`${world.app.url}/sign-out`, {});
    const link = await browser.step(`${world.app.url}/sign-out/sso`);
    const foreign = await fetch(`${world.app.url}/sign-out/sso`, {
      headers: { 'sec-fetch-site': 'cross-site' },
      redirect: 'manual',
    });

    expect(page.text).toContain('/sign-out/sso');
    expect(link.headers.get('location')).toContain(`${world.provider.issuer}/session/end?`);
    expect(foreign.status).toBe(403);
    expect(await isSignedIn(browser, world.app)).toBe(false);
  });
});

/** A directory that has alice, and can say so without her password. */
function directoryOf(state: { readonly isDisabled: boolean }): ChainedBackend {
  const { chained } = fakeBackend(UNKNOWN, {
    name: 'corp',
    lookup: async (name) => (name === 'alice' ? { ...identity('alice', 'corp'), subject: 'uuid-1' } : undefined),
  });
  const revalidate: Authenticator['revalidate'] = async () =>
    state.isDisabled
      ? { kind: 'rejected', reason: 'disabled' }
      : { kind: 'authenticated', identity: { ...identity('alice', 'corp'), subject: 'uuid-1' } };
  return { ...chained, authenticator: { ...chained.authenticator, revalidate } };
}
