/** Recent decisions as a list: a line for each request, which opens to the rules, the address and the request id. */
import type { Page } from '../page.ts';
import { badge, facts } from '../parts/blocks.ts';
import { actionList } from '../parts/decision.ts';
import { clockTime } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';

/** One request and what was decided about each of its scopes. */
export interface DecisionRow {
  readonly requestId: string;
  readonly at: number;
  readonly username?: string;
  /** Where there is no user name: whether the request had no credential, or nobody knows whose it was. */
  readonly nobody?: 'anonymous' | 'unknown';
  /** How the user logged in: `password`, `token laptop`. */
  readonly via: string;
  readonly service: string;
  readonly from: string;
  /** Whether a proxy has asked about a request to the registry. */
  readonly isProxied: boolean;
  readonly scopes: readonly ScopeRow[];
  /** The number of scopes that are not listed. */
  readonly unlisted: number;
  /** Why the request was refused, as a sentence. */
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

export function decisionRows(page: Page, all: readonly DecisionRow[], label: string): Html {
  return html`<ul class="card decisions" aria-label="${label}">
    ${all.map((row) => decisionRow(page, row))}
  </ul>`;
}

function decisionRow(page: Page, row: DecisionRow): Html {
  const { at, username, nobody = 'unknown', via, scopes, unlisted, refusal } = row;
  return html`<li>
    <details>
      <summary>
        ${clockTime(at, page.now)}
        <span class="who"
          >${username === undefined ? nobody : html`<b>${username}</b>`} <span class="quiet">${via}</span></span
        >
        <span class="asked">
          ${scopes.map((scope) => scopeLine(scope))}
          ${(scopes.length === 0 || refusal !== undefined) && html`<span>${wholeOutcome(row)}</span>`}
          ${unlisted > 0 && html`<span class="quiet">and ${unlisted} more</span>`}
        </span>
      </summary>
      ${decisionFacts(page, row)}
    </details>
  </li>`;
}

/** What became of the request, in addition to its scopes. */
function wholeOutcome({ isProxied, scopes, refusal }: DecisionRow): Html {
  const what = scopes.length === 0 && !isProxied ? 'login ' : '';
  if (refusal === undefined) return html`${what}${badge('accepted', 'good')}`;
  return html`${what}${badge('refused', 'bad')} <span class="quiet">${refusal}</span>`;
}

/** `web/shop pull, push: only pull` */
function scopeLine(scope: ScopeRow): Html {
  return html`<span><code>${scope.name}</code> ${actionList(scope.asked)} ${outcome(scope)}</span>`;
}

function outcome({ asked, granted, limited }: ScopeRow): Html {
  const isAll = granted.includes('*') || asked.every((action) => granted.includes(action));
  const limits = limited.length > 0 && html` <span class="quiet">the token excludes ${actionList(limited)}</span>`;
  if (granted.length === 0) return html`${badge('denied', 'bad')}${limits}`;
  return html`${isAll ? badge('granted', 'good') : badge(`only ${actionList(granted)}`, 'warning')}${limits}`;
}

function decisionFacts({ site: { url } }: Page, row: DecisionRow): Html {
  const { requestId, service, from, isProxied, scopes } = row;
  const rules = scopes.map(
    ({ name, rules: all }) => html`<p><code>${name}</code> ${all.length === 0 ? 'no rule' : all.join(', ')}</p>`,
  );
  const explained = url`/console/access?request=${requestId}#denial`;
  const all: readonly (readonly [string, Content])[] = [
    ['From', html`<code>${from}</code>`],
    ['Registry', html`<code>${service}</code>${isProxied && ', through its proxy'}`],
    ['Request', html`<code>${requestId}</code> <a href="${explained}">Explain</a>`],
  ];
  return facts(rules.length === 0 ? all : [['Rules', html`${rules}`], ...all]);
}
