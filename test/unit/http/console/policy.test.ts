/** The routes of the pages about the policy, over HTTP with a session of an administrator. */
import { describe, expect, it } from 'vitest';
import type { DifferenceFilter, ShadowDifferences } from '../../../../src/core/shadow-difference.ts';
import { policyArea } from '../../../../src/http/console/policy.ts';
import type { PolicyAreaDeps } from '../../../../src/http/console/policy.ts';
import { openConsoleApp } from '../../../support/console-app.ts';
import type { ConsoleApp } from '../../../support/console-app.ts';
import { fakeBackend } from '../../../support/fake-backend.ts';
import { fetchBrowser } from '../../../support/fetch-browser.ts';
import { again as sameAccount, SERVICE } from '../../../support/personal-token-world.ts';

interface World extends AsyncDisposable {
  readonly app: ConsoleApp;
  readonly browser: ReturnType<typeof fetchBrowser>;
  /** The texts that were tried out. */
  readonly texts: string[];
  /** What was searched for in the differences of the shadow policy. */
  readonly filters: DifferenceFilter[];
  /** What was asked about who can do something. */
  readonly questions: object[];
}

const unasked = (): never => {
  throw new Error('this is not asked for');
};

/** A console in which alice has signed in, who is an administrator. */
async function openWorld(examined: Promise<unknown> = Promise.resolve()): Promise<World> {
  const texts: string[] = [];
  const filters: DifferenceFilter[] = [];
  const questions: object[] = [];
  const differences: ShadowDifferences = {
    capacity: 1000,
    counts: unasked,
    find: (filter) => {
      filters.push(filter);
      return { found: [], more: 0 };
    },
  };
  const deps: PolicyAreaDeps = {
    services: [SERVICE],
    whoCan: async (question) => {
      questions.push(question);
      return { grantees: [], users: [], anonymous: false, gaps: [] };
    },
    policy: unasked,
    policyText: async () => 'rules: []\n',
    tryOut: async (text) => {
      texts.push(text);
      await examined;
      return { problem: 'Enter a policy.' };
    },
    shadow: async () => undefined,
    differences,
  };
  const { chained } = fakeBackend(sameAccount(), { name: 'corp' });
  const authenticator = { ...chained.authenticator, revalidate: async () => sameAccount() };
  const app = await openConsoleApp({
    areas: [policyArea(deps)],
    backends: async () => [{ ...chained, authenticator }],
    section: { admins: { users: ['alice'] } },
  });
  const browser = fetchBrowser();
  await browser.submit(`${app.url}/sign-in`, { username: 'alice', password: 'alice-knows-this-1' });
  return { app, browser, texts, filters, questions, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

describe('the form for a policy', () => {
  it('begins with the text of the file', async () => {
    await using world = await openWorld();

    expect((await world.browser.open(`${world.app.url}/console/policy/try`)).text).toContain(
      '\nrules: []\n</textarea>',
    );
  });

  it('gives the text with the line ends of a file, and shows it again with the answer, also after a reload', async () => {
    await using world = await openWorld();
    const send = () =>
      world.browser.submit(`${world.app.url}/console/policy/try`, { policy: 'rules:\r\n  - "<b>"\r\n' });

    const [first, reloaded] = [await send(), await send()];

    expect(world.texts).toEqual(['rules:\n  - "<b>"\n', 'rules:\n  - "<b>"\n']);
    expect(first).toMatchObject({ status: 200, text: expect.stringContaining('Enter a policy.') });
    expect(first.text).toContain('\nrules:\n  - &quot;&lt;b&gt;&quot;\n</textarea>');
    expect(reloaded.status).toBe(200);
  });

  it('is limited in size', async () => {
    await using world = await openWorld();

    const answer = await world.browser.submit(`${world.app.url}/console/policy/try`, { policy: 'x'.repeat(3_200_000) });

    expect(answer.status).toBe(413);
    expect(world.texts).toEqual([]);
  });

  it('is read from four administrators at the same time at most, because each takes much memory', async () => {
    const { promise: examined, resolve } = Promise.withResolvers<void>();
    await using world = await openWorld(examined);
    const send = (policy: string) => world.browser.submit(`${world.app.url}/console/policy/try`, { policy });

    const answers = ['one', 'two', 'three', 'four', 'five'].map(send);
    const refused = await Promise.race(answers);
    resolve();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    const next = await send('six');

    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('try again in a moment')]);
    expect(statuses.filter((status) => status === 200)).toHaveLength(4);
    expect([next.status, world.texts.length]).toEqual([200, 5]);
  });
});

describe('the page of the shadow policy', () => {
  it.each([
    ['', { person: '', repository: '' }],
    ['?person=%20Ali&repository=web%2F&change=lost', { person: 'Ali', repository: 'web/', change: 'lost' }],
    ['?change=other', { person: '', repository: '' }],
    [`?person=${'a'.repeat(2000)}`, { person: 'a'.repeat(256), repository: '' }],
  ])('filters by what the query %s says', async (query, filter) => {
    await using world = await openWorld();

    const answer = await world.browser.open(`${world.app.url}/console/policy/shadow${query}`);

    expect(answer.status).toBe(200);
    expect(world.filters).toEqual([filter]);
  });
});

describe('the page Who can', () => {
  const ASKED = 'action=push&repository=web%2Fa';
  const QUESTION = { action: 'push', repository: 'web/a', service: SERVICE };

  it.each([
    ['the address of the administrator', '&client=', '127.0.0.1'],
    ['an address that is typed', '&client=%2010.1.4.7', '10.1.4.7'],
    ['an IPv6 address', '&client=2001%3Adb8%3A%3A1', '2001:db8::1'],
  ])('answers for %s, and names it', async (_, query, client) => {
    await using world = await openWorld();

    const { text } = await world.browser.open(`${world.app.url}/console/who-can?${ASKED}${query}`);

    expect(world.questions).toEqual([{ ...QUESTION, client }]);
    expect(text).toMatch(new RegExp(`name="client"\\s+value="${client}"`));
  });

  it('asks nothing for what is no address', async () => {
    await using world = await openWorld();

    const { text } = await world.browser.open(`${world.app.url}/console/who-can?${ASKED}&client=office`);

    expect(text).toContain('Enter an IP address, such as 10.1.4.7.');
    expect(world.questions).toEqual([]);
  });
});
