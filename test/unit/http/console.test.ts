/** The console over HTTP: sign-in by a form, sessions, and each request that another site could send. */
import type { Express } from 'express';
import { describe, expect, it } from 'vitest';
import { username } from '../../../src/core/identity.ts';
import type { GroupName } from '../../../src/core/identity.ts';
import type { AuthnOutcome } from '../../../src/core/ports.ts';
import type { ConsoleArea } from '../../../src/http/console/deps.ts';
import { LOGOUT_PATH } from '../../../src/http/console/logout.ts';
import { TOKEN_PATHS } from '../../../src/http/paths.ts';
import { sessionStore } from '../../../src/app/token-stores.ts';
import { refreshTokenStore } from '../../../src/app/open-refresh-tokens.ts';
import { realClock } from '../../support/fakes.ts';
import { openConsoleApp } from '../../support/console-app.ts';
import type { ConsoleApp, ConsoleAppOptions } from '../../support/console-app.ts';
import { fakeBackend } from '../../support/fake-backend.ts';
import { fetchBrowser } from '../../support/fetch-browser.ts';

const PASSWORD = 'alice-knows-this-1';
const LIST = '/console/sign-ins';

interface World extends AsyncDisposable {
  readonly app: ConsoleApp;
  /** The groups of alice, as the directory has them now. */
  groups: readonly string[];
  isDisabled: boolean;
}

/** A directory with alice, who may be looked up again without her password. */
async function openWorld(options: Partial<ConsoleAppOptions> = {}): Promise<World> {
  const world = { groups: ['team-web'] as readonly string[], isDisabled: false };
  const alice = (): AuthnOutcome => ({
    kind: 'authenticated',
    identity: {
      username: username('alice'),
      groups: new Set(world.groups as readonly GroupName[]),
      backend: 'corp',
      caseless: false,
      attributes: new Map(),
      subject: 'uuid-1',
    },
  });
  const { chained } = fakeBackend({ kind: 'unknown-user' }, { name: 'corp' });
  const authenticator = {
    ...chained.authenticator,
    authenticate: async ({ username: name, password }: { username: string; password: { reveal(): string } }) => {
      if (name !== 'alice') return { kind: 'unknown-user' } as const;
      return password.reveal() === PASSWORD ? alice() : ({ kind: 'rejected', reason: 'wrong-password' } as const);
    },
    revalidate: async (): Promise<AuthnOutcome> =>
      world.isDisabled ? { kind: 'rejected', reason: 'disabled' } : alice(),
  };
  const app = await openConsoleApp({ ...options, backends: async () => [{ ...chained, authenticator }] });
  return Object.assign(world, { app, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() });
}

const credentials = { username: 'alice', password: PASSWORD };

async function signedIn({ app }: World): Promise<ReturnType<typeof fetchBrowser>> {
  const browser = fetchBrowser();
  await browser.submit(`${app.url}/sign-in`, credentials);
  return browser;
}

describe('sign-in with a form', () => {
  it('opens a session and shows the page that was asked for', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();

    const asked = await browser.open(`${world.app.url}${LIST}?page=2`);
    const page = await browser.submit(`${world.app.url}/sign-in`, {
      ...credentials,
      to: asked.url.searchParams.get('to') ?? '',
    });

    expect(asked.url.pathname).toBe('/sign-in');
    expect({ status: page.status, path: page.url.pathname, search: page.url.search }).toEqual({
      status: 200,
      path: LIST,
      search: '?page=2',
    });
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'wrong' }],
    ['an unknown user', { username: 'nobody', password: PASSWORD }],
    ['no password', { username: 'alice', password: '' }],
    ['a token as the password', { username: 'alice', password: 'eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl' }],
  ])('refuses %s with the same page, and sets no cookie', async (_what, fields) => {
    await using world = await openWorld();
    const browser = fetchBrowser();

    const page = await browser.submit(`${world.app.url}/sign-in`, fields);

    expect({ status: page.status, cookies: browser.cookies('localhost') }).toEqual({ status: 401, cookies: {} });
    expect(page.text).toContain('Wrong user name or password');
  });

  it('never shows the password again', async () => {
    await using world = await openWorld();

    const page = await fetchBrowser().submit(`${world.app.url}/sign-in`, {
      username: 'alice',
      password: 'typed-wrong-77',
    });

    expect(page.text).not.toContain('typed-wrong-77');
    expect(JSON.stringify(world.app.log.lines)).not.toContain('typed-wrong-77');
  });

  it('gives the session a new secret, and ends the one that the browser had', async () => {
    await using world = await openWorld();
    const browser = await signedIn(world);
    const { 'fairlead-dev': before = '' } = browser.cookies('localhost');
    await browser.submit(`${world.app.url}/sign-in`, credentials);
    const { 'fairlead-dev': after } = browser.cookies('localhost');
    const old = fetchBrowser();
    old.setCookie('localhost', 'fairlead-dev', before);

    expect(after).not.toBe(before);
    expect((await old.open(`${world.app.url}${LIST}`)).url.pathname).toBe('/sign-in');
  });

  it('accepts no session secret that somebody else has chosen', async () => {
    await using world = await openWorld();
    const browser = fetchBrowser();
    const chosen = 'A'.repeat(43);
    browser.setCookie('localhost', 'fairlead-dev', chosen);

    await browser.submit(`${world.app.url}/sign-in`, credentials);

    expect(browser.cookies('localhost')['fairlead-dev']).not.toBe(chosen);
  });

  it('refuses a form that is too large, compressed, or not a form', async () => {
    await using world = await openWorld();
    const send = (headers: Readonly<Record<string, string>>, body: string): Promise<Response> =>
      fetch(`${world.app.url}/sign-in`, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', ...headers },
        body,
      });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };

    const answers = [
      await send(form, `username=alice&password=${'x'.repeat(20_000)}`),
      await send({ ...form, 'content-encoding': 'gzip' }, 'username=alice'),
      await send({ 'content-type': 'application/json' }, '{}'),
      await send(form, 'username=alice&username=bob&password=x'),
    ];

    expect(answers.map(({ status }) => status)).toEqual([413, 400, 400, 400]);
  });

  it('refuses a query with more than a thousand fields', async () => {
    await using world = await openWorld();

    const answers = [999, 1000].map(async (count) => fetch(`${world.app.url}/sign-in?${'a&'.repeat(count)}`));

    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 400]);
  });
});

describe('a session', () => {
  it('is stored under a digest, from which nobody finds the cookie', async () => {
    await using world = await openWorld();
    const { 'fairlead-dev': cookie = '' } = (await signedIn(world)).cookies('localhost');

    const stored = await sessionStore(world.app.records, realClock).list();

    expect(stored).toHaveLength(1);
    expect(JSON.stringify(stored)).not.toContain(cookie);
  });

  it('ends at sign-out, and its cookie is worth nothing afterwards', async () => {
    await using world = await openWorld();
    const browser = await signedIn(world);
    const { 'fairlead-dev': cookie = '' } = browser.cookies('localhost');

    await browser.submit(`${world.app.url}/sign-out`, {});
    const thief = fetchBrowser();
    thief.setCookie('localhost', 'fairlead-dev', cookie);

    expect(browser.cookies('localhost')).toEqual({});
    expect((await thief.open(`${world.app.url}${LIST}`)).url.pathname).toBe('/sign-in');
  });

  it('is in the list of its owner, who ends it from another browser', async () => {
    await using world = await openWorld();
    const [own, stolen] = [await signedIn(world), await signedIn(world)];
    const list = await own.open(`${world.app.url}${LIST}`);
    const other = [...list.text.matchAll(/sign-ins\/([0-9a-f]{12})\/end/g)].map(([, id]) => id)[1];

    const question = await own.open(`${world.app.url}${LIST}/${other}/end`);
    const answer = await own.submit(`${world.app.url}${LIST}/${other}/end`, {});

    expect(answer.text).toContain('The sign-in has ended.');
    expect(question.text).toContain('End the sign-in');
    expect((await stolen.open(`${world.app.url}${LIST}`)).url.pathname).toBe('/sign-in');
    expect((await own.open(`${world.app.url}${LIST}`)).url.pathname).toBe(LIST);
  });

  it('leads from a page that does not exist to the first page', async () => {
    await using world = await openWorld();
    const browser = await signedIn(world);

    const missing = await browser.open(`${world.app.url}/console/nowhere`);

    expect(missing.text).toContain('There is nothing here');
    expect(missing.text).toContain('href="/console/access">Go to the console');
  });

  it('stays when all others are ended', async () => {
    await using world = await openWorld();
    const [own, second, third] = [await signedIn(world), await signedIn(world), await signedIn(world)];

    const answer = await own.submit(`${world.app.url}${LIST}/end-others`, {});

    expect(answer.text).toContain('All other sign-ins have ended.');
    const paths = await Promise.all([own, second, third].map((browser) => browser.open(`${world.app.url}${LIST}`)));
    expect(paths.map(({ url }) => url.pathname)).toEqual([LIST, '/sign-in', '/sign-in']);
  });

  it('is listed together with what programs keep of a login, which ends as well', async () => {
    await using world = await openWorld();
    const tokens = refreshTokenStore(world.app.records, realClock);
    const login = (subject: string, clientId: string) => {
      const now = realClock.now();
      const account = { backend: 'corp', subject, login: 'alice', username: 'alice' };
      const times = { createdAt: now, usedAt: now, expiresAt: now + 1000 };
      return { service: 'registry.example.com', ...account, client: '192.0.2.7', clientId, ...times };
    };
    await tokens.put('a'.repeat(64), login('uuid-1', 'docker'), 1000);
    await tokens.put('b'.repeat(64), login('uuid-1', 'containerd'), 1000);
    await tokens.put('c'.repeat(64), login('uuid-2', 'of-somebody-else'), 1000);
    const browser = await signedIn(world);

    const { text } = await browser.open(`${world.app.url}${LIST}`);
    await browser.submit(`${world.app.url}${LIST}/${'a'.repeat(12)}/end`, {});
    const foreign = await browser.submit(`${world.app.url}${LIST}/${'c'.repeat(12)}/end`, {});
    const afterOne = (await tokens.list()).map(({ value }) => value.clientId);
    await browser.submit(`${world.app.url}${LIST}/end-others`, {});

    expect(text).toContain('containerd');
    expect(text).not.toContain('of-somebody-else');
    expect(foreign.status).toBe(404);
    expect(afterOne).toEqual(['containerd', 'of-somebody-else']);
    expect((await tokens.list()).map(({ value }) => value.clientId)).toEqual(['of-somebody-else']);
    // What was signed for them is not given out again; nothing of somebody else has ended.
    expect(world.app.revocations()).toBe(2);
  });

  it('of somebody else is never ended from the list', async () => {
    await using world = await openWorld();
    const browser = await signedIn(world);

    const page = await browser.submit(`${world.app.url}${LIST}/0123456789ab/end`, {});

    expect(page.status).toBe(404);
  });
});

describe('the pages for administrators', () => {
  const area: ConsoleArea = {
    addRoutes: (router, { requireAdmin }) => {
      router.get('/console/people', requireAdmin, (_request, response) => void response.send('people'));
    },
  };

  it('are 404 for everybody else, and from the next look-up on for who has left the group', async () => {
    const clock = { seconds: 1_700_000_000 };
    await using world = await openWorld({
      areas: [area],
      section: { admins: { groups: ['registry-admins'] } },
      clock: { now: () => clock.seconds, monotonic: () => clock.seconds * 1000 },
    });
    const browser = await signedIn(world);
    const status = async (): Promise<number> => (await browser.open(`${world.app.url}/console/people`)).status;

    const before = await status();
    world.groups = ['registry-admins'];
    clock.seconds += 60;
    const admin = await status();
    world.groups = [];
    clock.seconds += 60;

    expect([before, admin, await status()]).toEqual([404, 200, 404]);
  });

  it('ask whoever is not signed in to sign in, and lead on to the page', async () => {
    await using world = await openWorld({ areas: [area], section: { admins: { users: ['alice'] } } });
    const browser = fetchBrowser();

    const asked = await browser.open(`${world.app.url}/console/people`);
    const page = await browser.submit(`${world.app.url}/sign-in`, {
      ...credentials,
      to: asked.url.searchParams.get('to') ?? '',
    });

    expect([asked.url.pathname, page.text]).toEqual(['/sign-in', 'people']);
  });
});

describe('the address of the server', () => {
  it.each(['/', '/console'])('leads a browser from %s to the first page', async (path) => {
    await using world = await openWorld();
    const browser = await signedIn(world);

    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const answer = await fetch(`${world.app.url}${path}`, { headers: { accept }, redirect: 'manual' });

    expect(answer.headers.get('location')).toBe('/console/access');
    expect((await browser.open(`${world.app.url}/console`)).status).toBe(200);
  });

  it('has nothing for programs, as without a console', async () => {
    await using world = await openWorld();

    const { status, headers } = await fetch(`${world.app.url}/`);

    expect([status, headers.get('content-type')]).toEqual([404, 'application/json']);
  });
});

describe('the headers of the console', () => {
  it('let a page load nothing from elsewhere, be in no frame, and stay in no cache', async () => {
    await using world = await openWorld();

    const { headers } = await fetchBrowser().open(`${world.app.url}/sign-in`);

    expect(headers.get('content-security-policy')?.split(';').toSorted()).toEqual(
      [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
      ].toSorted(),
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
    });
    expect(headers.has('strict-transport-security')).toBe(false);
  });

  it('over https protect the cookie by its prefix, and this host alone by HSTS', async () => {
    await using world = await openWorld({ publicUrl: 'https://auth.example.com/fairlead' });

    const answer = await fetch(`${world.app.url}/fairlead/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://auth.example.com' },
      body: new URLSearchParams(credentials).toString(),
      redirect: 'manual',
    });

    expect(answer.headers.get('location')).toBe('/fairlead/console/access');
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-fairlead=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/i,
    );
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000');
  });
});

interface Route {
  readonly method: string;
  readonly path: string;
}

/** Routes that no cookie opens, so that no other site can use one. */
const WITHOUT_COOKIE: ReadonlySet<string> = new Set([...TOKEN_PATHS, '/.well-known/jwks.json', LOGOUT_PATH]);
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** Every route of an application whose method changes something, found by walking its router. */
function unsafeRoutes(app: Express): readonly Route[] {
  interface Layer {
    readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
    readonly handle?: { readonly stack?: readonly Layer[] };
  }
  const walk = (stack: readonly Layer[]): readonly Route[] =>
    stack.flatMap(({ route, handle }) => {
      if (route === undefined) return walk(handle?.stack ?? []);
      const methods = Object.keys(route.methods).flatMap((method) =>
        method === '_all' ? UNSAFE : [method.toUpperCase()],
      );
      const unsafe = methods.filter((method) => UNSAFE.includes(method));
      return [route.path].flat().flatMap((path) => unsafe.map((method) => ({ method, path })));
    });
  return walk((app.router as unknown as { readonly stack: readonly Layer[] }).stack).filter(
    ({ path }) => !WITHOUT_COOKIE.has(path),
  );
}

const FOREIGN: readonly (readonly [what: string, headers: Readonly<Record<string, string>>])[] = [
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ['another host of the same site', { 'sec-fetch-site': 'same-site', origin: 'http://other.localhost' }],
  ['another site in a browser without fetch metadata', { origin: 'https://evil.example' }],
  ['a page without an origin', { origin: 'null' }],
  ['a request without any of these headers', {}],
];

describe('each route that changes something', () => {
  it.each(FOREIGN)('refuses %s, with the cookie of a session or without', async (_what, headers) => {
    await using world = await openWorld();
    const browser = await signedIn(world);
    const { 'fairlead-dev': cookie = '' } = browser.cookies('localhost');
    const routes = unsafeRoutes(world.app.app);

    const answers = await Promise.all(
      routes.map(async ({ method, path }) => {
        const { status } = await fetch(`${world.app.url}${path.replaceAll(/:\w+/g, '0123456789ab')}`, {
          method,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            cookie: `fairlead-dev=${cookie}`,
            ...headers,
          },
          body: new URLSearchParams(credentials).toString(),
          redirect: 'manual',
        });
        return `${method} ${path} ${status}`;
      }),
    );

    expect(routes.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/sign-in', '/sign-out', `${LIST}/end-others`, `${LIST}/:id/end`]),
    );
    expect(answers).toEqual(routes.map(({ method, path }) => `${method} ${path} 403`));
    expect((await browser.open(`${world.app.url}${LIST}`)).url.pathname).toBe(LIST);
  });

  it('is found by the walk also where a page adds it, and refused', async () => {
    const area: ConsoleArea = {
      folders: ['/device'],
      addRoutes: (router) => {
        router.post('/device', (_request, response) => void response.send('done'));
      },
    };
    await using world = await openWorld({ areas: [area] });

    const { status } = await fetch(`${world.app.url}/device`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
    });

    expect(unsafeRoutes(world.app.app)).toContainEqual({ method: 'POST', path: '/device' });
    expect(status).toBe(403);
  });
});

describe('without a configured console', () => {
  it('there is no page and no session', async () => {
    const { openHttpApp } = await import('../../support/http-app.ts');
    await using app = await openHttpApp();

    expect(
      await Promise.all(['/sign-in', '/console', LIST].map(async (path) => (await app.send(path)).status)),
    ).toEqual([404, 404, 404]);
  });
});
