/** The backends: whether they answer, since when, and how fast. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, empty, heading, nameText, rows } from '../parts/blocks.ts';
import { exact, relative } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

/** One of several servers of a directory. */
interface ServerView {
  readonly url: string;
  /** `unused`: no login has needed it yet. */
  readonly state: 'up' | 'down' | 'unused';
  /** Epoch seconds. */
  readonly since?: number;
  readonly problem?: string;
}

export interface BackendView {
  readonly name: string;
  readonly type: string;
  /** `unknown`: this broker has not asked it yet. */
  readonly state: 'up' | 'down' | 'unknown';
  /** When this broker first found the state. Epoch seconds. */
  readonly since?: number;
  /** Why it is down. */
  readonly problem?: string;
  /** Milliseconds that the last probe took. */
  readonly probeMs?: number;
  /** The last logins that it answered, and not the cache. */
  readonly logins?: {
    readonly count: number;
    /** Milliseconds within which half of them were answered, and 95 of 100. */
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly lastAt: number;
  };
  /** The last login that it did not answer. */
  readonly lastFailure?: { readonly at: number; readonly cause: string };
  /** In the order in which logins try them. */
  readonly servers: readonly ServerView[];
}

export interface BackendsView {
  readonly backends: readonly BackendView[];
}

export function backendsPage(page: Page, { backends }: BackendsView): Html {
  return layout(page, {
    title: 'Backends',
    section: 'backends',
    content: [
      heading(
        'Backends',
        'In the order in which they are asked, as this broker has found them since its start.',
        html`<a class="button" href="${page.site.url`/console/backends/test`}">Test a login</a>`,
      ),
      backends.length === 0
        ? empty(html`<p>No backend is configured.</p>`)
        : rows(
            backends.map((backend) => backendRow(page, backend)),
            'Backends',
          ),
    ],
  });
}

function backendRow(page: Page, backend: BackendView): Html {
  const { name, type, problem, lastFailure, servers } = backend;
  return html`<li>
    <div>
      <p><b>${name}</b> ${stateBadge(backend.state)}</p>
      <p class="quiet"><code>${type}</code></p>
    </div>
    <div>
      ${stateText(backend)}${problem !== undefined && html`<p class="quiet">${problem}</p>`}
      ${
        lastFailure !== undefined &&
        html`<p class="quiet">
          Last login without an answer ${relative(lastFailure.at, page.now)}: ${nameText(lastFailure.cause)}
        </p>`
      }
      ${servers.length > 1 && serverList(servers)}
    </div>
    <div>${latency(page, backend)}</div>
  </li>`;
}

const BADGES = { up: 'good', down: 'bad', unknown: 'plain', unused: 'plain' } as const;
const STATES = { up: 'answers', down: 'does not answer', unknown: 'not asked yet', unused: 'not asked yet' } as const;

function stateBadge(state: keyof typeof STATES): Html {
  return badge(STATES[state], BADGES[state]);
}

function stateText({ since }: BackendView): Html | undefined {
  return since === undefined ? undefined : html`<p>Since ${exact(since)}</p>`;
}

function serverList(servers: readonly ServerView[]): Html {
  return html`<ul class="lines" aria-label="Servers">
    ${servers.map(
      ({ url, state, since, problem }) =>
        html`<li>
          <code>${url}</code> ${stateBadge(state)}${
            since !== undefined && html` <span class="quiet">since ${exact(since)}</span>`
          }${problem !== undefined && html`<br /><span class="quiet">${problem}</span>`}
        </li>`,
    )}
  </ul>`;
}

function latency({ now }: Page, { logins, probeMs }: BackendView): Html {
  return html`${logins === undefined ? html`<p>No login measured yet</p>` : loginTimes(logins, now)}${
    probeMs !== undefined && html`<p class="quiet">Last probe: ${duration(probeMs)}</p>`
  }`;
}

function loginTimes({ count, p50Ms, p95Ms, lastAt }: NonNullable<BackendView['logins']>, now: number): Html {
  const which = count === 1 ? 'Last login' : `Last ${count} logins`;
  return html`<p>Median ${duration(p50Ms)}, 95 % within ${duration(p95Ms)}</p>
    <p class="quiet">${which} without the cache, the latest ${relative(lastAt, now)}</p>`;
}

const SECOND = 1000;

/** `3.2 ms`, `41 ms`, `1.3 s` */
function duration(milliseconds: number): Html {
  const text =
    milliseconds >= SECOND
      ? `${(milliseconds / SECOND).toFixed(1)} s`
      : `${milliseconds < 10 ? Math.round(milliseconds * 10) / 10 : Math.round(milliseconds)} ms`;
  return html`<span class="nowrap">${text}</span>`;
}
