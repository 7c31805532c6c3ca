/** The recent decisions of this broker. */
import type { DecisionClass } from '../../core/recent-decision.ts';
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { empty, heading } from '../parts/blocks.ts';
import { personField, repositoryField } from '../parts/filter.ts';
import { checkBox } from '../parts/form.ts';
import { exact } from '../parts/time.ts';
import { attribute, html } from '../template/html.ts';
import type { Html } from '../template/html.ts';
import { decisionRows } from './decision-rows.ts';
import type { DecisionRow } from './decision-rows.ts';

interface DecisionsFilter {
  readonly person: string;
  readonly repository: string;
  readonly isRefusedOnly: boolean;
}

interface DecisionsView {
  readonly rows: readonly DecisionRow[];
  readonly filter: DecisionsFilter;
  /** The largest number of decisions in the list, and the number of them. */
  readonly capacity: number;
  readonly count: number;
  /** The time from which on the list is complete. Epoch seconds. */
  readonly since: Readonly<Record<DecisionClass, number>>;
  /** How many of those that match are not shown. */
  readonly hidden: number;
}

export function decisionsPage(page: Page, view: DecisionsView): Html {
  return layout(page, {
    title: 'Decisions',
    section: 'decisions',
    content: [heading('Decisions', sinceText(view)), filterCard(page, view.filter), answer(page, view)],
  });
}

function sinceText({ count, capacity, since }: DecisionsView): Html {
  const which = count < capacity ? 'All requests' : `The last ${capacity.toLocaleString('en')} requests`;
  const { user, nameless, refused } = since;
  const isSame = user === nameless && user === refused;
  const times = isSame
    ? html`, since ${exact(user)}`
    : html`: of users since ${exact(user)}, without a user name since ${exact(nameless)}, refused logins since
      ${exact(refused)}`;
  return html`${which} for tokens that this broker has answered, and those that it denied to proxies${times}. Times are
  UTC.`;
}

/** Folded, unless it filters: on a phone it would be as high as the window. */
function filterCard({ site: { url } }: Page, { person, repository, isRefusedOnly }: DecisionsFilter): Html {
  const isActive = person !== '' || repository !== '' || isRefusedOnly;
  return html`<details class="card fold" ${attribute('open', isActive)}>
    <summary>Filter</summary>
    <form
      class="question"
      method="get"
      action="${url`/console/decisions`}"
      role="search"
      aria-label="Decisions"
      data-replace="decisions"
    >
      ${personField(person)} ${repositoryField(repository)}
      ${checkBox('refused', 'only what was refused', isRefusedOnly)}
      <button>Filter</button>
    </form>
  </details>`;
}

/** What the filter finds, with the same as CSV: the browser script replaces both together. */
function answer(page: Page, { rows, filter, hidden, count }: DecisionsView): Html {
  const { person, repository, isRefusedOnly } = filter;
  const refused = isRefusedOnly ? 'yes' : '';
  const csv = page.site.url`/console/decisions.csv?person=${person}&repository=${repository}&refused=${refused}`;
  const found = rows.length + hidden;
  return html`<div id="decisions" class="answers">
    <div class="count">
      <p role="status">
        ${found.toLocaleString('en')}
        ${found === 1 ? 'decision' : 'decisions'}${hidden > 0 && `, the last ${rows.length} are shown`}.
      </p>
      ${found > 0 && html`<a class="button" href="${csv}" download="decisions.csv">Download as CSV</a>`}
    </div>
    ${rows.length > 0 && decisionRows(page, rows, 'Recent decisions, the latest first')}
    ${rows.length === 0 && empty(nothing(page, count))}
  </div>`;
}

function nothing({ site: { url } }: Page, count: number): Html {
  return count === 0
    ? html`<p>Nobody has asked for a token yet.</p>
        <p class="quiet">The list begins with the first <code>docker login</code> or pull after the start.</p>`
    : html`<p>No decision matches. <a href="${url`/console/decisions`}">Show all</a></p>`;
}
