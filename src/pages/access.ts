/** What a person may do, and why: a question about one repository, everything, and the reasons of a denial. */
import { layout } from './layout.ts';
import type { Page } from './page.ts';
import { codes, empty, heading, nameList, nameText, notice } from './parts/blocks.ts';
import { actionList, decisionSentence, reasonList, verdicts } from './parts/decision.ts';
import type { ActionVerdict, RuleReason } from './parts/decision.ts';
import { ANSWER_PROBLEM, repositoryFields, textField } from './parts/form.ts';
import { patternTable } from './parts/granted-patterns.ts';
import type { GrantedPatternView } from './parts/granted-patterns.ts';
import { relative } from './parts/time.ts';
import { html } from './template/html.ts';
import type { Html } from './template/html.ts';

/** A decision with its reasons. */
export interface DecisionView {
  readonly repository: string;
  readonly service: string;
  readonly verdicts: readonly ActionVerdict[];
  readonly reasons: readonly RuleReason[];
  /** Rules that nearly allowed it, each as a sentence. */
  readonly nearMisses: readonly string[];
}

/** Why an earlier request was answered as it was. */
export interface DenialView {
  readonly at: number;
  /** The program and the address of the request. */
  readonly program?: string;
  readonly from: string;
  /** The name of the personal token that was used. */
  readonly token?: string;
  readonly decisions: readonly DecisionView[];
  /** Why the request was refused, as a sentence. */
  readonly refusal?: string;
  /** What to do where there are no reasons, as sentences. */
  readonly advice?: string;
  /** The user of the request; absent: the reader. */
  readonly who?: string;
}

export interface AccessView {
  readonly services: readonly string[];
  readonly groups: readonly string[];
  /** When the groups were read, where they are not those of now. */
  readonly groupsAsOf?: number;
  /** What was asked in the form. */
  readonly question?: { readonly repository: string; readonly service: string };
  /** What is wrong with the question. */
  readonly problem?: string;
  readonly answer?: DecisionView;
  /** Everything the person may do, by pattern. */
  readonly everything: readonly GrantedPatternView[];
  /** Whether the list was cut. */
  readonly isCut: boolean;
  /** Recent requests of the person that got less than they asked for, the latest first. */
  readonly denied: readonly DeniedRequest[];
  /** The request id that was asked about. */
  readonly requestId?: string;
  /** `unknown`: the request is not, or no longer, known. */
  readonly denial?: DenialView | 'unknown';
}

interface DeniedRequest {
  readonly requestId: string;
  readonly at: number;
  /** What was not granted, such as `web/shop: push`. */
  readonly missing: readonly string[];
}

export function accessPage(page: Page, view: AccessView): Html {
  return layout(page, {
    title: 'Access',
    section: 'access',
    content: [
      heading('What may I do?', html`The answer comes from the policy in force, for ${groupText(view, page.now)}.`),
      questionCard(page, view),
      html`<h2>Everything I may do</h2>`,
      everythingTable(view),
      html`<h2>Was a request denied?</h2>
        <p class="lead">Choose one of your recent requests, or paste the request id of an error message.</p>`,
      denialCard(page, view),
    ],
  });
}

function groupText({ groups, groupsAsOf }: AccessView, now: number): Html {
  const when = groupsAsOf === undefined ? 'now' : html`as of your sign-in ${relative(groupsAsOf, now)}`;
  return groups.length === 0
    ? html`a person in no group ${when}`
    : html`the groups you are in ${when}: ${codes(groups)}`;
}

function questionCard({ site: { url } }: Page, { services, question, problem, answer }: AccessView): Html {
  return html`<div class="card">
    <form class="question" method="get" action="${url`/console/access`}" data-replace="answer">
      ${repositoryFields(services, question, problem === undefined ? undefined : ANSWER_PROBLEM)}
      <button class="primary">Ask</button>
    </form>
    <div id="answer" aria-live="polite">
      ${problem !== undefined && html`<div class="answer">${notice('problem', html`<p>${problem}</p>`, { id: ANSWER_PROBLEM, isFocused: true })}</div>`}
      ${answer !== undefined && decision(answer)}
    </div>
  </div>`;
}

/** Whose decision it is. Absent: the reader's, with a password. */
type Subject = Pick<DenialView, 'who' | 'token'>;

function decision(view: DecisionView, { who, token }: Subject = {}): Html {
  const { repository, service, reasons, nearMisses } = view;
  const limited = view.verdicts.filter(({ verdict }) => verdict === 'limited').map(({ action }) => action);
  const other = who === undefined ? undefined : nameText(who);
  const subject = token === undefined ? (other ?? 'You') : html`With the token ${nameText(token)}, ${other ?? 'you'}`;
  return html`<article class="answer">
    <h2>${decisionSentence(subject, repository, view.verdicts)}</h2>
    <p class="quiet">At the registry <code>${service}</code>.</p>
    ${verdicts(view.verdicts)}
    ${
      limited.length > 0 &&
      html`<p>The limits of the token exclude ${actionList(limited)}. Use a token whose limits include it.</p>`
    }
    ${reasons.length > 0 && reasonList(reasons, who ?? 'you')}
    ${!reasons.some(({ effect }) => effect === 'allow') && html`<p>No rule allows it, and what no rule allows is denied.</p>`}
    ${
      nearMisses.length > 0 &&
      html`<h3>Rules that nearly allow it</h3>
        <ul class="plain">
          ${nearMisses.map((sentence) => html`<li>${sentence}</li>`)}
        </ul>`
    }
  </article>`;
}

function everythingTable({ everything, isCut }: AccessView): Html {
  if (everything.length === 0)
    return empty(html`<p>No rule allows you anything. Ask the administrators of the registry for access.</p>`);
  return html`${patternTable('Everything you may do', everything)}
    <p class="quiet">
      A rule that denies can take something away from these patterns. Ask about one repository to be
      sure.${isCut && ' The list is long and was cut.'}
    </p>`;
}

function denialCard(page: Page, { denied, requestId, denial }: AccessView): Html {
  const { url } = page.site;
  const { now } = page;
  const link = (id: string) => url`/console/access?request=${id}#denial`;
  return html`<div class="card">
    ${
      denied.length > 0 &&
      html`<ul class="links" aria-label="Recent requests that were denied">
        ${denied.map(
          ({ requestId: id, at, missing }) =>
            html`<li>
              <a href="${link(id)}">${nameList(missing, '; ')}</a> <span class="quiet">${relative(at, now)}</span>
            </li>`,
        )}
      </ul>`
    }
    <form class="question" method="get" action="${url`/console/access`}" data-replace="denial">
      ${textField({
        name: 'request',
        label: 'Request id',
        value: requestId,
        isCode: true,
        isRequired: true,
        maxLength: 64,
      })}
      <button class="primary">Explain</button>
    </form>
    <div id="denial" aria-live="polite">${denial !== undefined && denialText(denial, requestId, page)}</div>
  </div>`;
}

function denialText(denial: DenialView | 'unknown', requestId: string | undefined, { person, now }: Page): Html {
  if (denial === 'unknown') {
    const request = person?.isAdmin === true ? 'No request' : 'No request of yours';
    return html`<div class="answer">
      <p>${request} with this id is known here. Only recent requests are, and only those that this broker answered.</p>
    </div>`;
  }
  const { at, program, from, who, decisions, refusal, advice } = denial;
  return html`<div class="answer">
      <p>
        Request ${who !== undefined && html`of ${nameText(who)}`} ${relative(at, now)}
        ${program !== undefined && html`by ${nameText(program)}`} from <code>${from}</code>.
      </p>
      ${refusal !== undefined && notice('problem', html`<p>${refusal}</p>`)}
      ${advice !== undefined && html`<p>${advice}</p>`}
    </div>
    ${decisions.map((one) => decision(one, denial))}
    ${
      who === undefined &&
      decisions.some(isPolicyDenial) &&
      html`<div class="answer quiet">
        <p>If you need it, send the administrators of the registry the request id <code>${requestId ?? ''}</code>.</p>
      </div>`
    }`;
}

/** Whether an administrator can change the answer: a limit of a token is changed by its owner. */
function isPolicyDenial({ verdicts: all }: DecisionView): boolean {
  return all.some(({ verdict }) => verdict === 'denied' || verdict === 'not granted');
}
