/** The pages of the backends over HTTP, with the flows of sessions and of test logins. */
import { describe, expect, it } from 'vitest';
import { groupName } from '../../../../src/core/groups.ts';
import type { AuthnOutcome, Step } from '../../../../src/core/ports.ts';
import { createTestAttempts, TESTS } from '../../../../src/flows/shield/test-attempts.ts';
import { createTestLogin } from '../../../../src/flows/test-login.ts';
import { backendsArea } from '../../../../src/http/console/backends.ts';
import type { BackendsView } from '../../../../src/pages/admin/backends.ts';
import { createFingerprint } from '../../../../src/platform/fingerprint.ts';
import { memoryLedger } from '../../../../src/platform/ledger/memory.ts';
import { openConsoleApp } from '../../../support/console-app.ts';
import type { ConsoleApp } from '../../../support/console-app.ts';
import { identity } from '../../../support/fake-backend.ts';
import { fakeDirectory } from '../../../support/fake-directory.ts';
import { countingIds, fixedClock, noWaiting, recordingAudit } from '../../../support/fakes.ts';
import { fetchBrowser } from '../../../support/fetch-browser.ts';
import type { Visit } from '../../../support/fetch-browser.ts';
import { policyOf } from '../../../support/policy-builder.ts';
import { SHIELD_SETTINGS } from '../../../support/shielded.ts';

const HOUR = 3600;
const LIST = '/console/backends';
const TEST = `${LIST}/test`;
const SECRET = 'alice-knows-this-1';
const VIEW: BackendsView = {
  backends: [{ name: 'corp', type: 'ldap', state: 'down', since: 1, problem: 'refused', servers: [] }],
};

interface World extends AsyncDisposable {
  readonly app: ConsoleApp;
  readonly clock: ReturnType<typeof fixedClock>;
  readonly audit: ReturnType<typeof recordingAudit>;
  /** The passwords that the directory was sent. */
  readonly seen: readonly string[];
  /** Signs in, and sends the form of a test. */
  test(fields: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Visit>;
  readonly browser: ReturnType<typeof fetchBrowser>;
}

/**
 * A directory with alice, with carol, who is in no group, and with olga, who administers the broker and has signed in
 * just now.
 *
 * @param diagnosis steps that the directory reports of each login
 */
async function openWorld(who = 'olga', diagnosis: readonly Step[] = []): Promise<World> {
  const clock = fixedClock();
  const audit = recordingAudit();
  const accounts = {
    alice: { password: SECRET },
    carol: { password: SECRET },
    olga: { password: 'olga-knows-this-1' },
  };
  const { backend, seen } = fakeDirectory({ accounts });
  const known = (name: string): AuthnOutcome => {
    const names = name === 'carol' ? [] : [name === 'olga' ? 'operators' : 'team-web'];
    const groups = new Set(names.map((group) => groupName(group, { lowercase: false })));
    return { kind: 'authenticated', identity: { ...identity(name, 'corp'), groups, subject: name } };
  };
  const authenticator: typeof backend = {
    ...backend,
    authenticate: async (credential, deadline, guard) => {
      const outcome = await backend.authenticate(credential, deadline, guard);
      return outcome.kind === 'authenticated' ? known(credential.username) : outcome;
    },
    diagnose: async (_credential, _deadline, report) => {
      for (const step of diagnosis) report(step);
      return undefined;
    },
    revalidate: async ({ login }) => known(login),
  };
  const chain = { backends: [{ authenticator, usernames: undefined }], clock };
  const ledger = memoryLedger({ clock, maxEntries: 1000 });
  const shield = {
    settings: SHIELD_SETTINGS,
    fingerprint: createFingerprint(),
    ledger,
    ids: countingIds(),
    timer: noWaiting,
  };
  const area = backendsArea({
    backends: async () => VIEW,
    testLogin: createTestLogin({ ...chain, timer: noWaiting, audit, attempts: createTestAttempts(shield) }),
    policy: () => policyOf([{ groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull'] }]),
    services: ['registry.example.com'],
    clock,
  });
  const app = await openConsoleApp({
    clock,
    areas: [area],
    backends: async () => chain.backends,
    section: { admins: { groups: ['operators'] }, sessions: { idle: '8h', absolute: '12h' } },
  });
  const browser = fetchBrowser();
  const password = who === 'olga' ? 'olga-knows-this-1' : SECRET;
  await browser.submit(`${app.url}/sign-in`, { username: who, password });
  seen.length = 0;
  return {
    app,
    clock,
    audit,
    seen,
    browser,
    test: (fields, headers) => browser.submit(`${app.url}${TEST}`, fields, headers),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

const FORM = { user: 'alice', password: SECRET };

/** The text of the message at the top of a page. */
function alertOf(page: string): string {
  const [, content = ''] = /role="alert"[^>]*>(.*?)<\/div>/s.exec(page) ?? [];
  return content
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

describe('the page of the backends', () => {
  it('shows administrators the state of each, and leads to the test of a login', async () => {
    await using world = await openWorld();

    const { status, text } = await world.browser.open(`${world.app.url}${LIST}`);

    expect([status, text]).toEqual([200, expect.stringMatching(/does not answer.*refused/s)]);
    expect(text).toContain(`href="${TEST}"`);
  });

  it('does not exist for other people, nor does the test of a login', async () => {
    await using world = await openWorld('alice');
    const { app, browser, seen } = world;

    const pages = [await browser.open(`${app.url}${LIST}`), await browser.open(`${app.url}${TEST}`)];
    const answer = await world.test(FORM);

    expect([...pages, answer].map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(seen).toEqual([]);
  });
});

describe('the test of a login', () => {
  it('shows the steps, the groups and what the user may do', async () => {
    await using world = await openWorld();

    const { status, text } = await world.test(FORM);

    expect(status).toBe(200);
    expect(text).toContain('backend corp authenticates alice, groups team-web');
    expect(text).toMatch(/<code>team-web<\/code>/);
    expect(text).toMatch(/<code>web\/\*\*<\/code>/);
    expect(world.audit.events).toMatchObject([{ type: 'login-test', by: 'olga', username: 'alice' }]);
  });

  it('shows which step fails', async () => {
    await using world = await openWorld();

    const { status, text } = await world.test({ ...FORM, password: 'not-hers' });

    expect([status, text]).toEqual([200, expect.stringContaining('rejects the login: wrong-password')]);
    expect(alertOf(text)).toBe(
      'The login of alice does not work. Failed step: backend corp rejects the login: wrong-password',
    );
    expect(text).not.toContain('What the user may do');
  });

  it('names the first step that failed in the answer of a directory that says why', async () => {
    const step = 'binds as uid=alice: locked';
    await using world = await openWorld('olga', [
      { ok: false, text: 'binds as uid=alice,ou=old: the server has no such entry' },
      { ok: true, text: 'asks ldaps://dc2' },
      { ok: false, text: step },
    ]);

    const { text } = await world.test({ ...FORM, password: 'not-hers' });

    expect(alertOf(text)).toBe(`The login of alice does not work. Failed step: backend corp: ${step}`);
  });

  it('remarks that a user is in no group, and does not mark that step as fine', async () => {
    await using world = await openWorld();
    const marked = (text: string) => /<span class="hidden">(\w+):<\/span>\s*backend corp authenticates/.exec(text)?.[1];

    const withGroups = await world.test(FORM);
    const without = await world.test({ user: 'carol', password: SECRET });

    expect([marked(withGroups.text), marked(without.text)]).toEqual(['Ok', 'Warning']);
    expect(without.text).toContain('no group: no rule for groups applies');
  });

  it('has the password in no page, address, log or header, and is cached nowhere', async () => {
    await using world = await openWorld();

    const right = await world.test(FORM);
    const wrong = await world.test({ ...FORM, password: 'another-secret-1' });

    const everything = JSON.stringify([
      [right, wrong].map(({ url, headers, text }) => [url.href, [...headers], text]),
      world.audit.events,
      world.app.audit.events,
      world.app.log.lines,
    ]);
    expect(everything).toContain('alice');
    expect(everything).not.toMatch(new RegExp(`${SECRET}|another-secret-1`));
    for (const { headers, text, url } of [right, wrong]) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(url.search).toBe('');
      expect(text).toMatch(/<form[^>]* method="post"[^>]* autocomplete="off"/);
      expect(text).toMatch(/type="password"\s+name="password"\s+value=""\s+autocomplete="off"/);
    }
  });

  it('opens no session, and leaves that of the administrator as it is', async () => {
    await using world = await openWorld();
    const before = world.browser.cookies('localhost');

    const { headers } = await world.test(FORM);

    expect(headers.getSetCookie()).toEqual([]);
    expect(world.browser.cookies('localhost')).toEqual(before);
    expect(world.app.audit.events.filter(({ type }) => type === 'session')).toHaveLength(1);
  });

  it('needs a sign-in of the last hour, and sends nothing without one', async () => {
    await using world = await openWorld();
    const { app, browser, clock, seen } = world;
    clock.advance(HOUR + 1);

    const form = await browser.step(`${app.url}${TEST}`);
    const answer = await world.test(FORM);

    expect(form.headers.get('location')).toBe('/sign-in?again=1&to=%2Fconsole%2Fbackends%2Ftest');
    expect([answer.url.pathname, seen]).toEqual(['/sign-in', []]);
  });

  it.each(['cross-site', 'same-site', 'none'])('is refused where the form comes from elsewhere: %s', async (site) => {
    await using world = await openWorld();

    const { status } = await world.test(FORM, { 'sec-fetch-site': site, origin: 'https://other.example' });

    expect([status, world.seen]).toEqual([403, []]);
  });

  it('reads nothing from the address', async () => {
    await using world = await openWorld();

    const { text } = await world.browser.open(`${world.app.url}${TEST}?user=alice&password=${SECRET}`);

    expect([world.seen, text.includes(SECRET), text.includes('value="alice"')]).toEqual([[], false, false]);
  });

  it.each([{ password: SECRET }, { user: 'alice' }, { user: ' ', password: SECRET }])(
    'asks for what is missing in %j',
    async (fields) => {
      await using world = await openWorld();

      const { status, text } = await world.test(fields);

      expect([status, text, world.seen]).toEqual([
        422,
        expect.stringContaining('Enter a user name and a password.'),
        [],
      ]);
    },
  );

  it('is refused after too many tests, with the time to wait', async () => {
    await using world = await openWorld();
    for (let count = 0; count < TESTS.ofName; count += 1) await world.test(FORM);
    const sent = world.seen.length;

    const { status, headers, text } = await world.test(FORM);

    expect([status, headers.get('retry-after'), world.seen.length]).toEqual([429, String(HOUR), sent]);
    expect(text).toContain('This name was tested too often. Nothing was sent. Try again in 60 minutes.');
  });
});
