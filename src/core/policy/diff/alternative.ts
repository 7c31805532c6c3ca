/** A rule taken apart: one way to be somebody it speaks of, with one of its repository patterns. */
import type { Policy } from '../policy.ts';
import type { CasePair, CompiledWho, Rule } from '../rule.ts';
import type { RepositoryPattern } from '../repository-pattern.ts';

export type WhoAlternative =
  | { readonly kind: 'user' | 'group'; readonly pair: CasePair }
  | { readonly kind: 'everyone' };

export interface Alternative {
  readonly rule: Rule;
  readonly who: WhoAlternative;
  /** Undefined: the catalog. */
  readonly pattern: RepositoryPattern | undefined;
  /** What it does, whatever the rule is called and wherever it stands: equal for two that do the same. */
  readonly key: string;
}

export function alternativesOf({ rules }: Policy): readonly Alternative[] {
  return rules.flatMap((rule) => {
    const places = [...rule.repositories, ...(rule.catalog ? [undefined] : [])];
    const rest = conditionsOf(rule);
    return whoAlternatives(rule.who).flatMap((who) =>
      places.map((pattern) => ({ rule, who, pattern, key: JSON.stringify([whoKey(who), patternKey(pattern), rest]) })),
    );
  });
}

export function whoAlternatives({ users, groups, everyone }: CompiledWho): readonly WhoAlternative[] {
  return [
    ...users.map((pair) => ({ kind: 'user', pair }) as const),
    ...groups.map((pair) => ({ kind: 'group', pair }) as const),
    ...(everyone ? [{ kind: 'everyone' } as const] : []),
  ];
}

/** `any user`, `user alice`, `group team-{team}`, `everyone`. */
export function whoText(who: WhoAlternative): string {
  if (who.kind === 'everyone') return 'everyone';
  return who.kind === 'user' && who.pair.exact.text === '*' ? 'any user' : `${who.kind} ${who.pair.exact.text}`;
}

function whoKey(who: WhoAlternative): readonly unknown[] {
  return who.kind === 'everyone' ? ['everyone'] : [who.kind, who.pair.exact.text, who.pair.folded.text];
}

function patternKey(pattern: RepositoryPattern | undefined): string | null {
  return pattern === undefined ? null : pattern.segments.map(({ key }) => key).join('/');
}

/** What the rule as a whole says. */
function conditionsOf({ effect, actions, except, services, clients, match, file, index }: Rule): readonly unknown[] {
  return [
    effect,
    actions.toSorted(),
    except === undefined ? null : whoAlternatives(except).map(whoKey).map(String).toSorted(),
    services?.map(({ text }) => text).toSorted() ?? null,
    clients?.map(({ text }) => text).toSorted() ?? null,
    // A condition that has no words is equal to none.
    match === undefined ? null : (match.text ?? [file, index]),
  ];
}

/** The part of a rule it is, and where the rule stands. */
export function alternativeText({ rule, who, pattern }: Alternative) {
  const { name, file, line, effect } = rule;
  return { rule: name, file, line, effect, who: whoText(who), repositories: pattern?.text ?? 'the catalog' };
}
