/** The text of a policy with what lint, tests and proofs say about it. */
import { badge, notice } from './blocks.ts';
import { plural } from './plural.ts';
import { attribute, html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

/** A finding of lint, or a problem, in one line of a policy. */
export interface PolicyFinding {
  /** Counted from 1. 0: it is about the text as a whole. */
  readonly line: number;
  readonly severity: 'problem' | 'warning' | 'hint';
  readonly message: string;
}

/** What was examined of a policy that can be read. */
export interface PolicyChecks {
  readonly tests: PolicyTests;
  /** The sentences about invariants that are not proved, and the number of those that are. */
  readonly invariants: { readonly proved: number; readonly failures: readonly string[] };
}

interface PolicyTests {
  readonly passed: number;
  readonly failures: readonly { readonly line: number; readonly message: string }[];
}

export function checkChips({ tests, invariants }: PolicyChecks, findings: readonly PolicyFinding[]): Html {
  return html`<ul class="chips">
    <li>${testBadge(tests)}</li>
    <li>${findingBadge(findings)}</li>
    ${invariants.proved + invariants.failures.length > 0 && html`<li>${invariantBadge(invariants)}</li>`}
  </ul>`;
}

function testBadge({ passed, failures }: PolicyTests): Html {
  const total = passed + failures.length;
  if (total === 0) return badge('no tests', 'warning');
  return badge(`${passed} of ${plural(total, 'test')} pass`, failures.length === 0 ? 'good' : 'bad');
}

function findingBadge(findings: readonly PolicyFinding[]): Html {
  const warnings = findings.filter(({ severity }) => severity !== 'hint').length;
  const hints = findings.length - warnings;
  if (findings.length === 0) return badge('lint finds nothing', 'good');
  return badge(`lint: ${plural(warnings, 'warning')}, ${plural(hints, 'hint')}`, warnings > 0 ? 'warning' : 'plain');
}

function invariantBadge({ proved, failures }: PolicyChecks['invariants']): Html {
  const total = proved + failures.length;
  return badge(`${proved} of ${plural(total, 'invariant')} proved`, failures.length === 0 ? 'good' : 'bad');
}

/** Tests that fail, and invariants that are not proved. */
export function failureList({ tests, invariants }: PolicyChecks): Html | undefined {
  if (tests.failures.length + invariants.failures.length === 0) return undefined;
  return notice(
    'problem',
    html`<ul class="plain">
      ${tests.failures.map(({ line, message }) => html`<li>Line ${line}: ${message}</li>`)}
      ${invariants.failures.map((message) => html`<li>${message}</li>`)}
    </ul>`,
  );
}

/** Of a longer text, a result has only the lines around findings: the page stays small. */
const MAX_WHOLE_LINES = 300;
const LINES_AROUND = 3;

/** The text with numbered lines, and each finding below its line. */
export function sourceText(text: string, findings: readonly PolicyFinding[]): Html {
  return numberedLines(text, findings, () => true);
}

/** The same of a text that the page also has in a form. @returns undefined for a long text without findings */
export function sourceExcerpt(text: string, findings: readonly PolicyFinding[]): Html | undefined {
  const count = text.split('\n').length;
  if (count <= MAX_WHOLE_LINES) return sourceText(text, findings);
  if (findings.length === 0) return undefined;
  const near = new Set(
    findings.flatMap(({ line }) =>
      Array.from({ length: 2 * LINES_AROUND + 1 }, (_, index) => placeIn(line, count) - LINES_AROUND + index),
    ),
  );
  return numberedLines(text, findings, (line) => near.has(line));
}

function numberedLines(text: string, findings: readonly PolicyFinding[], isShown: (line: number) => boolean): Html {
  const lines = text.split('\n');
  const byLine = Map.groupBy(findings, ({ line }) => placeIn(line, lines.length));
  return html`<ol class="card source" tabindex="0" aria-label="Text of the policy">
    ${lines.map((line, index) => {
      const number = index + 1;
      if (!isShown(number)) return undefined;
      const start = index > 0 && !isShown(index) ? String(number) : undefined;
      return html`<li ${attribute('value', start)}>
        <code>${line === '' ? ' ' : line}</code>${(byLine.get(number) ?? []).map(
          ({ severity, message }) => html`<p class="finding ${severity}"><b>${severity}</b>: ${message}</p>`,
        )}
      </li>`;
    })}
  </ol>`;
}

/** A finding about the text as a whole is in its first line; one about a missing end in its last. */
function placeIn(line: number, count: number): number {
  return Math.min(Math.max(line, 1), count);
}
