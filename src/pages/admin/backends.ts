/** The state of the backends, and a test login that shows each step. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, heading, notice, rows } from '../parts/blocks.ts';
import { textField } from '../parts/form.ts';
import { relative } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

export interface BackendView {
  readonly name: string;
  readonly type: string;
  readonly isUp: boolean;
  /** Since when, where it is known. */
  readonly since?: number;
  /** Why it is down, or the last error. */
  readonly detail?: string;
  /** Milliseconds of recent logins. */
  readonly latency?: { readonly median: number; readonly worst: number; readonly count: number };
}

export interface BackendsView {
  readonly backends: readonly BackendView[];
  /** How many logins are cached. */
  readonly cachedLogins: number;
}

export function backendsPage(page: Page, { backends, cachedLogins }: BackendsView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Backends',
    section: 'backends',
    content: [
      heading(
        'Backends',
        html`In the order in which they are asked. ${cachedLogins} logins are cached.`,
        html`<a class="button" href="${url`/console/backends/test`}">Test a login</a>`,
      ),
      rows(
        backends.map((backend) => backendRow(backend, page.now)),
        'Backends',
      ),
    ],
  });
}

function backendRow({ name, type, isUp, since, detail, latency }: BackendView, now: number): Html {
  return html`<li>
    <div>
      <p><b>${name}</b> ${isUp ? badge('up', 'good') : badge('down', 'bad')}</p>
      <p class="quiet"><code>${type}</code></p>
    </div>
    <div>
      ${since !== undefined && html`<p>${isUp ? 'Up' : 'Down'} since ${relative(since, now)}</p>`}
      ${detail !== undefined && html`<p class="quiet">${detail}</p>`}
    </div>
    <div>
      ${
        latency === undefined
          ? html`<p class="quiet">No login yet</p>`
          : html`<p>Login: median ${latency.median} ms</p>
              <p class="quiet">worst ${latency.worst} ms of ${latency.count}</p>`
      }
    </div>
  </li>`;
}

export interface TestLoginView {
  readonly username?: string;
  readonly result?: {
    readonly steps: readonly { readonly state: 'ok' | 'warning' | 'failed'; readonly text: string }[];
    /** Whether the login succeeded. */
    readonly isAuthenticated: boolean;
    readonly groups: readonly string[];
  };
}

const STEP_KINDS = { ok: 'good', warning: 'warning', failed: 'bad' } as const;

export function testLoginPage(page: Page, { username, result }: TestLoginView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Test a login',
    section: 'backends',
    width: 'narrow',
    content: [
      heading('Test a login', 'Each step that a docker login would take. The password is used once and not kept.'),
      result !== undefined && testResult(result),
      html`<form class="card stack" method="post" action="${url`/console/backends/test`}">
        ${textField({ name: 'username', label: 'User name', value: username, isRequired: true })}
        ${textField({ name: 'password', label: 'Password', type: 'password', isRequired: true })}
        <div class="buttons">
          <a class="button" href="${url`/console/backends`}">Back</a>
          <button class="primary">Test</button>
        </div>
      </form>`,
    ],
  });
}

function testResult({ steps, isAuthenticated, groups }: NonNullable<TestLoginView['result']>): Html {
  return html`${
      isAuthenticated
        ? notice('done', html`<p>The login succeeds.</p>`)
        : notice('problem', html`<p>The login fails.</p>`)
    }
    <ol class="card steps">
      ${steps.map(({ state, text }) => html`<li>${badge(state, STEP_KINDS[state])} ${text}</li>`)}
    </ol>
    ${isAuthenticated && html`<p>Groups: ${groups.length === 0 ? 'none' : groups.join(', ')}.</p>`}`;
}
