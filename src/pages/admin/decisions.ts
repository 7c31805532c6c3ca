/** The recent decisions of this broker. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, empty, heading, table } from '../parts/blocks.ts';
import { actionList } from '../parts/decision.ts';
import { checkBox, textField } from '../parts/form.ts';
import { clockTime, exact } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';

/** One request and what was decided about each of its scopes. */
export interface DecisionRow {
  readonly requestId: string;
  readonly at: number;
  /** The user name; undefined: anonymous. */
  readonly username?: string;
  /** How the user logged in: `password`, `token laptop`. */
  readonly via: string;
  readonly service: string;
  readonly from: string;
  readonly scopes: readonly ScopeRow[];
  /** The number of scopes that are not listed. */
  readonly unlisted: number;
  /** Why no token was issued, as a sentence. */
  readonly refusal?: string;
}

interface ScopeRow {
  /** `web/shop`; `catalog` */
  readonly name: string;
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  /** What the rules grant, and the limits of the token exclude. */
  readonly limited: readonly string[];
  /** The rules that decided. */
  readonly rules: readonly string[];
}

interface DecisionsFilter {
  readonly person: string;
  readonly repository: string;
  readonly isRefusedOnly: boolean;
}

interface DecisionsView {
  readonly rows: readonly DecisionRow[];
  readonly filter: DecisionsFilter;
  /** How many decisions the list can hold, and how many it holds. */
  readonly capacity: number;
  readonly count: number;
  /** Since when they are held. */
  readonly since: number;
  /** How many of those that match are not shown. */
  readonly hidden: number;
}

export function decisionsPage(page: Page, view: DecisionsView): Html {
  const { filter, rows, hidden } = view;
  const { url } = page.site;
  const csv = url`/console/decisions.csv?person=${filter.person}&repository=${filter.repository}&refused=${filter.isRefusedOnly ? 'yes' : ''}`;
  return layout(page, {
    title: 'Decisions',
    section: 'decisions',
    content: [
      heading(
        'Decisions',
        sinceText(view),
        html`<a class="button" href="${csv}" download="decisions.csv">Download as CSV</a>`,
      ),
      filterCard(page, filter),
      html`<div id="decisions" class="answers">
        ${
          rows.length === 0
            ? empty(html`<p>No decision matches.</p>`)
            : table(
                'Recent decisions, the latest first',
                [
                  { label: 'Time' },
                  { label: 'Who' },
                  { label: 'Asked' },
                  { label: 'Granted' },
                  { label: 'Rule' },
                  { label: 'From' },
                ],
                rows.map((row) => cells(row, page.now)),
              )
        }
        ${hidden > 0 && html`<p class="quiet">${hidden} more match. Narrow the filter, or download all as CSV.</p>`}
      </div>`,
    ],
  });
}

function sinceText({ count, capacity, since }: DecisionsView): Html {
  return count < capacity
    ? html`All requests for tokens that this broker has answered since it started at ${exact(since)}. Times are UTC.`
    : html`The last ${capacity.toLocaleString('en')} requests for tokens that this broker has answered, since
      ${exact(since)}. Times are UTC.`;
}

/** The fields by which lists of decisions are filtered. A part of a name is enough. */
export const PERSON = {
  name: 'person',
  label: 'Person',
  placeholder: 'a part of the name',
  isCode: true,
  maxLength: 256,
};
export const REPOSITORY = {
  name: 'repository',
  label: 'Repository',
  placeholder: 'a part of the name',
  isCode: true,
  maxLength: 255,
};

function filterCard({ site: { url } }: Page, { person, repository, isRefusedOnly }: DecisionsFilter): Html {
  return html`<form
    class="card question"
    method="get"
    action="${url`/console/decisions`}"
    role="search"
    data-replace="decisions"
  >
    ${textField({ ...PERSON, value: person })} ${textField({ ...REPOSITORY, value: repository })}
    ${checkBox('refused', 'only what was refused', isRefusedOnly)}
    <button>Filter</button>
  </form>`;
}

function cells(row: DecisionRow, now: number): readonly Content[] {
  const { at, username, via, service, from, scopes, unlisted, refusal, requestId } = row;
  return [
    html`${clockTime(at, now)}<br /><code class="quiet small">${requestId}</code>`,
    html`${username === undefined ? html`<span class="quiet nowrap">anonymous</span>` : html`<b>${username}</b>`}<br /><span
        class="quiet"
        >${via}</span
      >`,
    lines(
      scopes,
      ({ name, asked }) => html`<code>${name}</code> <span class="quiet">${asked.join(', ')}</span>`,
      'login only',
      unlisted,
    ),
    refusal === undefined
      ? lines(scopes, outcome, '–')
      : html`${badge('refused', 'bad')}<br /><span class="quiet">${refusal}</span>`,
    lines(
      scopes,
      ({ rules }) => (rules.length === 0 ? html`<span class="quiet">no rule</span>` : html`${rules.join(', ')}`),
      '',
    ),
    html`<code>${from}</code><br /><span class="quiet">${service}</span>`,
  ];
}

/** One line for each scope, so that the lines of the columns correspond. */
function lines(scopes: readonly ScopeRow[], line: (scope: ScopeRow) => Html, none: string, unlisted = 0): Html {
  if (scopes.length === 0) return html`<span class="quiet">${none}</span>`;
  return html`<ul class="lines">
    ${scopes.map((scope) => html`<li>${line(scope)}</li>`)}
    ${unlisted > 0 && html`<li class="quiet">and ${unlisted} more</li>`}
  </ul>`;
}

function outcome({ asked, granted, limited }: ScopeRow): Html {
  const isAll = granted.includes('*') || asked.every((action) => granted.includes(action));
  const limits = limited.length > 0 && html` <span class="quiet">the token excludes ${actionList(limited)}</span>`;
  if (granted.length === 0) return html`${badge('nothing', 'bad')}${limits}`;
  const text = actionList(granted);
  return html`${isAll ? badge(text, 'good') : badge(`only ${text}`, 'warning')}${limits}`;
}
