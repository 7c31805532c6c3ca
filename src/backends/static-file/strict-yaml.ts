/**
 * Reads YAML strictly, value by value, so that every problem has a line and a column. Problems name the type of a value
 * and never quote it: in a file of users it may be a misplaced password.
 */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, visit } from 'yaml';
import type { Alias, Document, Node, Pair, YAMLError } from 'yaml';
import { MAX_DEPTH, NestingError, parseYaml, repeatedKey } from '../bounded-yaml.ts';

/** A value and its place. */
export interface Place {
  /** Such as `users.alice.groups.0`; empty for the whole document. */
  readonly path: string;
  /** Characters from the beginning of the file. */
  readonly offset: number;
  readonly node: Node | undefined;
}

export interface Entry {
  readonly key: string;
  /** The key itself, under the path of its mapping. */
  readonly keyPlace: Place;
  readonly value: Place;
}

/** A problem with its place written out, and the characters before it in the file, to sort by. */
export interface LocatedProblem {
  readonly offset: number;
  readonly text: string;
}

/** A document, and what has been found wrong with it. */
export interface StrictYaml {
  readonly root: Place;
  /** All so far, in the order they were found. */
  readonly found: () => readonly LocatedProblem[];
  /** All so far, in the order of the file. */
  readonly problems: () => readonly string[];
  readonly problemCount: () => number;
  /** @param problem as `found …, expected …` */
  readonly report: (place: Place, problem: string) => void;
  /** The problem that `report` would record, without recording it. */
  readonly locate: (place: Place, problem: string) => LocatedProblem;
  /** The entries of a mapping. Reports, and gives what is left, when it is none or has keys twice. */
  entries(place: Place, expected: string): readonly Entry[];
  /** The items of a list. Reports when it is none. */
  items(place: Place, expected: string): readonly Place[];
  /** A text that is not empty. Reports anything else, and is undefined then. */
  text(place: Place, expected: string): string | undefined;
}

/** More than a file written by hand has, and few enough that expanding them does not exhaust memory. */
const MAX_ALIASES = 1000;

const SENTENCES: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'found a backslash that escapes nothing, expected such text in single quotes',
  BAD_INDENT: 'found an indentation or an open bracket that fits nothing above',
  BAD_SCALAR_START: 'found a value that begins with a reserved character, expected it in quotes',
  MISSING_CHAR: 'found no end or no separator, expected a quote, a bracket, a comma or a colon to be there',
  MULTIPLE_DOCS: 'found a second document, expected one',
  TAB_AS_INDENT: 'found a tab, expected spaces',
  TAG_RESOLVE_FAILED: 'found a tag, expected a plain value',
};
const MALFORMED = 'found text that is not well-formed YAML';
const TOO_DEEP = `found more than ${MAX_DEPTH} levels of mappings and lists, expected fewer`;

/** @param file named in the problems */
export function strictYaml(text: string, file: string): StrictYaml {
  const lines = new LineCounter();
  const found: LocatedProblem[] = [];
  const locate = ({ path, offset }: Pick<Place, 'path' | 'offset'>, problem: string): LocatedProblem => {
    const { line, col } = lines.linePos(offset);
    return { offset, text: `${file}:${line}:${col}: ${path === '' ? '' : `${path}: `}${problem}` };
  };
  const report = (at: Pick<Place, 'path' | 'offset'>, problem: string): void => void found.push(locate(at, problem));

  const parsed = parse(text, lines);
  const document = parsed instanceof NestingError ? undefined : parsed;
  if (parsed instanceof NestingError) report({ path: '', offset: parsed.offset }, TOO_DEEP);
  const faults: readonly YAMLError[] = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
  for (const { code, pos } of faults) report({ path: '', offset: pos[0] }, SENTENCES[code] ?? MALFORMED);

  const targets = document === undefined ? new Map<Alias, Node>() : aliasTargets(document);
  if (targets.size > MAX_ALIASES) {
    report({ path: '', offset: 0 }, `found ${targets.size} aliases, expected ${MAX_ALIASES} at most`);
  }
  const place = (node: unknown, path: string, otherwise: number): Place => {
    const written = isNode(node) ? node : undefined;
    const offset = written?.range?.[0] ?? otherwise;
    return { path, offset, node: isAlias(written) ? targets.get(written) : written };
  };
  const refuse = (at: Place, expected: string): void => report(at, `found ${kindOf(at.node)}, expected ${expected}`);

  return {
    root: place(document?.contents, '', 0),
    found: () => found,
    problems: () => found.toSorted((a, b) => a.offset - b.offset).map((problem) => problem.text),
    problemCount: () => found.length,
    report,
    locate,
    entries(at, expected) {
      if (!isMap(at.node)) {
        refuse(at, expected);
        return [];
      }
      return uniqueEntries(at, at.node.items, { place, report, lines });
    },
    items(at, expected) {
      if (isSeq(at.node)) return at.node.items.map((item, index) => place(item, child(at.path, `${index}`), at.offset));
      refuse(at, expected);
      return [];
    },
    text(at, expected) {
      if (isScalar(at.node) && typeof at.node.value === 'string' && at.node.value !== '') return at.node.value;
      refuse(at, expected);
      return undefined;
    },
  };
}

function parse(text: string, lineCounter: LineCounter): Document | NestingError {
  try {
    // The package compares each key with all others, which takes seconds for a long list: `uniqueEntries` is faster.
    return parseYaml(text, { version: '1.2', lineCounter, uniqueKeys: false, prettyErrors: false });
  } catch (error) {
    if (error instanceof NestingError) return error;
    throw error;
  }
}

/** The node of each alias: the last anchor of its name before it. */
function aliasTargets(document: Document): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, (_key, node) => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    } else if (isNode(node) && 'anchor' in node && typeof node.anchor === 'string') {
      anchors.set(node.anchor, node);
    }
  });
  return targets;
}

function uniqueEntries(
  at: Place,
  pairs: readonly Pair[],
  {
    place,
    report,
    lines,
  }: Pick<StrictYaml, 'report'> & {
    readonly place: (node: unknown, path: string, offset: number) => Place;
    readonly lines: LineCounter;
  },
): readonly Entry[] {
  const entries = new Map<string, Entry>();
  for (const pair of pairs) {
    const keyPlace = place(pair.key, at.path, at.offset);
    const key = isScalar(keyPlace.node) ? keyPlace.node.value : undefined;
    const earlier = typeof key === 'string' ? entries.get(key) : undefined;
    if (typeof key !== 'string') {
      report(keyPlace, `found ${kindOf(keyPlace.node)} as a key, expected text: write it in quotes`);
    } else if (earlier !== undefined) {
      report(keyPlace, repeatedKey(lines.linePos(earlier.keyPlace.offset).line));
    } else {
      entries.set(key, { key, keyPlace, value: place(pair.value, child(at.path, key), keyPlace.offset) });
    }
  }
  return [...entries.values()];
}

export function isMapping({ node }: Place): boolean {
  return isMap(node);
}

function kindOf(node: Node | undefined): string {
  if (node === undefined) return 'nothing';
  if (isMap(node)) return 'a mapping';
  if (isSeq(node)) return 'a list';
  const value = isScalar(node) ? node.value : undefined;
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

function child(path: string, key: string): string {
  const step = /^[\w@-]+$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? step : `${path}.${step}`;
}
