/** Tries out a policy that an administrator pastes: lint, tests, and which of the recent decisions it changes. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, copyable, empty, heading, notice, table } from '../parts/blocks.ts';
import { grantChange, personName, ruleChange } from '../parts/change.ts';
import type { ChangeView } from '../parts/change.ts';
import { textArea } from '../parts/form.ts';
import { plural } from '../parts/plural.ts';
import { checkChips, failureList, sourceExcerpt } from '../parts/policy-text.ts';
import type { PolicyChecks, PolicyFinding } from '../parts/policy-text.ts';
import { exact, relative } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';

interface TryOutView {
  readonly text: string;
  /** Why it was not examined, as a sentence. */
  readonly problem?: string;
  readonly result?: TryOutResult | undefined;
}

export interface TryOutResult {
  readonly findings: readonly PolicyFinding[];
  /** Absent: the policy is not valid. */
  readonly checks?: PolicyChecks;
  /** Whether it is the policy in force. */
  readonly isInForce: boolean;
  /** Absent: the policy is not valid, or the one in force is not known. */
  readonly changes?: ChangesView;
  /** The command that compares all requests there can be. */
  readonly command: string;
}

export interface ChangesView {
  /** How many decisions were made again, of those since a time. */
  readonly compared: number;
  readonly since: number;
  /** How many of them change; those that gain and lose are in both. */
  readonly changed: number;
  readonly gained: number;
  readonly lost: number;
  readonly rows: readonly ChangeRow[];
  /** The number of changes that are not listed. */
  readonly unlisted: number;
  /** Those with the most changes. */
  readonly people: readonly ChangeSumView[];
  readonly repositories: readonly ChangeSumView[];
  /** What the numbers do not include, as sentences. */
  readonly gaps: readonly string[];
}

interface ChangeRow extends ChangeView {
  /** Undefined: anonymous. */
  readonly username: string | undefined;
  readonly backend: string;
  /** `web/shop`; `registry catalog` */
  readonly name: string;
  readonly service: string;
  readonly times: number;
  readonly last: number;
}

interface ChangeSumView {
  readonly name: string;
  readonly gained: number;
  readonly lost: number;
}

export function tryOutPage(page: Page, { text, problem, result }: TryOutView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Try out a policy',
    section: 'policy',
    content: [
      heading(
        'Try out a policy',
        'See what lint and its tests say, and which recent decisions it changes. Nothing is saved, and nothing changes for anybody.',
      ),
      html`<form class="card stack" method="post" action="${url`/console/policy/try#result`}">
        ${textArea({ name: 'policy', label: 'Policy', value: text, rows: 16 })}
        <div class="buttons">
          <a class="button" href="${url`/console/policy`}">Back to the policy</a>
          <button class="primary">Try it out</button>
        </div>
      </form>`,
      html`<section id="result">
        ${problem !== undefined && notice('problem', html`<p>${problem}</p>`)}
        ${result !== undefined && resultOf(text, result, page.now)}
      </section>`,
    ],
  });
}

function resultOf(text: string, result: TryOutResult, now: number): Content {
  const { findings, checks, isInForce, changes, command } = result;
  if (checks === undefined) {
    return [notice('problem', html`<p>This policy is not valid.</p>`), sourceExcerpt(text, findings)];
  }
  return [
    html`<h2>Result</h2>`,
    isInForce && notice('warning', html`<p>This is the policy in force.</p>`),
    checkChips(checks, findings),
    failureList(checks),
    html`<h2>Recent decisions</h2>`,
    changes === undefined
      ? notice(
          'warning',
          html`<p>
            They were not compared: the policy file has changed and is not in force. Correct it, or try again in a
            moment.
          </p>`,
        )
      : changesOf(changes, now),
    html`<h2>All other requests</h2>
      <p>
        What nobody has asked for recently may change too. Save the text as <code>next.yaml</code>, and compare every
        request there can be:
      </p>
      ${copyable('command', 'diff', command.split(' '), 'the command that compares both policies')}`,
    html`<h2>Findings in the text</h2>`,
    sourceExcerpt(text, findings) ?? html`<p>None.</p>`,
  ];
}

/** From how many rows on there are tables of people and repositories. */
const MANY = 20;
const MOST_SUMS = 10;

function changesOf(changes: ChangesView, now: number): Content {
  const { rows, unlisted, people, repositories, gaps } = changes;
  const isLong = rows.length + unlisted > MANY;
  return [
    html`<p>${changesText(changes)}</p>`,
    gaps.length > 0 &&
      html`<ul class="plain quiet">
        ${gaps.map((gap) => html`<li>${gap}</li>`)}
      </ul>`,
    isLong && sums('People with the most changes', 'Who', people, (name) => personName(name || undefined)),
    isLong &&
      sums('Repositories with the most changes', 'Repository', repositories, (name) => html`<code>${name}</code>`),
    rows.length > 0 &&
      table(
        'Changes, losses first',
        [
          { label: 'Who' },
          { label: 'Repository' },
          { label: 'Before → after' },
          { label: 'Rules' },
          { label: 'Asked' },
        ],
        rows.map((row) => cells(row, now)),
      ),
    unlisted > 0 &&
      html`<p class="quiet">${plural(unlisted, 'more change')} of a person and a repository: the list ends here.</p>`,
  ];
}

function changesText({ compared, since, changed, gained, lost }: ChangesView): Html {
  if (compared === 0) return html`No decision since ${exact(since)} can be compared.`;
  const all = html`the ${plural(compared, 'decision')} of this broker since ${exact(since)}`;
  if (changed === 0) return html`None of ${all} would change.`;
  return html`<b>${changed.toLocaleString('en')}</b> of ${all} would change:
    ${lost > 0 && badge(`${lost.toLocaleString('en')} lose something`, 'bad')}
    ${gained > 0 && badge(`${gained.toLocaleString('en')} gain something`, 'good')}`;
}

function sums(title: string, label: string, all: readonly ChangeSumView[], shown: (name: string) => Html): Html {
  return html`<h3>${title}</h3>
    ${
      all.length === 0
        ? empty(html`<p>None.</p>`)
        : table(
            title,
            [{ label }, { label: 'Lost', kind: 'number' }, { label: 'Gained', kind: 'number' }],
            all.slice(0, MOST_SUMS).map(({ name, lost, gained }) => [shown(name), lost, gained]),
          )
    }`;
}

function cells(row: ChangeRow, now: number): readonly Content[] {
  const { username, backend, name, service, times, last } = row;
  return [
    html`${personName(username)}<br /><span class="quiet">${backend}</span>`,
    html`<code>${name}</code><br /><span class="quiet">${service}</span>`,
    grantChange(row),
    ruleChange(row, { before: 'in force', after: 'your text' }),
    html`${plural(times, 'time')}<br /><span class="quiet">last ${relative(last, now)}</span>`,
  ];
}
