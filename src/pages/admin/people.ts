/** One person as administrators see them: groups, tokens, sign-ins, recent decisions. */
import { confirmPage } from '../confirm.ts';
import { layout } from '../layout.ts';
import type { Page } from '../page.ts';
import { badge, codes, empty, heading, nameText, notice, rows } from '../parts/blocks.ts';
import { textField } from '../parts/form.ts';
import { plural } from '../parts/plural.ts';
import { programName } from '../parts/program.ts';
import { relative } from '../parts/time.ts';
import type { SignInRow } from '../sign-ins.ts';
import { html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';
import { ASLEEP, tokenRights, tokenState, tokenTimes } from '../token-view.ts';
import type { TokenView } from '../token-view.ts';
import { decisionRows } from './decision-rows.ts';
import type { DecisionRow } from './decision-rows.ts';

interface PeopleView {
  readonly name?: string;
  readonly problem?: string;
  /** User names that are known and that differ from `name` only in case. */
  readonly spellings?: readonly string[];
}

/** The form that looks somebody up. */
export function peoplePage(page: Page, { name, problem, spellings = [] }: PeopleView): Html {
  const { url } = page.site;
  return layout(page, {
    title: 'People',
    section: 'people',
    width: 'narrow',
    content: [
      heading('People', 'See the groups, tokens and sign-ins of a user, and end them.'),
      html`<form class="card question" method="get" action="${url`/console/person`}">
        ${textField({
          name: 'user',
          label: 'User name',
          value: name,
          problem,
          isRequired: true,
          isFocused: problem !== undefined,
          maxLength: 256,
        })}
        <button class="primary">Look up</button>
      </form>`,
      spellings.length > 0 &&
        notice(
          'warning',
          html`<p>
            Did you mean
            ${spellings.map(
              (spelling, index) =>
                html`${index > 0 && ' or '}<a href="${url`/console/person?user=${spelling}`}"
                    >${nameText(spelling)}</a
                  >`,
            )}?
          </p>`,
        ),
    ],
  });
}

interface RobotTokenView {
  readonly token: TokenView;
  /** Whether it ends with the person: the robot belongs to users, and not to groups. */
  readonly endsWithPerson: boolean;
}

export interface PersonView {
  readonly username: string;
  /** Undefined: no backend finds the user now. */
  readonly account?: { readonly backend: string; readonly groups: readonly string[] };
  /** Why the groups are not known, as a sentence. */
  readonly problem?: string;
  readonly tokens: readonly TokenView[];
  readonly signIns: readonly SignInRow[];
  /** Tokens that the person created for robots. */
  readonly robotTokens: readonly RobotTokenView[];
  readonly decisions: readonly DecisionRow[];
  /** What has just been ended, as a sentence. */
  readonly done?: string;
}

export function personPage(page: Page, view: PersonView): Html {
  const { username, account, problem, tokens, signIns, robotTokens, decisions, done } = view;
  const { url } = page.site;
  return layout(page, {
    title: username,
    section: 'people',
    content: [
      heading(
        nameText(username),
        account === undefined ? undefined : html`Found in the backend <code>${account.backend}</code>.`,
        html`<a class="button danger" href="${url`/console/person/end?user=${username}`}">End everything</a>`,
      ),
      done !== undefined && notice('done', html`<p>${done}</p>`),
      problem !== undefined && notice('warning', html`<p>${problem}</p>`),
      account !== undefined && section('Groups now', groupList(account.groups)),
      section('Tokens', tokens.length === 0 ? none('No tokens.') : tokenList(page, tokens)),
      section('Sign-ins', signIns.length === 0 ? none('No sign-ins.') : signInList(page, signIns)),
      robotTokens.length > 0 && section('Tokens created for robots', robotTokenList(page, robotTokens)),
      section(
        'Recent decisions',
        decisions.length === 0
          ? none('None at this broker since its start.')
          : decisionRows(page, decisions, 'Recent decisions'),
      ),
    ],
  });
}

function section(title: string, content: Content): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function none(text: string): Html {
  return empty(html`<p>${text}</p>`);
}

function groupList(groups: readonly string[]): Html {
  return groups.length === 0 ? none('In no group.') : html`<p class="card pad">${codes(groups)}</p>`;
}

function tokenList(page: Page, tokens: readonly TokenView[]): Html {
  return rows(
    tokens.map((token) => tokenRow(page, token)),
    'Tokens',
  );
}

function robotTokenList(page: Page, tokens: readonly RobotTokenView[]): Html {
  return rows(
    tokens.map(({ token, endsWithPerson }) =>
      tokenRow(page, token, endsWithPerson ? 'ends with this person' : 'stays: a group owns the robot'),
    ),
    'Tokens created for robots',
  );
}

function tokenRow({ now }: Page, token: TokenView, end?: string): Html {
  const { id, robot } = token;
  return html`<li>
    <div>
      <p><b>${token.name}</b> ${tokenState(token, now)}</p>
      <p class="quiet"><code>${id}</code>${robot !== undefined && html` for the robot <code>${robot}</code>`}</p>
    </div>
    <div>${tokenRights(token, 'its owner')}</div>
    <div>${tokenTimes(token, now)}${end !== undefined && html`<p class="quiet">${end}</p>`}</div>
  </li>`;
}

const SIGN_IN_NEXT = 'Asleep: the next page asks for a new sign-in.';

function signInList({ now }: Page, signIns: readonly SignInRow[]): Html {
  return rows(
    signIns.map(
      ({ kind, program, from, service, usedAt, expiresAt, isAsleep }) =>
        html`<li>
          <div>
            <p><b>${programName(program)}</b> ${isAsleep === true && badge('asleep', 'warning')}</p>
            <p class="quiet">${service === undefined ? 'console' : html`<code>${service}</code>`}</p>
          </div>
          <div>
            <p>From <code>${from}</code></p>
          </div>
          <div>
            <p>Used ${relative(usedAt, now)}</p>
            <p class="quiet">Ends ${relative(expiresAt, now)}</p>
            ${isAsleep === true && html`<p class="quiet">${kind === 'browser' ? SIGN_IN_NEXT : ASLEEP}</p>`}
          </div>
        </li>`,
    ),
    'Sign-ins',
  );
}

interface EndPersonView {
  readonly username: string;
  readonly tokens: number;
  readonly signIns: number;
  readonly robotTokens: readonly RobotTokenView[];
}

/** Asks before everything of a person ends. */
export function endPersonPage(page: Page, { username, tokens, signIns, robotTokens }: EndPersonView): Html {
  const { url } = page.site;
  const ending = robotTokens.filter(({ endsWithPerson }) => endsWithPerson).length;
  const staying = robotTokens.length - ending;
  return confirmPage(page, {
    section: 'people',
    title: `End everything of ${username}`,
    question: html`End everything of ${nameText(username)}?`,
    consequences: [
      `This revokes ${plural(tokens, 'token')} and ends ${plural(signIns, 'sign-in')}. It cannot be undone.`,
      ending > 0 &&
        html`It also revokes ${plural(ending, 'token')} that ${nameText(username)} created for robots of users.`,
      staying > 0 &&
        html`${plural(staying, 'token')} that ${nameText(username)} created for robots of groups
          ${staying === 1 ? 'stays' : 'stay'} valid. If ${nameText(username)} may have a copy, replace each and revoke
          it: <code>fairlead tokens revoke ID</code>`,
      'Registry tokens that were issued before stay valid for some minutes. The account itself is not changed: disable ' +
        'it where it is kept, or the user can sign in again.',
    ],
    verb: html`End everything of ${nameText(username)}`,
    action: url`/console/person/end`,
    cancel: url`/console/person?user=${username}`,
    fields: { user: username },
  });
}
