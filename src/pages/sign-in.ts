/** Signing in, being signed out, and errors: the pages of somebody without a session. */
import { layout } from './layout.ts';
import type { Page } from './page.ts';
import { heading, nameText, notice } from './parts/blocks.ts';
import { textField } from './parts/form.ts';
import { html } from './template/html.ts';
import type { Html } from './template/html.ts';
import type { Url } from './template/url.ts';

interface SignInView {
  /** Backends that sign in by a page of their provider. */
  readonly providers: readonly { readonly name: string; readonly label: string }[];
  /** Whether some backend takes a user name and a password. */
  readonly hasForm: boolean;
  /** The user name that was sent. */
  readonly username?: string;
  /** Why the last try failed, as a sentence. */
  readonly problem?: string;
  /** Why one has to sign in, as a sentence: the session has ended, a task needs a recent sign-in. */
  readonly reason?: string;
  /** The path of Fairlead to go to afterwards. */
  readonly to: string;
  /** Whether a provider has to ask for a proof, also where it knows the browser. */
  readonly isAgain?: boolean;
}

export function signInPage(page: Page, view: SignInView): Html {
  const { providers, hasForm, reason, problem } = view;
  return layout(page, {
    title: 'Sign in',
    width: 'narrow',
    content: [
      heading('Sign in', 'Create tokens for docker login, and see what you may do and why.'),
      reason !== undefined && notice('warning', html`<p>${reason}</p>`),
      problem !== undefined &&
        notice('problem', html`<p>${problem}</p>`, { id: PROBLEM, isFocused: !isPasswordFocused(view) }),
      providers.length > 0 && providerLinks(page, view),
      hasForm && signInForm(page, view),
      providers.length === 0 &&
        !hasForm &&
        notice('problem', html`<p>No backend of this broker can sign in a person by a browser.</p>`),
    ],
  });
}

const PROBLEM = 'sign-in-problem';

/** After a wrong password, the password is typed again. Its field names the message as its description. */
function isPasswordFocused({ hasForm, username = '', problem }: SignInView): boolean {
  return hasForm && username !== '' && problem !== undefined;
}

/** Links and not forms: `form-action 'self'` does not let a form lead to a provider (CSP 3, section 6.4.2). */
function providerLinks({ site: { url } }: Page, { providers, hasForm, to, isAgain = false }: SignInView): Html {
  const link = (provider: string): Url =>
    isAgain ? url`/sign-in/${provider}?to=${to}&again=1` : url`/sign-in/${provider}?to=${to}`;
  return html`<div class="card stack">
    ${providers.map(
      (provider) =>
        html`<a class="button ${hasForm ? '' : 'primary'}" href="${link(provider.name)}"
          >Continue with ${nameText(provider.label)}</a
        >`,
    )}
  </div>`;
}

function signInForm({ site: { url } }: Page, view: SignInView): Html {
  const { providers, username, problem, to, isAgain } = view;
  const problemId = problem === undefined ? undefined : PROBLEM;
  return html`<form class="card stack" method="post" action="${url`/sign-in`}">
    ${providers.length > 0 && html`<h2>Or with a password</h2>`}
    <input type="hidden" name="to" value="${to}" />
    ${isAgain === true && html`<input type="hidden" name="again" value="1" />`}
    ${textField({
      name: 'username',
      label: 'User name',
      value: username,
      autocomplete: 'username',
      isRequired: true,
      isFocused: (username ?? '') === '' && providers.length === 0 && problem === undefined,
      problemId,
    })}
    ${textField({
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'current-password',
      isRequired: true,
      isFocused: isPasswordFocused(view),
      problemId,
    })}
    <button class="primary">Sign in</button>
  </form>`;
}

interface SignedOutView {
  /** The provider of the person. */
  readonly provider?: { readonly name: string; readonly label: string };
  /** Whether the person asked to be signed out at the provider, which does not offer that. */
  readonly hasNoLogout?: boolean;
}

export function signedOutPage(page: Page, { provider, hasNoLogout = false }: SignedOutView): Html {
  return layout(page, {
    title: 'Signed out',
    width: 'narrow',
    content: [
      heading('You are signed out', 'Your tokens stay valid. Programs that use them are not affected.'),
      html`<p><a class="button primary" href="${page.site.url`/sign-in`}">Sign in again</a></p>`,
      provider !== undefined && (hasNoLogout ? noLogout(provider) : logoutLink(page, provider)),
    ],
  });
}

type Provider = NonNullable<SignedOutView['provider']>;

function logoutLink({ site: { url } }: Page, { name, label }: Provider): Html {
  return html`<p>
    You may still be signed in at ${nameText(label)}. <a href="${url`/sign-out/${name}`}">Sign out there too</a>
  </p>`;
}

function noLogout({ label }: Provider): Html {
  return html`<p>
    Fairlead cannot sign you out at ${nameText(label)}, which offers no address for that. If others use this browser,
    sign out on a page of ${nameText(label)}, or close all windows of the browser.
  </p>`;
}

interface ErrorView {
  /** What happened: `This page does not exist`. */
  readonly title: string;
  /** What to do about it. */
  readonly advice: string;
  /** A path of Fairlead from which to go on. */
  readonly next?: 'sign-in' | 'console';
}

export function errorPage(page: Page, { title, advice, next }: ErrorView): Html {
  const { url } = page.site;
  return layout(page, {
    title,
    width: 'narrow',
    content: [
      heading(title, advice),
      html`<p class="quiet">When you ask for help, give the request id: <code>${page.requestId}</code></p>`,
      next === 'sign-in' && html`<p><a class="button primary" href="${url`/sign-in`}">Sign in</a></p>`,
      next === 'console' && html`<p><a class="button" href="${url`/console/access`}">Go to the console</a></p>`,
    ],
  });
}
