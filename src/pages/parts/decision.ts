/** A decision of the policy in words. */
import { html } from '../template/html.ts';
import type { Content, Html } from '../template/html.ts';

/** What the policy says about one action. */
export interface ActionVerdict {
  readonly action: string;
  /** `denied`: a rule denies it; `not granted`: no rule allows it; `limited`: the limits of a token exclude it. */
  readonly verdict: 'granted' | 'denied' | 'not granted' | 'limited';
}

/** A rule that took part in a decision. */
export interface RuleReason {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly effect: 'allow' | 'deny' | 'skipped' | 'limited';
  readonly actions: readonly string[];
  /** Why the rule applies: `group team-web`, `user alice`, `everyone`. */
  readonly via: string;
  /** Why the rule does not apply although it matches. */
  readonly note?: string;
}

/** Names of actions in sentences. */
const ACTION_TEXTS: Readonly<Record<string, string>> = { '*': 'everything' };

function actionText(action: string): string {
  return ACTION_TEXTS[action] ?? action;
}

export function actionList(actions: readonly string[]): string {
  return actions.map(actionText).join(', ');
}

export function verdicts(all: readonly ActionVerdict[]): Html {
  return html`<ul class="chips" aria-label="Decision">
    ${all.map(({ action, verdict }) =>
      verdict === 'granted'
        ? html`<li class="chip good">
            <span aria-hidden="true">✓ </span>${actionText(action)}<span class="hidden">: granted</span>
          </li>`
        : html`<li class="chip bad"><span aria-hidden="true">✕ </span>${actionText(action)}: ${verdict}</li>`,
    )}
  </ul>`;
}

/**
 * `You may pull web/shop, and not push to it or delete it.`
 *
 * @param subject the begin of the sentence, up to who may
 */
export function decisionSentence(subject: Content, repository: string, all: readonly ActionVerdict[]): Html {
  const granted = all.filter(({ verdict }) => verdict === 'granted').map(({ action }) => action);
  const missing = all.filter(({ verdict }) => verdict !== 'granted').map(({ action }) => action);
  const name = html`<code>${repository}</code>`;
  if (granted.length === 0) return html`${subject} may do nothing with ${name}.`;
  const first = html`${subject} may ${actionVerbs(granted)} ${name}`;
  return missing.length === 0 ? html`${first}.` : html`${first}, and not ${joined(missing.map(verbWithIt), 'or')}.`;
}

const VERBS: Readonly<Record<string, { readonly bare: string; readonly it: string }>> = {
  pull: { bare: 'pull', it: 'pull it' },
  push: { bare: 'push to', it: 'push to it' },
  delete: { bare: 'delete from', it: 'delete from it' },
  '*': { bare: 'administer', it: 'administer it' },
};

/** `pull and push to`, before a repository */
export function actionVerbs(actions: readonly string[]): string {
  return joined(actions.map(bareVerb), 'and');
}

function bareVerb(action: string): string {
  return VERBS[action]?.bare ?? action;
}

function verbWithIt(action: string): string {
  return VERBS[action]?.it ?? `${action} it`;
}

/** `pull, push to and delete from` */
function joined(words: readonly string[], last: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

const EFFECTS = {
  allow: { mark: '✓', kind: 'good', text: 'Allows' },
  deny: { mark: '✕', kind: 'bad', text: 'Denies' },
  skipped: { mark: '–', kind: 'quiet', text: 'Does not apply to' },
  limited: { mark: '✕', kind: 'bad', text: 'Does not include' },
} as const;

/** @param subject who is asked about, as the object of a sentence: `you`, `alice` */
export function reasonList(reasons: readonly RuleReason[], subject: string): Html {
  return html`<ul class="reasons">
    ${reasons.map(({ rule, file, line, effect, actions, via, note }) => {
      const { mark, kind, text } = EFFECTS[effect];
      return html`<li>
        <span class="${kind}" aria-hidden="true">${mark}</span>
        <p>
          ${text} ${actionList(actions)}: <b>${rule}</b>,
          ${note === undefined ? viaText(via, subject) : html`<bdi>${note}</bdi>`}<br /><code class="quiet"
            >${file}:${line}</code
          >
        </p>
      </li>`;
    })}
  </ul>`;
}

function viaText(via: string, subject: string): Html {
  const [, kind, name] = /^(group|user) (.*)$/s.exec(via) ?? [];
  if (kind === 'group')
    return html`because ${subject === 'you' ? 'you are' : html`<bdi>${subject}</bdi> is`} in <code>${name}</code>`;
  // A pattern such as "*" names nobody.
  if (kind === 'user') return html`which holds for ${subject === 'you' ? 'you' : html`<code>${name}</code>`}`;
  return html`which holds for ${via}`;
}
