/** The console in Firefox, the other engine: sign-in at a provider, a token, and the sign-out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasFirefox, openFirefox } from '../support/firefox.ts';
import type { FirefoxPage } from '../support/firefox.ts';
import { freePort } from '../support/free-port.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { noteSecret } from '../support/secrets.ts';
import { signInClient } from '../support/sign-in-backend.ts';
import { ALICE, SERVICE, startStaticBroker } from '../support/static-broker.ts';

describe.skipIf(!hasFirefox())('the console in Firefox', () => {
  const resources = new AsyncDisposableStack();
  let page: FirefoxPage;
  /** The address that browsers use. */
  let site: string;

  beforeAll(async () => {
    const port = await freePort();
    site = `http://localhost:${port}`;
    const provider = resources.use(
      await startOpenIdProvider({ atBrowser: () => 'bob', client: signInClient(`${site}/sign-in/callback`) }),
    );
    const client = { id: provider.clientId, secret: { env: 'SSO_CLIENT_SECRET' } };
    resources.use(
      await startStaticBroker({
        port,
        env: { SSO_CLIENT_SECRET: provider.clientSecret },
        config: {
          services: { [SERVICE]: { anonymous: 'allow' } },
          console: {},
          personalTokens: {},
          backends: [
            { name: 'local', type: 'static-file', file: 'users.yaml' },
            { name: 'sso', type: 'oidc-sign-in', label: 'Example account', issuer: provider.issuer, client },
          ],
          policy: 'policy.yaml',
        },
      }),
    );
    page = resources.use(await openFirefox());
  });
  afterAll(() => resources.disposeAsync());

  const text = (selector: string): Promise<string> =>
    page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent`);

  it('signs a person in with a password, makes a token that is shown once, and signs out', async () => {
    await page.open(`${site}/console/tokens/new`);
    await page.type('[name=username]', ALICE.user);
    noteSecret(ALICE.password, ALICE.user);
    await page.type('[name=password]', ALICE.password);
    await page.click('form button.primary');
    await page.waitForUrl(/\/console\/tokens\/new$/);
    await page.type('[name=name]', 'laptop');
    await page.click('form button.primary');
    await page.waitForUrl(/\/console\/tokens$/);
    const [token = ''] = /flp_\w{49}/.exec(await page.evaluate('document.body.innerHTML')) ?? [];
    noteSecret(token);
    await page.open(`${site}/console/tokens`);
    const later = await page.evaluate('document.body.innerText');
    await page.click('form[action$="/sign-out"] button');
    await page.waitForUrl(/\/sign-out$/);

    expect(token).toHaveLength(53);
    expect([later.includes('laptop'), later.includes(token)]).toEqual([true, false]);
    expect(await text('h1')).toBe('You are signed out');
  });

  it('comes back from a provider of another site with a session, which no script can read', async () => {
    await page.open(`${site}/console/sign-ins`);
    await page.click('a[href^="/sign-in/sso"]');
    await page.waitForUrl(/\/console\/sign-ins$/);

    expect(await text('.person')).toContain('bob');
    expect(await page.evaluate('document.cookie')).toBe('');
  });
});
