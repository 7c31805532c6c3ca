/** The decisions that the shadow policy makes otherwise than the policy in force. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { empty, heading, table } from '../parts/blocks.ts';
import { grantChange, personName, ruleChange } from '../parts/change.ts';
import type { ChangeView } from '../parts/change.ts';
import { actionList } from '../parts/decision.ts';
import { personField, repositoryField } from '../parts/filter.ts';
import { selectField } from '../parts/form.ts';
import { clockTime, exact } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';

/** What this broker has compared with the present revisions of both policies. */
export interface ShadowView {
  /** Undefined: the shadow policy could not be read since the start. */
  readonly revision: string | undefined;
  /** Whether its file has become invalid since, so that its last valid revision is compared. */
  readonly isStale: boolean;
  /** The number of scopes. */
  readonly same: number;
  readonly differing: number;
  readonly since: number;
}

export function comparedText({ revision, isStale, same, differing, since }: ShadowView): Html {
  if (revision === undefined) {
    return html`The shadow policy cannot be read, so nothing is compared. The log of the broker says why.`;
  }
  const total = same + differing;
  return html`Revision <code>${revision}</code>:
    ${
      total === 0
        ? html`nothing has been decided since ${exact(since)}.`
        : html`<b>${differing.toLocaleString('en')} of ${total.toLocaleString('en')}</b> decisions of this broker since
            ${exact(since)} differ.`
    }
    ${isStale && html`Its file has changed and is not valid: the earlier text is compared, and the log of the broker says what is wrong.`}`;
}

interface DifferenceRow extends ChangeView {
  readonly requestId: string;
  readonly at: number;
  /** Undefined: anonymous. */
  readonly username?: string | undefined;
  /** `web/shop`; `registry catalog` */
  readonly name: string;
  readonly asked: readonly string[];
  readonly service: string;
  readonly from: string;
}

interface DifferencesFilter {
  readonly person: string;
  readonly repository: string;
  /** `gained`, `lost`; empty: both. */
  readonly change: string;
}

interface DifferencesView {
  /** Undefined: there is no shadow policy. */
  readonly shadow: ShadowView | undefined;
  readonly rows: readonly DifferenceRow[];
  /** How many of those that match are not shown. */
  readonly hidden: number;
  /** The largest number of differences that the broker has in memory. */
  readonly capacity: number;
  readonly filter: DifferencesFilter;
}

export function shadowPage(page: Page, view: DifferencesView): Html {
  const { shadow, rows, hidden, capacity, filter } = view;
  const { url } = page.site;
  return layout(page, {
    title: 'Shadow policy',
    section: 'policy',
    content: [
      heading(
        'Shadow policy',
        shadow === undefined ? 'No shadow policy is configured.' : comparedText(shadow),
        html`<a class="button" href="${url`/console/policy`}">Back to the policy</a>`,
      ),
      filterCard(page, filter),
      html`<div id="differences" class="answers">
        ${
          rows.length === 0
            ? empty(html`<p>No difference matches.</p>`)
            : table(
                'Differences, the latest first',
                [
                  { label: 'Time' },
                  { label: 'Who' },
                  { label: 'Asked' },
                  { label: 'In force → shadow' },
                  { label: 'Rules' },
                  { label: 'From' },
                ],
                rows.map((row) => cells(row, page.now)),
              )
        }
        ${
          hidden > 0 &&
          html`<p class="quiet">${hidden.toLocaleString('en')} more match. Narrow the filter to see them.</p>`
        }
        ${
          shadow !== undefined &&
          shadow.differing > capacity &&
          html`<p class="quiet">
            The last ${capacity.toLocaleString('en')} differences are in memory. The log has all: its lines with
            <code>policy.differs</code>.
          </p>`
        }
      </div>`,
    ],
  });
}

function filterCard({ site: { url } }: Page, { person, repository, change }: DifferencesFilter): Html {
  return html`<form
    class="card question"
    method="get"
    action="${url`/console/policy/shadow`}"
    role="search"
    data-replace="differences"
  >
    ${personField(person)} ${repositoryField(repository)}
    ${selectField({
      name: 'change',
      label: 'Change',
      value: change,
      options: [
        { value: '', label: 'all' },
        { value: 'lost', label: 'something is lost' },
        { value: 'gained', label: 'something is gained' },
      ],
    })}
    <button>Filter</button>
  </form>`;
}

function cells(row: DifferenceRow, now: number): readonly Content[] {
  const { at, requestId, username, name, asked, service, from } = row;
  return [
    html`${clockTime(at, now)}<br /><code class="quiet small">${requestId}</code>`,
    personName(username),
    html`<code>${name}</code> <span class="quiet">${actionList(asked)}</span>`,
    grantChange(row),
    ruleChange(row, { before: 'in force', after: 'shadow' }),
    html`<code>${from}</code><br /><span class="quiet">${service}</span>`,
  ];
}
