/** The order-free rules as drafts, with a note on each rule of the file. */
import type { RuleDraft } from '../rule-draft.ts';
import type { PlainRule } from '../../config/policy-task.ts';
import { isEmpty } from './domain.ts';
import type { Domain } from './domain.ts';
import { importedConditions } from './imported-conditions.ts';
import type { Note, RuleNote } from './rule-note.ts';
import type { OrderFreeRule } from './order-free.ts';

export function draftsOf(
  orderFree: readonly OrderFreeRule[],
  rules: readonly PlainRule[],
  note: Note,
): readonly RuleDraft[] {
  return [...Map.groupBy(orderFree, ({ index }) => index)].flatMap(([index, parts]) => {
    const rule = rules[index];
    // INVARIANT: each order-free rule comes from the list of rules.
    if (rule === undefined) return [];
    const drafts = merged(parts.flatMap((part) => draftsOfPart(part, rule)));
    const [outcome, message] = sentence(parts, drafts, rule, rules);
    note(index, outcome, message);
    return drafts.map((draft, at) => (at === 0 ? draft : { ...draft, name: `${draft.name} (${at + 1})` }));
  });
}

function draftsOfPart({ domain, allows, denies, behind }: OrderFreeRule, rule: PlainRule): readonly RuleDraft[] {
  if (behind !== undefined || isEmpty(domain)) return [];
  const { name, line } = rule;
  const conditions = conditionsOf(domain);
  return [
    ...(allows ? [{ name, line, ...conditions, allow: rule.actions }] : []),
    ...(denies.size > 0 ? [{ name, line, ...conditions, deny: denies.has('*') ? ['*'] : [...denies] }] : []),
  ];
}

export function conditionsOf(domain: Domain): Omit<RuleDraft, 'name' | 'line'> {
  const { users, groups, everyone, exceptUsers, exceptGroups, services, clients, repositories } = domain;
  const except = { ...listed('users', exceptUsers), ...listed('groups', exceptGroups) };
  return {
    ...listed('users', everyone ? [] : users),
    ...listed('groups', everyone ? [] : groups),
    ...(everyone ? { everyone: true as const } : {}),
    ...(Object.keys(except).length > 0 ? { except } : {}),
    ...(services === undefined ? {} : { services }),
    ...(clients === undefined ? {} : { clients }),
    ...(repositories === undefined ? { catalog: true as const } : { repositories }),
  };
}

function listed<Key extends string>(key: Key, names: readonly string[]): Partial<Record<Key, readonly string[]>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeScript takes a computed key for any string
  return (names.length > 0 ? { [key]: names } : {}) as Partial<Record<Key, readonly string[]>>;
}

/** Merges drafts that differ only in their repositories and the catalog. */
function merged(drafts: readonly RuleDraft[]): readonly RuleDraft[] {
  const words = (draft: RuleDraft): string => JSON.stringify({ ...draft, repositories: undefined, catalog: undefined });
  return [...Map.groupBy(drafts, words).values()].map((same) => {
    const repositories = same.flatMap((draft) => draft.repositories ?? []);
    const { allow, deny, ...conditions } = same[0] ?? { name: '', line: 0 };
    return {
      ...conditions,
      ...(repositories.length > 0 ? { repositories } : {}),
      ...(same.some(({ catalog }) => catalog) ? { catalog: true as const } : {}),
      ...(allow === undefined ? {} : { allow }),
      ...(deny === undefined ? {} : { deny }),
    };
  });
}

function sentence(
  parts: readonly OrderFreeRule[],
  drafts: readonly RuleDraft[],
  rule: PlainRule,
  rules: readonly PlainRule[],
): readonly [RuleNote['outcome'], string] {
  const placed = (index: number): string => `"${rules[index]?.name}" in line ${rules[index]?.line}`;
  if (drafts.length === 0) {
    const hidden = parts.flatMap(({ behind }) => behind ?? []);
    if (hidden.length === parts.length)
      return ['dropped', `never decides: ${placed(hidden[0] ?? 0)} always comes first`];
    if (rule.effect === 'deny') return ['dropped', 'denies what no other rule grants'];
    return ['dropped', 'never decides: others always come first'];
  }
  const changes = [
    ...new Set(parts.flatMap(({ gaveUp }) => gaveUp).map((index) => `except for the callers of ${placed(index)}`)),
    ...(importedConditions(rule).match === undefined ? [] : ['match written as plain patterns']),
    ...(rule.effect === 'allow' && drafts.some(({ deny }) => deny !== undefined)
      ? ['denies what later rules would also grant']
      : []),
    ...(parts.some(({ behind }) => behind !== undefined)
      ? ['partly never reached: another rule always comes first']
      : []),
  ];
  return changes.length > 0 ? ['changed', changes.join('; ')] : ['kept', 'as it is'];
}
