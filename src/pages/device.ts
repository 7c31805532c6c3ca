/** Signing in a program that has no browser (RFC 8628), and one on the same computer (RFC 8252). */
import { layout } from './layout.ts';
import type { Page } from './page.ts';
import { badge, facts, heading, nameText } from './parts/blocks.ts';
import { textField } from './parts/form.ts';
import { html } from './template/html.ts';
import type { Html } from './template/html.ts';
import type { Url } from './template/url.ts';

interface DeviceCodeView {
  /** The code that was sent. */
  readonly code?: string;
  readonly problem?: string;
}

/** Where the code is typed. It is never in a link, so that nobody approves a request by following one. */
export function deviceCodePage(page: Page, { code, problem }: DeviceCodeView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Sign in a device',
    width: 'narrow',
    content: [
      heading('Sign in a device', 'Type the code that your own terminal shows.'),
      html`<form class="card stack" method="post" action="${url`/device`}">
        ${textField({
          name: 'code',
          label: 'Code',
          hint: 'Eight letters, such as BDWP-HQPK.',
          value: code,
          problem,
          isCode: true,
          isRequired: true,
          maxLength: 16,
          autocomplete: 'one-time-code',
          isFocused: true,
        })}
        <button class="primary">Continue</button>
      </form>`,
      warning('do not type the code, and close this page'),
    ],
  });
}

/** What asks to be signed in. */
interface DeviceRequestView {
  readonly code: string;
  readonly program: string;
  readonly from: string;
  /** Whether the request came from the network of the browser. */
  readonly isSameNetwork: boolean;
  readonly service: string;
  readonly days: number;
}

export function deviceConfirmPage(page: Page, request: DeviceRequestView): Html {
  const { url } = page.site;
  const { code, program, from, isSameNetwork, service, days } = request;
  return layout(page, {
    title: 'Sign in a device?',
    width: 'narrow',
    content: [
      heading('Sign in a device?', 'A program asks to use the registry in your name.'),
      html`<form class="card stack" method="post" action="${url`/device/answer`}">
        <p>Only go on if this is the code that <b>your own terminal</b> shows:</p>
        <p class="code-large">${code}</p>
        ${facts([
          ['Program', program],
          ['From', html`<code>${from}</code> ${!isSameNetwork && badge('not where you are', 'warning')}`],
          ['Registry', html`<code>${service}</code>`],
          ['May do', `everything you may do, for ${days} days`],
        ])}
        ${warning('choose No')}
        <input type="hidden" name="code" value="${code}" />
        <div class="buttons start">
          <button name="answer" value="no">No, it is not mine</button>
          <button class="primary" name="answer" value="yes">Yes, it is mine</button>
        </div>
      </form>`,
    ],
  });
}

/** @param outcome `approved`; `denied`: the person said no */
export function deviceDonePage(page: Page, outcome: 'approved' | 'denied'): Html {
  const { url } = page.site;
  const content =
    outcome === 'approved'
      ? heading('The device is signed in', 'Go back to your terminal. You can close this page.')
      : heading('Nothing was signed in', 'The request is refused. Nobody got access.');
  return layout(page, {
    title: outcome === 'approved' ? 'Device signed in' : 'Request refused',
    width: 'narrow',
    content: [content, html`<p><a class="button" href="${url`/console/sign-ins`}">Show my sign-ins</a></p>`],
  });
}

interface ConsentView {
  readonly program: string;
  readonly service: string;
  readonly days: number;
  /** Values of the request, which the form sends back. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Asks before a program on the same computer is signed in: any web page can open this one. */
export function consentPage(page: Page, { program, service, days, fields }: ConsentView): Html {
  const { url } = page.site;
  return layout(page, {
    title: `Sign in ${program}?`,
    width: 'narrow',
    content: [
      heading(html`Sign in ${nameText(program)}?`, 'A program on this computer asks to use the registry in your name.'),
      html`<form class="card stack" method="post" action="${url`/authorize`}">
        ${facts([
          ['Program', nameText(program)],
          ['Registry', html`<code>${service}</code>`],
          ['As', html`<b>${page.person?.username ?? ''}</b>`],
          ['May do', `everything you may do, for ${days} days`],
        ])}
        <p class="aside">If you have not just run a login command, choose No.</p>
        ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
        <div class="buttons start">
          <button name="answer" value="no">No</button>
          <button class="primary" name="answer" value="yes">Continue</button>
        </div>
      </form>`,
    ],
  });
}

/**
 * Goes to the program by itself: a redirect in answer to a form would be blocked by `form-action 'self'` (CSP 3, section
 * 6.4.2).
 *
 * @param next made by `loopbackUrl`
 */
export function consentDonePage(page: Page, next: Url): Html {
  return layout(page, {
    title: 'Signed in',
    width: 'narrow',
    refresh: next,
    content: [
      heading('Signed in', 'The browser goes back to your program. You can close this page then.'),
      html`<p><a class="button" href="${next}">Go back to the program now</a></p>`,
    ],
  });
}

/** The same, so that the program does not wait for an answer. */
export function consentDeniedPage(page: Page, next: Url): Html {
  return layout(page, {
    title: 'Nothing was signed in',
    width: 'narrow',
    refresh: next,
    content: [
      heading('Nothing was signed in', 'The request is refused. You can close this page.'),
      html`<p><a class="button" href="${next}">Go back to the program now</a></p>`,
    ],
  });
}

/** @param advice what to do with a code that somebody sent */
function warning(advice: string): Html {
  return html`<p class="aside">Did somebody send you this link or code? Then it is not your device: ${advice}.</p>`;
}
