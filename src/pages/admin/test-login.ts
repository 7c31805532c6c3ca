/** The test of a login, step by step, for administrators. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { codes, empty, heading, nameText, notice } from '../parts/blocks.ts';
import { textField } from '../parts/form.ts';
import { patternTable } from '../parts/granted-patterns.ts';
import type { GrantedPatternView } from '../parts/granted-patterns.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

interface StepView {
  readonly state: 'ok' | 'warning' | 'failed';
  readonly text: string;
}

export interface TestLoginView {
  /** As typed. The password that was typed is in no page. */
  readonly username?: string;
  /** What is wrong with the form, or why there was no test, as a sentence. */
  readonly problem?: string;
  readonly steps?: readonly StepView[];
  /** Who would be logged in. Undefined: nobody. */
  readonly user?: {
    readonly name: string;
    readonly backend: string;
    /** As the policy reads them. */
    readonly groups: readonly string[];
    readonly patterns: readonly GrantedPatternView[];
    /** Whether there are more patterns. */
    readonly isCut: boolean;
  };
}

export function testLoginPage(page: Page, view: TestLoginView): Html {
  const { username, problem, steps } = view;
  return layout(page, {
    title: 'Test a login',
    section: 'backends',
    content: [
      heading(
        'Test a login',
        'See each step of a login with a password. Nobody is signed in by it, and the password is not stored. A wrong ' +
          'password counts for the account, as it does in docker login, and each test is in the audit log.',
      ),
      html`<form
        class="card question"
        method="post"
        action="${page.site.url`/console/backends/test`}"
        autocomplete="off"
      >
        ${textField({ name: 'user', label: 'User name', value: username, isRequired: true, maxLength: 256 })}
        ${textField({ name: 'password', label: 'Password', type: 'password', isRequired: true, maxLength: 4096 })}
        <button class="primary">Test</button>
      </form>`,
      problem !== undefined && notice('problem', html`<p>${problem}</p>`),
      steps !== undefined && resultText(view, steps),
    ],
  });
}

function resultText({ username = '', user }: TestLoginView, steps: readonly StepView[]): Html {
  return html`${
      user === undefined
        ? notice('problem', failureText(username, failedStep(steps)))
        : notice('done', html`<p>The login works: <b>${user.name}</b> at <code>${user.backend}</code>.</p>`)
    }
    <section>
      <h2>Steps</h2>
      <ol class="card steps">
        ${steps.map(stepItem)}
      </ol>
    </section>
    ${user !== undefined && userText(user)}`;
}

function failureText(username: string, step: StepView | undefined): Html {
  return html`<p>The login of <b>${username}</b> does not work.</p>
    ${step !== undefined && html`<p>Failed step: ${nameText(step.text)}</p>`}`;
}

/**
 * Where the login ends: a directory that refuses a bind says why, and the answer of its backend follows. A failed step
 * before one that worked ended nothing: another backend was asked.
 */
function failedStep(steps: readonly StepView[]): StepView | undefined {
  return steps[steps.findLastIndex(({ state }) => state !== 'failed') + 1];
}

const MARKS = {
  ok: { mark: '✓', kind: 'good', word: 'Ok' },
  warning: { mark: '!', kind: 'quiet', word: 'Warning' },
  failed: { mark: '✕', kind: 'bad', word: 'Failed' },
} as const;

function stepItem({ state, text }: StepView): Html {
  const { mark, kind, word } = MARKS[state];
  return html`<li>
    <span class="${kind}" aria-hidden="true">${mark}</span><span class="hidden">${word}:</span> ${text}
  </li>`;
}

function userText({ groups, patterns, isCut }: NonNullable<TestLoginView['user']>): Html {
  return html`<section>
      <h2>Groups, as the policy reads them</h2>
      ${groups.length === 0 ? empty(html`<p>In no group.</p>`) : html`<p class="card pad">${codes(groups)}</p>`}
    </section>
    <section>
      <h2>What the user may do</h2>
      ${
        patterns.length === 0
          ? empty(html`<p>No rule allows this user anything.</p>`)
          : html`${patternTable('What the user may do', patterns)}
              <p class="quiet">
                A rule that denies can take something away from these
                patterns.${isCut && ' The list is long and was cut.'}
              </p>`
      }
    </section>`;
}
