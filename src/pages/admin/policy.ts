/** The policy in force: its text with the findings of lint, its tests, and a form to try out another one. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, heading, notice, table } from '../parts/blocks.ts';
import { textArea } from '../parts/form.ts';
import { relative } from '../parts/time.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

/** A finding of lint, or a problem, in one line of a policy. */
export interface PolicyFinding {
  readonly line: number;
  readonly severity: 'problem' | 'warning' | 'hint';
  readonly message: string;
}

export interface PolicyTests {
  readonly passed: number;
  readonly failures: readonly { readonly line: number; readonly message: string }[];
}

export interface PolicyView {
  /** The name of the file, without its folder. */
  readonly file: string;
  readonly revision: string;
  readonly loadedAt: number;
  /** Whether the file has become invalid since, so that the last valid policy stays in force. */
  readonly isStale: boolean;
  readonly text: string;
  readonly findings: readonly PolicyFinding[];
  readonly tests: PolicyTests;
  readonly shadow?: {
    readonly revision: string | undefined;
    readonly differing: number;
    readonly compared: number;
  };
}

export function policyPage(page: Page, view: PolicyView): Html {
  const { url } = page.site;
  const { file, revision, loadedAt, isStale, findings, tests, shadow } = view;
  return layout(page, {
    title: 'Policy',
    section: 'policy',
    content: [
      heading(
        'Policy',
        html`<code>${file}</code>, revision <code>${revision}</code>, in force since ${relative(loadedAt, page.now)}. It
          is read from its file and cannot be changed here.`,
        html`<a class="button" href="${url`/console/policy/try`}">Try out a change</a>`,
      ),
      isStale &&
        notice(
          'problem',
          html`<p>The file is not valid now. What you see is in force; the log of the broker says what is wrong.</p>`,
        ),
      html`<ul class="chips">
        <li>${testBadge(tests)}</li>
        <li>${findingBadge(findings)}</li>
        ${shadow !== undefined && html`<li>${shadowBadge(shadow)}</li>`}
      </ul>`,
      failureList(tests),
      sourceText(view.text, findings),
    ],
  });
}

function testBadge({ passed, failures }: PolicyTests): Html {
  const total = passed + failures.length;
  if (total === 0) return badge('no tests', 'warning');
  return badge(`${passed} of ${total} tests pass`, failures.length === 0 ? 'good' : 'bad');
}

function findingBadge(findings: readonly PolicyFinding[]): Html {
  const warnings = findings.filter(({ severity }) => severity !== 'hint').length;
  const hints = findings.length - warnings;
  if (findings.length === 0) return badge('lint finds nothing', 'good');
  return badge(`lint: ${plural(warnings, 'warning')}, ${plural(hints, 'hint')}`, warnings > 0 ? 'warning' : 'plain');
}

function shadowBadge({ revision, differing, compared }: NonNullable<PolicyView['shadow']>): Html {
  if (revision === undefined) return badge('the shadow policy cannot be read', 'bad');
  return badge(
    `shadow policy ${revision}: ${differing} of ${plural(compared, 'decision')} would differ`,
    differing > 0 ? 'warning' : 'good',
  );
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function failureList({ failures }: PolicyTests): Html | undefined {
  if (failures.length === 0) return undefined;
  return notice(
    'problem',
    html`<ul class="plain">
      ${failures.map(({ line, message }) => html`<li>Line ${line}: ${message}</li>`)}
    </ul>`,
  );
}

/** The text with numbered lines, and each finding below its line. */
function sourceText(text: string, findings: readonly PolicyFinding[]): Html {
  const byLine = Map.groupBy(findings, ({ line }) => line);
  return html`<ol class="card source" tabindex="0" aria-label="Text of the policy">
    ${text.split('\n').map((line, index) => {
      const found = byLine.get(index + 1) ?? [];
      return html`<li>
        <code>${line === '' ? ' ' : line}</code>${found.map(
          ({ severity, message }) => html`<p class="finding ${severity}"><b>${severity}</b>: ${message}</p>`,
        )}
      </li>`;
    })}
  </ol>`;
}

/** A decision that another policy changes. */
export interface ChangedDecision {
  readonly who: string;
  readonly service: string;
  readonly scope: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** How many recent requests it changes. */
  readonly count: number;
}

export interface TryOutView {
  readonly text: string;
  readonly result?: {
    readonly findings: readonly PolicyFinding[];
    /** Absent: the policy is not valid. */
    readonly tests?: PolicyTests;
    readonly changes: readonly ChangedDecision[];
    /** How many recent decisions were made again. */
    readonly compared: number;
  };
}

export function tryOutPage(page: Page, { text, result }: TryOutView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Try out a policy',
    section: 'policy',
    content: [
      heading(
        'Try out a policy',
        'See what lint and its tests say, and which recent decisions it would change. Nothing is saved.',
      ),
      html`<form class="card stack" method="post" action="${url`/console/policy/try`}">
        ${textArea({ name: 'policy', label: 'Policy', value: text, rows: 16 })}
        <div class="buttons">
          <a class="button" href="${url`/console/policy`}">Back to the policy</a>
          <button class="primary">Try it out</button>
        </div>
      </form>`,
      result !== undefined && tryOutResult(text, result),
    ],
  });
}

function tryOutResult(text: string, result: NonNullable<TryOutView['result']>): Html {
  const { findings, tests, changes, compared } = result;
  if (tests === undefined)
    return html`${notice('problem', html`<p>This policy is not valid.</p>`)}${sourceText(text, findings)}`;
  return html`<h2>Result</h2>
    <ul class="chips">
      <li>${testBadge(tests)}</li>
      <li>${findingBadge(findings)}</li>
      <li>
        ${badge(
          `${changes.reduce((sum, { count }) => sum + count, 0)} of ${plural(compared, 'recent decision')} would change`,
          changes.length > 0 ? 'warning' : 'good',
        )}
      </li>
    </ul>
    ${failureList(tests)}
    ${
      changes.length > 0 &&
      table(
        'Decisions that would change',
        [
          { label: 'Who' },
          { label: 'Scope' },
          { label: 'Now' },
          { label: 'With this policy' },
          { label: 'Requests', kind: 'number' },
        ],
        changes.map(({ who, service, scope, before, after, count }) => [
          html`<b>${who}</b>`,
          html`<code>${scope}</code><br /><span class="quiet">${service}</span>`,
          actionsOrNothing(before),
          actionsOrNothing(after),
          count,
        ]),
      )
    }
    ${sourceText(text, findings)}`;
}

function actionsOrNothing(actions: readonly string[]): string {
  return actions.length === 0 ? 'nothing' : actions.join(', ');
}
