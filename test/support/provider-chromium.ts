/** The pages on which people sign in at real providers, filled in with Chromium. */
import type { Page } from 'playwright-core';

export interface ProviderLogin {
  readonly username: string;
  readonly password: string;
  /** The code of an authenticator app, for an account that has one. */
  readonly code?: () => string;
}

/** From the page of Keycloak to the page after it. Whoever is asked again is asked for the password only. */
export async function signInAtKeycloak(page: Page, { username, password, code }: ProviderLogin): Promise<void> {
  await page.waitForSelector('#password');
  if (await page.isVisible('#username')) await page.fill('#username', username);
  await page.fill('#password', password);
  await page.click('#kc-login');
  if (code === undefined) return;
  await page.fill('#otp', code());
  await page.click('#kc-login');
}

/** The same for Dex and its own list of passwords. It asks for the password and for the consent each time. */
export async function signInAtDex(page: Page, { username, password }: ProviderLogin): Promise<void> {
  await page.fill('[name=login]', username);
  await page.fill('[name=password]', password);
  await page.click('#submit-login');
  await page.click('button:has-text("Grant Access")');
}

export interface HeldCallback {
  /** Settles when the browser is about to bring the answer of the provider to the broker. */
  readonly reached: Promise<unknown>;
  release(): Promise<void>;
}

/** Stops the browser on its way back from the provider. `page.route` does not stop what a redirect leads to. */
export async function holdCallback(page: Page): Promise<HeldCallback> {
  const session = await page.context().newCDPSession(page);
  const { promise, resolve } = Promise.withResolvers<string>();
  session.on('Fetch.requestPaused', ({ requestId }) => resolve(requestId));
  await session.send('Fetch.enable', { patterns: [{ urlPattern: '*/sign-in/callback*' }] });
  return {
    reached: promise,
    release: async () => {
      await session.send('Fetch.continueRequest', { requestId: await promise });
      await session.send('Fetch.disable');
    },
  };
}
