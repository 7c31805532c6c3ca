/** Findings about placeholders: their values are in lower case, so names that differ only in case share repositories. */
import { foldCase } from '../../fold-case.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { CasePair } from '../who.ts';
import type { Finding } from './finding.ts';
import type { Sources } from './sources.ts';

type Kind = 'user' | 'group';

/** Names that differ only in case, and therefore have the same value of a placeholder. */
export function namesEqualInLowerCase(names: Iterable<string>): readonly (readonly string[])[] {
  const byFolded = Map.groupBy(new Set(names), foldCase);
  return [...byFolded.values()].filter((equal) => equal.length > 1);
}

export function foldedNameFindings({ rules }: Policy, { sameInLowerCase, exactBackends }: Sources): readonly Finding[] {
  return rules
    .filter(({ effect }) => effect === 'allow')
    .flatMap((rule) => [
      ...sameInLowerCase.users.flatMap((names) => sharedBy(rule, 'user', names)),
      ...sameInLowerCase.groups.flatMap((names) => sharedBy(rule, 'group', names)),
      ...(exactBackends.length > 0 && usesUserName(rule) ? [unlisted(rule, exactBackends)] : []),
    ]);
}

function sharedBy(rule: Rule, kind: Kind, names: readonly string[]): readonly Finding[] {
  const affected = names.filter((name) => isPlaced(rule, kind, name));
  if (affected.length < 2) return [];
  const list = affected.map((name) => `"${name}"`).join(', ');
  const message = `gives the ${kind}s ${list} the same repositories: the value of a placeholder is in lower case`;
  const cure = `give one of them another name, or name the ${kind}s and their repositories in rules without a placeholder`;
  return [{ code: 'same-in-lower-case', severity: 'warning', rule, message, cure }];
}

function unlisted(rule: Rule, backends: readonly string[]): Finding {
  const message = `gives users whose names differ only in case the same repositories, and ${backends.join(', ')} may have such users`;
  const cure =
    'set lowercase: true for the backend if its names are unique without case; otherwise name users in rules';
  return { code: 'same-in-lower-case', severity: 'hint', rule, message, cure };
}

/** Whether a repository pattern of the rule contains the name, or a part of it. */
function isPlaced(rule: Rule, kind: Kind, name: string): boolean {
  const used = placeholdersOf(rule);
  const { everyone, users, groups } = rule.who;
  const matches = pairsOf(rule, kind).flatMap(({ exact }) => exact.match(name) ?? []);
  const isBound = matches.length > 0 || (kind === 'user' && (everyone || (groups.length > 0 && users.length === 0)));
  return (isBound && used.has(kind)) || matches.some((captured) => [...captured.keys()].some((key) => used.has(key)));
}

function usesUserName(rule: Rule): boolean {
  const used = placeholdersOf(rule);
  const captures = rule.who.users.flatMap(({ exact: { text } }) => [...text.matchAll(/\{([^{}]*)\}/g)]);
  return used.has('user') || captures.some(([, capture = '']) => used.has(capture));
}

function placeholdersOf({ repositories }: Rule): ReadonlySet<string> {
  return new Set(repositories.flatMap(({ placeholders }) => placeholders));
}

function pairsOf({ who }: Rule, kind: Kind): readonly CasePair[] {
  return kind === 'user' ? who.users : who.groups;
}
