/** The routes of tokens over HTTP, with the flows of sessions and of personal tokens. */
import { describe, expect, it } from 'vitest';
import type { TokenOwner } from '../../../../src/core/personal-token.ts';
import { listPersonalTokens } from '../../../../src/flows/personal-token/list.ts';
import { revokePersonalTokens } from '../../../../src/flows/personal-token/revoke.ts';
import { tokensArea } from '../../../../src/http/console/tokens.ts';
import { openConsoleApp } from '../../../support/console-app.ts';
import type { ConsoleApp } from '../../../support/console-app.ts';
import { fakeBackend } from '../../../support/fake-backend.ts';
import { fetchBrowser } from '../../../support/fetch-browser.ts';
import { fieldsOf } from '../../../support/page-forms.ts';
import {
  again as sameAccount,
  openTokenWorld,
  OWNER,
  SERVICE,
  SETTINGS,
} from '../../../support/personal-token-world.ts';
import { policyOf } from '../../../support/policy-builder.ts';

const HOUR = 3600;
const PAGE = '/console/tokens';
const FORM = { name: 'laptop', rights: 'all', ends: '30' };

interface World extends AsyncDisposable {
  readonly app: ConsoleApp;
  readonly tokens: ReturnType<typeof openTokenWorld>;
  readonly browser: ReturnType<typeof fetchBrowser>;
}

/** A directory with alice, who has signed in just now. */
async function openWorld(isAsleep: (owner: TokenOwner) => boolean = () => false): Promise<World> {
  const tokens = openTokenWorld();
  const { store, audit, clock, issue } = tokens;
  const { chained } = fakeBackend(sameAccount(), { name: 'corp' });
  const authenticator = { ...chained.authenticator, revalidate: async () => sameAccount() };
  const area = tokensArea({
    list: (selection) => listPersonalTokens(store, selection),
    issue,
    revoke: (selection, ending) => revokePersonalTokens({ store, audit }, selection, ending),
    findAsleep: async () => isAsleep,
    settings: SETTINGS,
    services: [SERVICE],
    policy: () => policyOf([{ groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull'] }]),
    robotsOf: () => [],
    clock,
  });
  const app = await openConsoleApp({
    clock,
    areas: [area],
    backends: async () => [{ ...chained, authenticator }],
    section: { sessions: { idle: '8h', absolute: '12h' } },
  });
  const browser = fetchBrowser();
  await browser.submit(`${app.url}/sign-in`, { username: 'alice', password: 'alice-knows-this-1' });
  return { app, tokens, browser, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

const namesIn = async ({ tokens }: World): Promise<readonly string[]> =>
  (await tokens.store.list()).map(({ value }) => value.name);

describe('the page of tokens', () => {
  it('says which tokens are asleep, and what wakes them', async () => {
    await using asleep = await openWorld(({ kind }) => kind === 'account');
    await using awake = await openWorld();
    const page = async ({ app, browser }: World): Promise<string> => {
      await browser.submit(`${app.url}${PAGE}`, FORM);
      return (await browser.open(`${app.url}${PAGE}`)).text;
    };

    const texts = [await page(asleep), await page(awake)];

    expect(texts[0]).toContain('One token is asleep, and works again after your next sign-in at corp.');
    expect(texts[0]).toMatch(/<b>laptop<\/b>\s+<span class="badge warning">asleep<\/span>/);
    expect(texts[1]).not.toContain('asleep');
  });

  it('creates a token for the account of the session, and shows it in the answer of the form alone', async () => {
    await using world = await openWorld();
    const { app, browser } = world;

    const answer = await browser.submit(`${app.url}${PAGE}`, FORM);

    expect(answer.text).toMatch(/flp_[0-9A-Za-z]{49}/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await browser.open(`${app.url}${PAGE}`)).text).not.toMatch(/flp_[0-9A-Za-z]{49}/);
    const [entry] = await world.tokens.store.list();
    expect(entry?.value).toMatchObject({ name: 'laptop', owner: { backend: 'corp', username: 'alice' } });
  });

  it('asks for a new sign-in where the last one is over an hour ago, and creates nothing', async () => {
    await using world = await openWorld();
    const { app, browser, tokens } = world;
    tokens.clock.advance(HOUR + 1);

    const form = await browser.step(`${app.url}${PAGE}/new`);
    const answer = await browser.submit(`${app.url}${PAGE}`, FORM);

    expect(form.headers.get('location')).toBe('/sign-in?again=1&to=%2Fconsole%2Ftokens%2Fnew');
    expect(answer.url.pathname).toBe('/sign-in');
    expect(answer.text).toContain('This needs a recent sign-in.');
    expect(await namesIn(world)).toEqual([]);
  });

  it('creates a token within the hour', async () => {
    await using world = await openWorld();
    world.tokens.clock.advance(HOUR - 1);

    await world.browser.submit(`${world.app.url}${PAGE}`, FORM);

    expect(await namesIn(world)).toEqual(['laptop']);
  });

  it('creates one token when the page with it is loaded again, and another one for the next form', async () => {
    await using world = await openWorld();
    const { app, browser } = world;
    const form = { ...FORM, ...fieldsOf(await browser.open(`${app.url}${PAGE}/new`)) };

    await browser.submit(`${app.url}${PAGE}`, form);
    const again = await browser.submit(`${app.url}${PAGE}`, form);
    const afterReload = await namesIn(world);
    const next = await browser.submit(`${app.url}${PAGE}`, { ...form, ...fieldsOf(again) });

    expect([again.status, again.text]).toEqual([422, expect.stringContaining('has created a token already')]);
    expect(afterReload).toEqual(['laptop']);
    expect(next.text).toMatch(/flp_[0-9A-Za-z]{49}/);
    expect(await namesIn(world)).toEqual(['laptop', 'laptop']);
  });

  it('creates a token with a form that was corrected', async () => {
    await using world = await openWorld();
    const { app, browser } = world;
    const form = { ...FORM, ...fieldsOf(await browser.open(`${app.url}${PAGE}/new`)) };

    await browser.submit(`${app.url}${PAGE}`, { ...form, networks: 'nowhere' });
    await browser.submit(`${app.url}${PAGE}`, form);

    expect(await namesIn(world)).toEqual(['laptop']);
  });

  it('shows the form again with what is wrong, and with what was typed', async () => {
    await using world = await openWorld();

    const answer = await world.browser.submit(`${world.app.url}${PAGE}`, {
      ...FORM,
      rights: 'limited',
      name: 'my <b>',
    });

    expect(answer.status).toBe(422);
    expect(answer.text).toContain('value="my &lt;b&gt;"');
    expect(await namesIn(world)).toEqual([]);
  });

  it('says why the broker refuses a token, such as one that lives too long', async () => {
    await using world = await openWorld();

    const answer = await world.browser.submit(`${world.app.url}${PAGE}`, { ...FORM, ends: '4000' });

    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('personalTokens.maxLifetime')]);
  });

  it('neither shows nor revokes the token of somebody else', async () => {
    await using world = await openWorld();
    const { app, browser, tokens } = world;
    await tokens.issued({ name: 'of bob' });
    for (const { key, value } of await tokens.store.list()) {
      const owner = { ...OWNER, subject: 'another-account', login: 'bob', username: 'bob' };
      await tokens.store.put(key, { ...value, owner }, HOUR);
    }
    const [id = ''] = (await listPersonalTokens(tokens.store, {})).map((token) => token.id);

    expect((await browser.open(`${app.url}${PAGE}`)).text).not.toContain('of bob');
    expect((await browser.open(`${app.url}${PAGE}/${id}/revoke`)).status).toBe(404);
    expect((await browser.submit(`${app.url}${PAGE}/${id}/revoke`, {})).status).toBe(404);
    expect(await namesIn(world)).toEqual(['of bob']);
  });

  it('shows what a token may do at the API, and that it may do nothing at a registry', async () => {
    await using world = await openWorld();
    const { app, browser, tokens } = world;
    await tokens.issued({ name: 'monitoring' });
    for (const { key, value } of await tokens.store.list()) {
      await tokens.store.put(key, { ...value, limits: [], api: 'read' }, HOUR);
    }

    const { text } = await browser.open(`${app.url}${PAGE}`);

    expect(text).toContain('Nothing at any registry');
    expect(text).toContain('Read at the API');
    expect(text).not.toContain('Everything you may do');
  });

  it('revokes a token of the person', async () => {
    await using world = await openWorld();
    const { app, browser, tokens } = world;
    await browser.submit(`${app.url}${PAGE}`, FORM);
    const [id = ''] = (await listPersonalTokens(tokens.store, {})).map((token) => token.id);

    const answer = await browser.submit(`${app.url}${PAGE}/${id}/revoke`, {});

    expect(answer.text).toContain('The token is revoked.');
    expect(await namesIn(world)).toEqual([]);
  });

  it('neither creates nor revokes for a page of another site, nor without a session', async () => {
    await using world = await openWorld();
    const { app, browser } = world;

    const foreign = await browser.submit(`${app.url}${PAGE}`, FORM, { 'sec-fetch-site': 'cross-site' });
    const anonymous = await fetchBrowser().submit(`${app.url}${PAGE}`, FORM);

    expect([foreign.status, anonymous.url.pathname]).toEqual([403, '/sign-in']);
    expect(await namesIn(world)).toEqual([]);
  });
});
