/** The alternatives of a rule: each combines one alternative of its who with one of its repository patterns. */
import { askersOf } from '../asker.ts';
import type { Asker } from '../asker.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';
import { whoText } from '../who-text.ts';

export interface Alternative {
  readonly rule: Rule;
  readonly who: Asker;
  /** Undefined: the catalog. */
  readonly pattern: RepositoryPattern | undefined;
  /** Equal for two alternatives that mean the same, whatever the names and positions of their rules. */
  readonly key: string;
}

export function alternativesOf({ rules }: Policy): readonly Alternative[] {
  return rules.flatMap((rule) => {
    const places = [...rule.repositories, ...(rule.catalog ? [undefined] : [])];
    const rest = restOf(rule);
    return askersOf(rule.who).flatMap((who) =>
      places.map((pattern) => ({ rule, who, pattern, key: JSON.stringify([whoKey(who), patternKey(pattern), rest]) })),
    );
  });
}

/** Equal for two alternatives of who that mean the same. */
function whoKey(who: Asker): readonly string[] {
  return who.kind === 'everyone' ? ['everyone'] : [who.kind, who.pair.exact.text, who.pair.folded.text];
}

function patternKey(pattern: RepositoryPattern | undefined): string | null {
  return pattern === undefined ? null : pattern.segments.map(({ key }) => key).join('/');
}

/** What all alternatives of a rule share. */
function restOf({ effect, actions, conditions, file, index }: Rule): readonly unknown[] {
  const texts = conditions.map(({ kind, text }) => JSON.stringify([kind, text ?? [file, index]]));
  return [effect, actions.toSorted(), texts.toSorted()];
}

/** The alternative in words, with the position of its rule. */
export function alternativeText({ rule, who, pattern }: Alternative) {
  const { name, file, line, effect } = rule;
  return {
    rule: name,
    file,
    line,
    effect,
    who: whoText(who, 'pattern'),
    repositories: pattern?.text ?? 'the catalog',
  };
}
