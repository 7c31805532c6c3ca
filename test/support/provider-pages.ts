/** The pages on which people sign in at real providers, filled in without a browser. */
import { formAction } from './fetch-browser.ts';
import type { FetchBrowser, Visit } from './fetch-browser.ts';

interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The code of an authenticator app, for an account that has one. */
  readonly code?: () => string;
}

/** @returns the page that Keycloak leads to, also when it is one of its own */
export async function signInAtKeycloak(
  browser: FetchBrowser,
  url: string,
  { username, password, code }: Credentials,
): Promise<Visit> {
  const form = await browser.open(url);
  const next = await browser.submit(formAction(form), { username, password, credentialId: '' });
  return code === undefined ? next : browser.submit(formAction(next), { otp: code() });
}

/** Dex asks for the password on one page; `skipApprovalScreen` is on. */
export async function signInAtDex(
  browser: FetchBrowser,
  url: string,
  { username, password }: Credentials,
): Promise<Visit> {
  const form = await browser.open(url);
  return browser.submit(formAction(form), { login: username, password });
}
