/** What rules allow somebody, as patterns of repositories. */
import { actionList } from './decision.ts';
import { codes, nameList, nameText, table } from './blocks.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';

/** What a rule allows. */
export interface GrantedPatternView {
  readonly pattern: string;
  /** The registries; empty: all. */
  readonly services: readonly string[];
  readonly actions: readonly string[];
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** What must hold in addition, as clauses; empty: nothing. */
  readonly conditions: readonly string[];
}

export function patternTable(caption: string, patterns: readonly GrantedPatternView[]): Html {
  return table(
    caption,
    [{ label: 'Repositories' }, { label: 'Actions' }, { label: 'Registry' }, { label: 'Because of' }],
    patterns.map(({ pattern, actions, services, rule, file, line, conditions }) => [
      html`<code>${pattern}</code>`,
      actionList(actions),
      services.length === 0 ? 'all' : codes(services),
      html`${nameText(rule)} <code class="quiet">${file}:${line}</code>${
          conditions.length > 0 && html`<br /><span class="quiet">if ${nameList(conditions, ', and ')}</span>`
        }`,
    ]),
  );
}
