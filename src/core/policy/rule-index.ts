/**
 * Finds the rules that can match, so that a decision does not evaluate every rule: first by the segments of the
 * repository, then by user and group names.
 *
 * A trie of pattern segments leads to buckets. A bucket has the rules with literal user and group names by name, and a
 * list of the rules with patterns, which must be evaluated.
 */
import type { Identity } from '../identity.ts';
import type { Rule } from './rule.ts';
import type { CasePair } from './who.ts';
import { segmentMayMatch } from './repository-pattern.ts';
import type { RepositoryPattern, SegmentPattern } from './repository-pattern.ts';

/** One rule with one of its repository patterns. */
interface Clause {
  readonly rule: Rule;
  readonly pattern: RepositoryPattern;
}

export interface RuleIndex {
  /**
   * The clauses whose repository pattern fits for some values of placeholders, and whose who may include the caller. A
   * clause may be returned more than once.
   *
   * @param identity undefined for anonymous
   */
  candidates(segments: readonly string[], identity: Identity | undefined): readonly Clause[];
  /** The rules of which a repository pattern fits for some values of placeholders, whoever asks. */
  fitting(segments: readonly string[]): ReadonlySet<Rule>;
}

interface Node {
  readonly literals: Map<string, Node>;
  /** Children by segment text, for `*` and placeholders. */
  readonly wild: Map<string, { readonly segment: SegmentPattern; readonly node: Node }>;
  deep: Node | undefined;
  bucket: Bucket | undefined;
}

interface Names {
  readonly exact: Map<string, Clause[]>;
  readonly folded: Map<string, Clause[]>;
}

interface Bucket {
  readonly users: Names;
  readonly groups: Names;
  /** Clauses for any authenticated user, or with a user or group pattern. */
  readonly matched: Clause[];
  readonly everyone: Clause[];
}

/** An index to which rules are added one by one. */
interface GrowingIndex extends RuleIndex {
  add(rule: Rule): void;
}

export function createRuleIndex(): GrowingIndex {
  const root = newNode();
  return {
    add: (rule) => {
      for (const pattern of rule.repositories) addClause(bucketFor(root, pattern), { rule, pattern });
    },
    candidates: (segments, identity) => {
      const found: Clause[] = [];
      for (const bucket of reachableBuckets(root, segments)) collect(bucket, identity, found);
      return found;
    },
    fitting: (segments) => {
      const clauses = [...reachableBuckets(root, segments)].flatMap(({ users, groups, matched, everyone }) => [
        ...everyone,
        ...matched,
        ...[...users.exact.values(), ...groups.exact.values()].flat(),
      ]);
      return new Set(clauses.map(({ rule }) => rule));
    },
  };
}

function newNode(): Node {
  return { literals: new Map(), wild: new Map(), deep: undefined, bucket: undefined };
}

function bucketFor(root: Node, pattern: RepositoryPattern): Bucket {
  let node = root;
  for (const segment of pattern.segments) node = childFor(node, segment);
  node.bucket ??= { users: newNames(), groups: newNames(), matched: [], everyone: [] };
  return node.bucket;
}

function childFor(node: Node, segment: SegmentPattern): Node {
  if (segment.kind === 'deep') return (node.deep ??= newNode());
  const known = segment.kind === 'literal' ? node.literals.get(segment.key) : node.wild.get(segment.key)?.node;
  if (known !== undefined) return known;
  const child = newNode();
  if (segment.kind === 'literal') node.literals.set(segment.key, child);
  else node.wild.set(segment.key, { segment, node: child });
  return child;
}

function newNames(): Names {
  return { exact: new Map(), folded: new Map() };
}

function addClause(bucket: Bucket, clause: Clause): void {
  const { who } = clause.rule;
  if (who.everyone) bucket.everyone.push(clause);
  for (const pair of who.users) addName(bucket.users, bucket.matched, pair, clause);
  for (const pair of who.groups) addName(bucket.groups, bucket.matched, pair, clause);
}

function addName(names: Names, matched: Clause[], { exact, folded }: CasePair, clause: Clause): void {
  if (exact.literal === undefined || folded.literal === undefined) {
    if (matched.at(-1) !== clause) matched.push(clause);
    return;
  }
  append(names.exact, exact.literal, clause);
  append(names.folded, folded.literal, clause);
}

function append(map: Map<string, Clause[]>, key: string, clause: Clause): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [clause]);
  else list.push(clause);
}

function reachableBuckets(root: Node, segments: readonly string[]): ReadonlySet<Bucket> {
  const found = new Set<Bucket>();
  walk(root, segments, 0, found);
  return found;
}

function walk(node: Node, segments: readonly string[], at: number, found: Set<Bucket>): void {
  if (node.deep !== undefined) {
    for (let next = at; next <= segments.length; next++) walk(node.deep, segments, next, found);
  }
  const segment = segments[at];
  if (segment === undefined) {
    if (node.bucket !== undefined) found.add(node.bucket);
    return;
  }
  const literal = node.literals.get(segment);
  if (literal !== undefined) walk(literal, segments, at + 1, found);
  for (const child of node.wild.values()) {
    if (segmentMayMatch(child.segment, segment)) walk(child.node, segments, at + 1, found);
  }
}

function collect(bucket: Bucket, identity: Identity | undefined, found: Clause[]): void {
  found.push(...bucket.everyone);
  if (identity === undefined) return;
  found.push(...bucket.matched);
  const form = identity.caseless ? 'folded' : 'exact';
  found.push(...(bucket.users[form].get(identity.username) ?? []));
  for (const clauses of named(bucket.groups[form], identity.groups)) found.push(...clauses);
}

/** The values under the names. It iterates over the smaller of the two collections. */
function named(map: ReadonlyMap<string, Clause[]>, names: ReadonlySet<string>): Clause[][] {
  if (names.size <= map.size) return [...names].flatMap((name) => (map.has(name) ? [map.get(name) ?? []] : []));
  return [...map].flatMap(([name, clauses]) => (names.has(name) ? [clauses] : []));
}
