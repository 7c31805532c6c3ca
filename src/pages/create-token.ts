/** The form that creates a token, and the page that shows the new token once. */
import { layout } from './layout.ts';
import type { Page } from './page.ts';
import { copyable, heading, notice } from './parts/blocks.ts';
import { actionList } from './parts/decision.ts';
import { choices, problemSummary, selectField, textArea, textField } from './parts/form.ts';
import type { Option } from './parts/form.ts';
import { day } from './parts/time.ts';
import { html } from './template/html.ts';
import type { Html } from './template/html.ts';

/** The values of the form, as they are sent. */
export interface TokenForm {
  readonly name: string;
  /** `me`, or the name of a robot. */
  readonly owner: string;
  /** A number of days, or `date`. */
  readonly ends: string;
  /** Such as `2026-05-04`, for `date`. */
  readonly date: string;
  readonly rights: 'all' | 'limited';
  readonly limits: readonly LimitForm[];
  /** Networks, separated by spaces or commas. */
  readonly networks: string;
}

export interface LimitForm {
  readonly service: string;
  /** Patterns, one on each line. */
  readonly repositories: string;
  readonly actions: readonly string[];
}

interface CreateTokenView {
  readonly form: TokenForm;
  /** What is wrong, by the name of the field: `name`, `date`, `networks`, `limits.0.repositories`. */
  readonly problems: ReadonlyMap<string, string>;
  /** What is wrong with no field alone, as a sentence. */
  readonly problem?: string;
  /** Days that are offered, in ascending order. */
  readonly lifetimes: readonly number[];
  readonly maxDays: number;
  readonly services: readonly string[];
  /** Robots whose tokens the person may create. */
  readonly robots: readonly string[];
  /** Whether each token needs limits. */
  readonly requiresLimits: boolean;
  /** What the person may do, to choose limits from. */
  readonly own: readonly { readonly pattern: string; readonly actions: readonly string[] }[];
}

const ACTIONS: readonly Option[] = [
  { value: 'pull', label: 'pull' },
  { value: 'push', label: 'push' },
  { value: 'delete', label: 'delete' },
];

export function createTokenPage(page: Page, view: CreateTokenView): Html {
  const { url } = page.site;
  const { form, problems, problem, robots } = view;
  return layout(page, {
    title: 'Create a token',
    section: 'tokens',
    width: 'narrow',
    content: [
      heading('Create a token', 'It is shown once, on the next page.'),
      problem !== undefined && notice('problem', html`<p>${problem}</p>`),
      problems.size > 0 && problemSummary('The token is not created. Correct this:', problems),
      html`<form class="card stack" method="post" action="${url`/console/tokens`}">
        <input type="hidden" name="form" value="${page.requestId}" />
        ${
          // The Enter key presses the first button of a form (HTML, implicit submission).
          html`<button class="hidden" name="do" value="create" tabindex="-1" aria-hidden="true">Create</button>`
        }
        ${textField({
          name: 'name',
          label: 'Name',
          hint: 'Where you use it: laptop, deploy web.',
          value: form.name,
          problem: problems.get('name'),
          isRequired: true,
          maxLength: 64,
          isFocused: problems.size === 0,
        })}
        ${robots.length > 0 && ownerField(view)} ${endField(view)} ${rightsField(view)}
        ${textField({
          name: 'networks',
          label: 'Only from these networks (optional)',
          hint: html`Such as <code>10.2.0.0/16</code>. Empty: from everywhere.`,
          value: form.networks,
          problem: problems.get('networks'),
          isCode: true,
        })}
        <div class="buttons">
          <a class="button" href="${url`/console/tokens`}">Cancel</a>
          <button class="primary" name="do" value="create">Create the token</button>
        </div>
      </form>`,
    ],
  });
}

function ownerField({ form, robots, problems }: CreateTokenView): Html {
  return selectField({
    name: 'owner',
    label: 'For',
    hint: 'A robot is for programs. Where a group owns it, its tokens stay when you leave.',
    value: form.owner,
    problem: problems.get('owner'),
    options: [{ value: 'me', label: 'me' }, ...robots.map((robot) => ({ value: robot, label: `robot ${robot}` }))],
  });
}

function endField({ form, lifetimes, maxDays, problems }: CreateTokenView): Html {
  const days = lifetimes.filter((count) => count <= maxDays);
  return html`${choices({
      name: 'ends',
      label: 'Ends',
      type: 'radio',
      options: [
        ...days.map((count) => ({ value: String(count), label: `in ${count} days` })),
        { value: 'date', label: 'on a date' },
      ],
      chosen: [form.ends],
      problem: problems.get('ends'),
    })}
    <div class="of-date">
      ${textField({
        name: 'date',
        label: 'Last day',
        hint: `At most ${maxDays} days from now. Only for "on a date".`,
        type: 'date',
        value: form.date,
        problem: problems.get('date'),
      })}
    </div>`;
}

function rightsField(view: CreateTokenView): Html {
  const { form, requiresLimits, own, problems } = view;
  const all = { value: 'all', label: 'everything I may do' };
  return html`${choices({
      name: 'rights',
      label: 'What it may do',
      hint: 'It never may do more than you may at that time.',
      type: 'radio',
      options: [...(requiresLimits ? [] : [all]), { value: 'limited', label: 'only what is listed here' }],
      chosen: [form.rights],
      problem: problems.get('rights'),
    })}
    <div class="of-limits">
      ${form.limits.map((limit, index) => limitFields(view, limit, index))}
      <div class="buttons start">
        <button name="do" value="add-limit" formnovalidate>Add another registry or other actions</button>
      </div>
      ${
        own.length > 0 &&
        html`<details>
          <summary>What you may do now</summary>
          <ul class="plain">
            ${own.map(
              ({ pattern, actions }) =>
                html`<li><code>${pattern}</code> <span class="quiet">${actionList(actions)}</span></li>`,
            )}
          </ul>
        </details>`
      }
    </div>`;
}

/** Lines of patterns that are shown without scrolling. */
const MAX_ROWS = 10;

function limitFields({ services, problems }: CreateTokenView, limit: LimitForm, index: number): Html {
  const at = `limits.${index}`;
  return html`<div class="limit" role="group" aria-label="Limit ${index + 1}">
    ${selectField({
      name: `${at}.service`,
      label: 'Registry',
      value: limit.service,
      problem: problems.get(`${at}.service`),
      options: services.map((name) => ({ value: name, label: name })),
    })}
    ${textArea({
      name: `${at}.repositories`,
      label: 'Repositories',
      hint: html`One on each line: <code>web/shop</code>, or a pattern such as <code>web/**</code>.`,
      value: limit.repositories,
      problem: problems.get(`${at}.repositories`),
      rows: Math.min(MAX_ROWS, Math.max(2, limit.repositories.split('\n').length)),
    })}
    ${choices({
      name: `${at}.actions`,
      label: 'Actions',
      type: 'checkbox',
      options: ACTIONS,
      chosen: limit.actions,
      problem: problems.get(`${at}.actions`),
    })}
  </div>`;
}

interface NewTokenView {
  readonly name: string;
  /** The token itself. This page is the only place that shows it. */
  readonly secret: string;
  readonly expiresAt: number;
  /** How to use it, by program, the most common one first. */
  readonly commands: readonly CommandView[];
}

interface CommandView {
  readonly program: string;
  readonly words: readonly string[];
  /** How the token is entered, where the program does not ask for a password. */
  readonly note?: string;
}

/** The answer to the form. It has no address of its own, so that nothing shows the token again. */
export function newTokenPage(page: Page, { name, secret, expiresAt, commands }: NewTokenView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'Your new token',
    section: 'tokens',
    content: [
      heading('Your new token'),
      html`<section class="card accent stack" aria-label="New token">
        <p><b>${name}</b> is ready. Copy it now: it is shown this once. It ends on ${day(expiresAt)}.</p>
        ${copyable('secret', 'token', [secret], 'the token')}
        <p class="printed">The token is not printed: whoever finds the paper could use it.</p>
        <p class="quiet">Paste it where the command asks for a password:</p>
        ${commands.slice(0, 1).map(commandText)} ${commands.length > 1 && otherPrograms(commands.slice(1))}
      </section>`,
      html`<p><a class="button" href="${url`/console/tokens`}">I have copied it. Show my tokens</a></p>`,
    ],
  });
}

function otherPrograms(commands: readonly CommandView[]): Html {
  return html`<details>
    <summary>Other programs: ${commands.map(({ program }) => program).join(', ')}</summary>
    <div class="commands">${commands.map(commandText)}</div>
  </details>`;
}

function commandText({ program, words, note }: CommandView): Html {
  return html`<h2 class="small">${program}</h2>
    ${note !== undefined && html`<p class="quiet">${note}</p>`}
    ${copyable('command', `command-${program}`, words, `the command for ${program}`)}`;
}
