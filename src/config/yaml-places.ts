/** Finds the place of a path in a YAML document. */
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Document, Node, Scalar, YAMLMap } from 'yaml';
import type { Path } from './problems.ts';

interface YamlPlace {
  /** Characters from the beginning of the file. */
  readonly offset: number;
  /** The number of steps of the path that exist. */
  readonly depth: number;
}

interface Entry {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
}

/**
 * Follows a path as far as it exists.
 *
 * @param part `key`: the offset of the last key, when the whole path exists
 */
export function lastExisting(document: Document, path: Path, part: 'key' | 'value'): YamlPlace {
  let entry: Entry = { key: undefined, value: isNode(document.contents) ? document.contents : undefined };
  for (const [depth, step] of path.entries()) {
    const next = entryOf(resolved(entry.value, document), step);
    if (next === undefined) return { offset: offsetOf(entry), depth };
    entry = next;
  }
  return { offset: part === 'key' ? (entry.key?.range?.[0] ?? offsetOf(entry)) : offsetOf(entry), depth: path.length };
}

function resolved(node: Node | undefined, document: Document): Node | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}

function entryOf(node: Node | undefined, step: string | number): Entry | undefined {
  if (isSeq(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return isNode(item) ? { key: undefined, value: item } : undefined;
  }
  return isMap(node) ? entriesOf(node).get(String(step)) : undefined;
}

const entriesByMap = new WeakMap<YAMLMap, ReadonlyMap<string, Entry>>();

/** An index: with a search per problem, a file of many problems in one mapping would take minutes. */
function entriesOf(map: YAMLMap): ReadonlyMap<string, Entry> {
  let entries = entriesByMap.get(map);
  if (entries === undefined) {
    // Of duplicate keys, the last one has the value that counts.
    entries = new Map(map.items.flatMap(({ key, value }) => (isScalar(key) ? [entryFor(key, value)] : [])));
    entriesByMap.set(map, entries);
  }
  return entries;
}

function entryFor(key: Scalar, value: unknown): readonly [string, Entry] {
  return [String(key.value), { key, value: isNode(value) ? value : undefined }];
}

/** A missing value, as in `key:`, is at the place of its key. */
function offsetOf({ key, value }: Entry): number {
  const [start, end] = value?.range ?? [];
  const isEmpty = start === undefined || start === end;
  return isEmpty ? (key?.range?.[0] ?? start ?? 0) : start;
}
