/** A login of the credential helper for a person who has no password here: the sign-in is at an OpenID provider. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../support/broker.ts';
import { startChallengingRegistry } from '../support/challenging-registry.ts';
import type { ChallengingRegistry } from '../support/challenging-registry.ts';
import { fetchBrowser } from '../support/fetch-browser.ts';
import { freePort } from '../support/free-port.ts';
import { openHome } from '../support/helper-host.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import type { OpenIdProvider } from '../support/openid-provider.ts';
import { fieldsOf, refreshOf } from '../support/page-forms.ts';
import { noteSecret } from '../support/secrets.ts';
import { signInClient } from '../support/sign-in-backend.ts';
import { SERVICE } from '../support/static-broker.ts';
import { OWN_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

describe('a person of an OpenID provider', () => {
  const resources = new AsyncDisposableStack();
  let provider: OpenIdProvider;
  let registry: ChallengingRegistry;
  let site: string;

  beforeAll(async () => {
    const port = await freePort();
    site = `http://localhost:${port}`;
    provider = await startOpenIdProvider({
      atBrowser: () => 'alice',
      client: signInClient(`${site}/sign-in/callback`),
    });
    resources.defer(() => provider.stop());
    resources.use(
      await startBroker({
        port,
        config: {
          services: { [SERVICE]: { refreshTokens: {} } },
          backends: [
            {
              name: 'sso',
              type: 'oidc-sign-in',
              issuer: provider.issuer,
              client: { id: provider.clientId, secret: { file: 'client.secret' } },
            },
          ],
          policy: 'policy.yaml',
          console: {},
          helper: {},
        },
        files: {
          'client.secret': provider.clientSecret,
          'policy.yaml': OWN_POLICY,
        },
      }),
    );
    registry = resources.use(await startChallengingRegistry());
    registry.challenge = `Bearer realm="${site}/token",service="${SERVICE}"`;
  });
  afterAll(() => resources.disposeAsync());

  it('gets a login for docker, without a password that Fairlead could see', async () => {
    await using home = await openHome();
    home.env['BROWSER'] = '/bin/true';
    home.now = Math.floor(Date.now() / 1000);
    const browser = fetchBrowser();
    const run = home.begin(['login', registry.name, '--no-configure']);
    const [, url = ''] = await waitFor('the page to open', () => /^ {2}(http\S+)$/m.exec(run.stderr()));

    await browser.open(`${site}/sign-in/sso`);
    const consent = await browser.open(url);
    const done = await browser.submit(`${site}/authorize`, { ...fieldsOf(consent), answer: 'yes' });
    await fetch(refreshOf(done));
    const { code, stderr } = await run.ended;
    const { Secret } = JSON.parse((await home.run(['get'], registry.name)).stdout) as { Secret: string };
    noteSecret(Secret);
    const form = {
      grant_type: 'refresh_token',
      refresh_token: Secret,
      service: SERVICE,
      scope: 'repository:users/alice/app:pull,push',
    };
    const answer = await fetch(`${site}/token`, { method: 'POST', body: new URLSearchParams(form) });

    expect([code, stderr]).toEqual([0, expect.stringContaining('as alice')]);
    expect(await answer.json()).toMatchObject({ scope: 'repository:users/alice/app:pull,push' });
  });
});
