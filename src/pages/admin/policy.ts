/** The policy in force: its text with the findings of lint, its tests, and a form to try out another one. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, heading, notice } from '../parts/blocks.ts';
import { textArea } from '../parts/form.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

/** A finding of lint, or a problem, in one line of a policy. */
export interface PolicyFinding {
  readonly line: number;
  readonly severity: 'problem' | 'warning' | 'hint';
  readonly message: string;
}

interface PolicyTests {
  readonly passed: number;
  readonly failures: readonly { readonly line: number; readonly message: string }[];
}

export interface PolicyView {
  /** The name of the file, without its folder. */
  readonly file: string;
  readonly revision: string;
  /** Whether the file has become invalid since, so that the last valid policy stays in force. */
  readonly isStale: boolean;
  readonly text: string;
  readonly findings: readonly PolicyFinding[];
  /** Undefined: they were not run, see `problem`. */
  readonly tests?: PolicyTests;
  /** Why lint and the tests were not run, as a sentence. */
  readonly problem?: string;
  readonly shadow?: { readonly revision: string | undefined };
}

export function policyPage(page: Page, view: PolicyView): Html {
  const { url } = page.site;
  const { file, revision, isStale, findings, tests, problem, shadow } = view;
  return layout(page, {
    title: 'Policy',
    section: 'policy',
    content: [
      heading(
        'Policy',
        html`<code>${file}</code>, revision <code>${revision}</code>. It is read from its file and cannot be changed
          here.`,
        html`<a class="button" href="${url`/console/policy/try`}">Try out a change</a>`,
      ),
      isStale &&
        notice(
          'problem',
          html`<p>The file is not valid now. What you see is in force; the log of the broker says what is wrong.</p>`,
        ),
      html`<ul class="chips">
        ${
          tests !== undefined &&
          html`<li>${testBadge(tests)}</li>
            <li>${findingBadge(findings)}</li>`
        }
        ${shadow !== undefined && html`<li>${shadowBadge(shadow)}</li>`}
      </ul>`,
      problem !== undefined && notice('warning', html`<p>${problem}</p>`),
      tests !== undefined && failureList(tests),
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

function shadowBadge({ revision }: NonNullable<PolicyView['shadow']>): Html {
  if (revision === undefined) return badge('the shadow policy cannot be read', 'bad');
  return badge(`shadow policy ${revision}: the log has each decision that differs`);
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

export interface TryOutView {
  readonly text: string;
  /** Why it was not examined, as a sentence. */
  readonly problem?: string;
  readonly result?:
    | {
        readonly findings: readonly PolicyFinding[];
        /** Absent: the policy is not valid. */
        readonly tests?: PolicyTests;
      }
    | undefined;
}

export function tryOutPage(page: Page, { text, problem, result }: TryOutView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Try out a policy',
    section: 'policy',
    content: [
      heading(
        'Try out a policy',
        'See what lint and its tests say. Nothing is saved, and nothing changes for anybody.',
      ),
      html`<form class="card stack" method="post" action="${url`/console/policy/try`}">
        ${textArea({ name: 'policy', label: 'Policy', value: text, rows: 16 })}
        <div class="buttons">
          <a class="button" href="${url`/console/policy`}">Back to the policy</a>
          <button class="primary">Try it out</button>
        </div>
      </form>`,
      problem !== undefined && notice('problem', html`<p>${problem}</p>`),
      result !== undefined && tryOutResult(text, result),
    ],
  });
}

function tryOutResult(text: string, { findings, tests }: NonNullable<TryOutView['result']>): Html {
  if (tests === undefined)
    return html`${notice('problem', html`<p>This policy is not valid.</p>`)}${sourceText(text, findings)}`;
  return html`<h2>Result</h2>
    <ul class="chips">
      <li>${testBadge(tests)}</li>
      <li>${findingBadge(findings)}</li>
    </ul>
    ${failureList(tests)} ${sourceText(text, findings)}`;
}
