/** Who can do something with a repository. */
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, empty, heading, nameList, nameText, notice, table } from '../parts/blocks.ts';
import { ANSWER_PROBLEM, repositoryFields, selectField, textField } from '../parts/form.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

/** Callers to whom one rule allows the action. */
export interface GranteeView {
  /** `members of team-web` */
  readonly who: string;
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** `exceptions`: only those who are also an exception of each rule that denies it. */
  readonly verdict: 'yes' | 'no' | 'perhaps' | 'exceptions';
  /** What it depends on, and what denies it, each as a clause. */
  readonly notes: readonly string[];
}

export interface WhoCanView {
  readonly services: readonly string[];
  readonly question?: {
    readonly action: string;
    readonly repository: string;
    readonly service: string;
    /** The address from which somebody asks. */
    readonly client: string;
  };
  readonly problem?: string;
  readonly answer?: {
    readonly grantees: readonly GranteeView[];
    /** Known users who can. */
    readonly users: readonly string[];
    readonly anonymous: boolean;
    /** Why there may be others, each as a clause. */
    readonly gaps: readonly string[];
  };
}

const ACTIONS = ['pull', 'push', 'delete'];

export function whoCanPage(page: Page, { services, question, problem, answer }: WhoCanView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Who can',
    section: 'who-can',
    content: [
      heading('Who can?', 'The answer comes from the policy in force: whom each rule allows it, and what limits that.'),
      html`<form class="card question" method="get" action="${url`/console/who-can`}" data-replace="answer">
        ${selectField({
          name: 'action',
          label: 'Action',
          value: question?.action,
          options: ACTIONS.map((name) => ({ value: name, label: name })),
        })}
        ${repositoryFields(services, question, problem === undefined ? undefined : ANSWER_PROBLEM)}
        ${textField({
          name: 'client',
          label: 'From the address',
          value: question?.client,
          placeholder: 'yours',
          isCode: true,
          maxLength: 64,
        })}
        <button class="primary">Ask</button>
      </form>`,
      html`<div id="answer" class="answers" aria-live="polite">
        ${problem !== undefined && notice('problem', html`<p>${problem}</p>`, { id: ANSWER_PROBLEM, isFocused: true })}
        ${answer !== undefined && answerText(page, answer)}
      </div>`,
    ],
  });
}

const VERDICTS = {
  yes: { text: 'yes', kind: 'good' },
  perhaps: { text: 'it depends', kind: 'warning' },
  exceptions: { text: 'only exceptions', kind: 'warning' },
  no: { text: 'no', kind: 'bad' },
} as const;

function answerText(
  { site: { url } }: Page,
  { grantees, users, anonymous, gaps }: NonNullable<WhoCanView['answer']>,
): Html {
  return html`${anonymous && notice('warning', html`<p>Anybody can, also without a login.</p>`)}
  ${
    grantees.length === 0
      ? empty(
          html`<p>Nobody can: no rule allows it.</p>
            <p class="quiet">A rule of the <a href="${url`/console/policy`}">policy</a> would have to.</p>`,
        )
      : table(
          'Who can',
          [{ label: 'Who' }, { label: 'Can' }, { label: 'Rule' }, { label: 'Limited by' }],
          grantees.map(({ who, verdict, rule, file, line, notes }) => [
            html`<b>${who}</b>`,
            badge(VERDICTS[verdict].text, VERDICTS[verdict].kind),
            html`${nameText(rule)}<br /><code class="quiet">${file}:${line}</code>`,
            html`${notes.map((note, index) => html`${index > 0 && html`<br />`}${note}`)}`,
          ]),
        )
  }
  ${users.length > 0 && html`<p>Of the users in files, these can: ${nameList(users, ', ')}.</p>`}
  ${gaps.length > 0 && html`<p class="quiet">There may be others, because ${gaps.join('; and because ')}.</p>`}`;
}
