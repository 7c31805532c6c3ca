/** A decision that another policy changes: in cells of a table. */
import { badge } from './blocks.ts';
import { actionList } from './decision.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

export interface ChangeView {
  readonly before: DecidedView;
  readonly after: DecidedView;
}

interface DecidedView {
  readonly granted: readonly string[];
  /** The rules that decided. */
  readonly rules: readonly RuleView[];
}

interface RuleView {
  readonly rule: string;
  /** `policy.yaml:7` */
  readonly place: string;
  readonly effect: 'allow' | 'deny' | 'skipped';
}

/** @param name undefined: anonymous */
export function personName(name: string | undefined): Html {
  return name === undefined ? html`<span class="quiet nowrap">anonymous</span>` : html`<b>${name}</b>`;
}

/** `pull, push → pull`, with what is lost and gained in words. */
export function grantChange({ before, after }: ChangeView): Html {
  const gained = after.granted.filter((action) => !before.granted.includes(action));
  const lost = before.granted.filter((action) => !after.granted.includes(action));
  return html`${actions(before.granted)} <span aria-hidden="true">→</span
    ><span class="hidden">before, after:</span>
    ${actions(after.granted)}<br />${lost.length > 0 && badge(`loses ${actions(lost)}`, 'bad')}
    ${gained.length > 0 && badge(`gains ${actions(gained)}`, 'good')}`;
}

function actions(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : actionList(names);
}

/** @param names what the two policies are called */
export function ruleChange(
  { before, after }: ChangeView,
  names: { readonly before: string; readonly after: string },
): Html {
  return html`<ul class="lines">
    <li><span class="quiet">${names.before}:</span> ${rulesText(before.rules)}</li>
    <li><span class="quiet">${names.after}:</span> ${rulesText(after.rules)}</li>
  </ul>`;
}

const EFFECTS = { allow: 'allowed by', deny: 'denied by', skipped: 'not allowed by' } as const;

function rulesText(rules: readonly RuleView[]): Html {
  if (rules.length === 0) return html`no rule`;
  return html`${rules.map(
    ({ rule, place, effect }, index) =>
      html`${index > 0 && '; '}${EFFECTS[effect]} <b>${rule}</b> <code class="quiet">${place}</code>`,
  )}`;
}
