/** The console of a running broker in Chromium: as people use it, by keyboard alone, and without JavaScript. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { claimsOf } from '../support/broker.ts';
import type { Broker, LogLine } from '../support/broker.ts';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { noteSecret } from '../support/secrets.ts';
import { ALICE, ASK_WEB, SERVICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

/** Registries behind a proxy that asks the broker, with passwords and with registry tokens. */
const PROXIED = 'proxied.example.com';
const BEARER = 'bearer.example.com';
const OLGA = { user: 'olga', password: 'the-password-of-olga' } as const;

/** The policy of the broker, and nobody pushes to `web/**`. */
function withFreeze(name: string): string {
  const policy = JSON.parse(TEAM_POLICY) as { readonly rules: readonly object[] };
  const freeze = { name, users: ['*'], repositories: ['web/**'], deny: ['push'] };
  return JSON.stringify({ ...policy, rules: [...policy.rules, freeze] }, undefined, 2);
}

let browser: Browser;
let broker: Broker;
/** Problems that pages reported: violations of their policy, errors of scripts. */
const reported: string[] = [];

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: `http://localhost:${broker.port}`, ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => void reported.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security|Trusted/i.test(message.text())) reported.push(message.text());
  });
  return page;
}

async function signIn(page: Page, { user, password }: { readonly user: string; readonly password: string }) {
  await page.goto('/console/tokens');
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Your tokens' }).waitFor();
}

/** Presses Tab until the element is focused, as somebody without a mouse does. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(`(() => {
      const one = document.activeElement;
      const label = one?.labels?.[0]?.textContent ?? one?.textContent ?? '';
      return label.replace(/\\s+/g, ' ').trim();
    })()`);
    if (focused === name) return;
  }
  throw new Error(`60 times Tab did not lead to ${name}`);
}

async function grantedWith(token: string): Promise<string> {
  const { status, body } = await broker.token(ASK_WEB, { user: 'alice', password: token });
  if (status !== 200) return String(status);
  const [entry] = claimsOf(body['token'])['access'] as readonly { readonly actions: readonly string[] }[];
  return (entry?.actions ?? []).join();
}

describe.skipIf(!hasChromium())('the console', () => {
  beforeAll(async () => {
    const users = {
      alice: { password: await hashPassword(ALICE.password), groups: ['team-web'] },
      olga: { password: await hashPassword(OLGA.password), groups: ['operators'] },
    };
    browser = await startChromium();
    broker = await startStaticBroker({
      config: {
        ...STATIC_CONFIG,
        services: {
          ...STATIC_CONFIG.services,
          [PROXIED]: { forwardAuth: { proxy: 'envoy', mode: 'basic' } },
          [BEARER]: { forwardAuth: { proxy: 'envoy', mode: 'bearer' } },
        },
        trustedProxies: ['127.0.0.1'],
        policy: { file: 'policy.yaml', shadow: 'next.yaml' },
        console: { admins: { groups: ['operators'] } },
        personalTokens: {},
      },
      files: { 'users.yaml': JSON.stringify({ users }), 'next.yaml': withFreeze('shadow-freeze') },
    });
    // Serving does not wait for it.
    await broker.waitForLine(({ message }) => message === 'shadow policy loaded');
  });
  afterAll(async () => {
    await browser?.close();
    await broker?.[Symbol.asyncDispose]();
    expect(reported).toEqual([]);
  });

  it('makes a token that docker can use and revokes it, by keyboard alone', async () => {
    const page = await openPage();
    await signIn(page, ALICE);

    await tabTo(page, 'Create a token');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Create a token' }).waitFor();
    // The browser gives the name the focus when it draws the page, which may be later than its heading is there.
    await page.locator('[name=name]:focus').waitFor();
    await page.keyboard.type('laptop');
    await page.keyboard.press('Enter');
    const token = await shownToken(page);
    expect(await grantedWith(token)).toBe('pull,push');

    await tabTo(page, 'I have copied it. Show my tokens');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your tokens' }).waitFor();
    await tabTo(page, 'Revoke laptop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Revoke the token laptop?' }).waitFor();
    await tabTo(page, 'Revoke laptop');
    await page.keyboard.press('Enter');
    await page.getByText('The token is revoked.').waitFor();
    expect(await grantedWith(token)).toBe('401');
    await page.context().close();
  });

  it('makes a token with limits and revokes it without JavaScript', async () => {
    const page = await openPage({ javaScriptEnabled: false });
    await signIn(page, ALICE);

    await page.getByRole('link', { name: 'Create a token' }).click();
    await page.getByLabel('Name').fill('deploy web');
    await page.getByLabel('only what is listed here').check();
    await page.getByRole('button', { name: 'Create the token' }).click();
    await page.getByRole('group', { name: 'Limit 1' }).getByText('Enter at least one repository or pattern.').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('deploy web');
    await page.getByLabel('Repositories').fill('web/**');
    await page.getByRole('button', { name: 'Add another registry' }).click();
    await page.getByLabel('Repositories').nth(1).fill('public/**');
    await page.getByRole('button', { name: 'Create the token' }).click();
    const token = await shownToken(page);
    expect(await grantedWith(token)).toBe('pull');

    await page.goto('/console/tokens');
    await page.getByRole('link', { name: 'Revoke deploy web' }).click();
    await page.getByRole('button', { name: 'Revoke deploy web' }).click();
    await page.getByText('The token is revoked.').waitFor();
    expect(await grantedWith(token)).toBe('401');
    await page.context().close();
  });

  it('shows a token once: neither the way back nor the list has it', async () => {
    const page = await openPage();
    await signIn(page, ALICE);
    await page.goto('/console/tokens/new');
    await page.getByLabel('Name').fill('once');
    await page.getByRole('button', { name: 'Create the token' }).click();
    const token = await shownToken(page);

    await page.getByRole('link', { name: 'I have copied it' }).click();
    await page.getByRole('heading', { name: 'Your tokens' }).waitFor();
    expect(await page.content()).not.toContain(token);
    await page.goBack().catch(() => undefined);
    expect(await page.content()).not.toContain(token);
    await page.context().close();
  });

  it('says what somebody may do and why, also by the id of a request that was denied', async () => {
    const page = await openPage();
    await signIn(page, ALICE);
    const denied = await broker.token(`service=${SERVICE}&scope=repository:ops/secret:pull`, ALICE);
    const requestId = denied.headers.get('x-request-id') ?? '';

    await page.goto('/console/access');
    expect(await page.getByRole('table').first().textContent()).toContain('web/**');
    await page.getByLabel('Repository').fill('web/shop');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('You may pull and push to').waitFor();
    // Where the broker has its files is not shown to everybody.
    expect(await page.content()).not.toContain(broker.folder);
    await page.getByRole('link', { name: 'ops/secret' }).first().waitFor();
    await page.getByLabel('Request id').fill(requestId);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('You may do nothing with').waitFor();
    await page.context().close();
  });

  it.each([
    ['a password', PROXIED, ALICE],
    ['a registry token', BEARER, undefined],
  ])('says why a request was denied through the proxy of a registry, with %s', async (_what, service, login) => {
    const page = await openPage();
    await signIn(page, ALICE);
    const { body } = await broker.token(`service=${service}&scope=repository:ops/secret:pull`, ALICE);
    const credential =
      login === undefined
        ? `Bearer ${String(body['token'])}`
        : `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;

    const denied = await fetch(`${broker.url}/forward-auth/${service}/v2/ops/secret/manifests/latest`, {
      headers: { authorization: credential },
    });
    await page.goto(`/console/access?request=${denied.headers.get('x-request-id') ?? ''}`);

    expect(denied.status).toBe(login === undefined ? 401 : 403);
    await page.getByText('You may do nothing with').waitFor();
    await page.context().close();
  });

  it('says of the requests of others that it does not know them', async () => {
    const page = await openPage();
    const { headers } = await broker.token(`service=${SERVICE}&scope=repository:ops/secret:pull`, OLGA);
    await signIn(page, ALICE);

    await page.goto(`/console/access?request=${headers.get('x-request-id') ?? ''}`);

    await page.getByText('No request of yours with this id is known here.').waitFor();
    await page.context().close();
  });

  it('shows administrators the decisions, with a filter and as CSV, and nobody else', async () => {
    const page = await openPage();
    await broker.token(`service=${SERVICE}&scope=repository:web/a:pull`, ALICE);
    await broker.token(`service=${SERVICE}&scope=repository:ops/secret:pull`, ALICE);
    await signIn(page, OLGA);
    await page.getByRole('link', { name: 'Decisions' }).click();
    await page.getByText('web/a').first().waitFor();
    await page.locator('summary', { hasText: 'Filter' }).click();
    await page.getByLabel('Person').fill('alice');
    await page.getByLabel('Repository').fill('ops');
    await page.getByRole('button', { name: 'Filter' }).click();
    await expect.poll(() => page.getByText('web/a').count()).toBe(0);
    await page.getByText('ops/secret').first().click();
    await page.getByRole('link', { name: 'Explain' }).first().click();
    await page.getByText(/Request\s+of alice/).waitFor();
    await page.goBack();
    const csv = await page.request.get('/console/decisions.csv?person=alice');
    expect(await csv.text()).toMatch(/^time,user,via,service,scope,asked,granted,rules,refusal,client,request\r\n/);
    await page.context().close();

    const other = await openPage();
    await signIn(other, ALICE);
    expect((await other.request.get('/console/decisions')).status()).toBe(404);
    expect((await other.request.get('/console/decisions.csv')).status()).toBe(404);
    await other.context().close();
  });

  it('shows administrators the policy, who can, the backends, the fleet and people, and nobody else', async () => {
    const page = await openPage();
    await signIn(page, OLGA);

    await page.getByRole('link', { name: 'Policy' }).click();
    await page.getByText('teams own their namespace').first().waitFor();
    await page.getByRole('link', { name: 'Try out a change' }).click();
    await page.getByLabel('Policy', { exact: true }).fill('rules:\n  - name: x\n    allow: puhs\n');
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByText('This policy is not valid.').waitFor();
    await page.getByRole('link', { name: 'Who can' }).click();
    await page.getByLabel('Repository').fill('web/shop');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('members of team-web').waitFor();
    await page.getByRole('link', { name: 'Backends' }).click();
    await page.getByText('static-file').waitFor();
    await page.getByRole('link', { name: 'Fleet' }).click();
    await page.getByText('This broker shares no store.').waitFor();
    await page.context().close();

    const other = await openPage();
    await signIn(other, ALICE);
    for (const path of [
      'policy',
      'policy/try',
      'policy/shadow',
      'who-can',
      'backends',
      'backends/test',
      'fleet',
      'people',
      'person?user=olga',
    ]) {
      expect((await other.request.get(`/console/${path}`)).status()).toBe(404);
    }
    await other.context().close();
  });

  it('shows what the shadow policy would change, without JavaScript', async () => {
    await broker.token(ASK_WEB, ALICE);
    await broker.token(`service=${SERVICE}&scope=repository:web/b:pull`, ALICE);
    const page = await openPage({ javaScriptEnabled: false });
    await signIn(page, OLGA);

    await page.getByRole('link', { name: 'Policy' }).click();
    expect(await page.getByText('decisions of this broker since').textContent()).toMatch(/\b\d+ of \d+ decisions/);
    await page.getByRole('link', { name: 'Show the differences' }).click();
    const row = page.getByRole('row').filter({ hasText: 'web/a' }).first();
    const text = (await row.textContent())?.replaceAll(/\s+/g, ' ');
    expect(text).toMatch(/alice.*pull, push.*loses push.*teams own their namespace.*denied by shadow-freeze/);
    expect(await page.getByRole('cell', { name: 'web/b' }).count()).toBe(0);
    await page.getByLabel('Change').selectOption('something is gained');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByText('No difference matches.').waitFor();
    await page.context().close();
  });

  it('shows which recent decisions a pasted policy changes, without JavaScript, and logs nothing of it', async () => {
    const { headers } = await broker.token(ASK_WEB, ALICE);
    const page = await openPage({ javaScriptEnabled: false });
    await signIn(page, OLGA);

    await page.goto('/console/policy/try');
    await page.getByLabel('Policy', { exact: true }).fill(withFreeze('pasted-freeze'));
    await page.getByRole('button', { name: 'Try it out' }).click();
    const row = page.getByRole('row').filter({ hasText: 'web/a' }).first();
    const text = (await row.textContent())?.replaceAll(/\s+/g, ' ');
    expect(text).toMatch(/alice.*pull, push.*loses push.*teams own their namespace.*denied by pasted-freeze/);
    await page.getByText('fairlead diff policy.yaml next.yaml --config broker.yaml').waitFor();
    await page.reload();
    await row.waitFor();

    // The control: names of rules that decided are in the log.
    const requestId = headers.get('x-request-id');
    await broker.waitForLine((line) => line['requestId'] === requestId && /shadow-freeze/.test(JSON.stringify(line)));
    expect(JSON.stringify(broker.log())).not.toContain('pasted-freeze');
    await page.context().close();
  });

  it.each<[string, BrowserContextOptions]>([
    ['with JavaScript', {}],
    ['without JavaScript', { javaScriptEnabled: false }],
  ])('tests a login step by step, and shows the latency of logins, %s', async (_how, options) => {
    const loginTests = (): readonly LogLine[] => broker.log().filter(({ message }) => message === 'login test');
    const before = loginTests().length;
    await broker.token(ASK_WEB, ALICE);
    const page = await openPage(options);
    await signIn(page, OLGA);
    await page.goto('/console/backends');
    await page.getByText(/^Median \d.* ms, 95 % within .* m?s$/).waitFor();
    await page.getByRole('link', { name: 'Test a login' }).click();

    await page.getByLabel('User name').fill('alice');
    await page.getByLabel('Password').fill(ALICE.password);
    await page.getByRole('button', { name: 'Test' }).click();
    await page.getByText('The login works').waitFor();
    await page.getByText('backend local authenticates alice, groups team-web').waitFor();
    expect(await page.getByRole('cell', { name: 'web/**' }).count()).toBe(1);
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    expect(page.url()).toMatch(/\/console\/backends\/test$/);
    expect(await page.content()).not.toContain(ALICE.password);

    await page.getByLabel('Password').fill('not-the-password-of-alice');
    await page.getByRole('button', { name: 'Test' }).click();
    await page.locator('.steps').getByText('backend local rejects the login: wrong-password').waitFor();
    await page.getByText('The login of alice does not work.').waitFor();
    // With the second test, the password that was wrong a moment ago is not sent again.
    await page.getByRole('alert').getByText('Failed step: backend local').waitFor();
    await waitFor('the lines of both tests', () => loginTests().length === before + 2);
    expect(loginTests().at(-1)).toMatchObject({
      event: 'login-test',
      by: 'olga',
      user: 'alice',
      reason: 'wrong-password',
    });
    expect(JSON.stringify(broker.log())).not.toContain('not-the-password-of-alice');
    await page.context().close();
  });

  it('ends everything of a person: tokens are refused and the browser is signed out', async () => {
    const alice = await openPage();
    await signIn(alice, ALICE);
    await alice.goto('/console/tokens/new');
    await alice.getByLabel('Name').fill('stolen');
    await alice.getByRole('button', { name: 'Create the token' }).click();
    const token = await shownToken(alice);
    const page = await openPage();
    await signIn(page, OLGA);

    await page.goto('/console/people');
    await page.getByLabel('User name').fill('alice');
    await page.getByRole('button', { name: 'Look up' }).click();
    await page.getByText('stolen').waitFor();
    expect(await page.getByText('team-web').count()).toBeGreaterThan(0);
    await page.getByRole('link', { name: 'End everything' }).click();
    await page.getByRole('button', { name: 'End everything of alice' }).click();
    await page.getByText(/^Ended: \d+ sessions?, .*\d+ personal tokens?/).waitFor();
    await page.goto('/console/person?user=OLGA');
    await page.getByRole('link', { name: 'olga', exact: true }).waitFor();

    expect(await grantedWith(token)).toBe('401');
    await alice.goto('/console/tokens');
    await alice.getByRole('heading', { name: 'Sign in' }).waitFor();
    await alice.context().close();
    await page.context().close();
  });
});

async function shownToken(page: Page): Promise<string> {
  const token = (await page.locator('#token').textContent())?.trim() ?? '';
  noteSecret(token);
  expect(token).toMatch(/^flp_[0-9A-Za-z]{49}$/);
  return token;
}
