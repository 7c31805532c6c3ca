/**
 * Problems with the form of a YAML document. The sentences quote nothing of the document, which may contain a password in
 * the wrong place.
 */
import { isAlias, isScalar, visit } from 'yaml';
import type { Alias, Document, LineCounter, Node, YAMLMap } from 'yaml';
import { repeatedKey } from '../backends/bounded-yaml.ts';
import { syntaxProblems } from './yaml-syntax.ts';

export interface FormProblem {
  /** Characters from the beginning of the file. */
  readonly offset: number;
  readonly message: string;
}

export interface FormProblems {
  /** Problems that leave the meaning of the document open. */
  readonly malformed: readonly FormProblem[];
  /** Problems after which the document can still be checked. */
  readonly improper: readonly FormProblem[];
}

/** More than a hand-written file has. */
const MAX_ALIASES = 100;

const TAG = 'found a tag, expected a plain value';

/**
 * @param text what the document was parsed from
 * @param lines of the text, as the parser has filled them
 */
export function checkForm(document: Document, text: string, lines: LineCounter): FormProblems {
  const malformed = [...syntaxProblems(document.errors, text)];
  const improper: FormProblem[] = [];
  const report = (node: Node | null, message: string): void =>
    void improper.push({ offset: node?.range?.[0] ?? 0, message });

  const { yaml } = document.directives ?? {};
  if (yaml?.explicit === true && yaml.version !== '1.2') {
    malformed.push({ offset: 0, message: `found %YAML ${yaml.version}, expected YAML 1.2` });
  }
  const aliases: { readonly alias: Alias; readonly inside: readonly unknown[] }[] = [];
  visit(document, {
    Map: (_key, map) => checkKeys(map, lines, report),
    Node: (_key, node) => {
      // Known tags are refused, too: !!binary makes bytes, and !!str hides a mistake.
      if (!isAlias(node) && node.tag !== undefined && node.tag !== '') report(node, TAG);
    },
    Alias: (_key, alias, inside) => void aliases.push({ alias, inside }),
  });
  malformed.push(...aliasProblems(document, aliases));
  return { malformed, improper };
}

function checkKeys(map: YAMLMap, lines: LineCounter, report: (node: Node | null, message: string) => void): void {
  const first = new Map<string, Node>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const node: Node = key;
    const name = String(key.value);
    const earlier = first.get(name);
    if (name === '<<') report(node, 'found a merge key (<<), expected its keys written out');
    else if (name === '__proto__') report(node, 'found a key named __proto__, expected another name');
    else if (earlier !== undefined) report(node, repeatedKey(lines.linePos(offsetOf(earlier)).line));
    else first.set(name, node);
  }
}

function aliasProblems(
  document: Document,
  aliases: readonly { readonly alias: Alias; readonly inside: readonly unknown[] }[],
): readonly FormProblem[] {
  const excess = aliases[MAX_ALIASES];
  if (excess !== undefined) {
    return [{ offset: offsetOf(excess.alias), message: `found more than ${MAX_ALIASES} aliases` }];
  }
  return aliases.flatMap(({ alias, inside }) => {
    const target = alias.resolve(document);
    if (target === undefined) {
      return [
        { offset: offsetOf(alias), message: 'found an alias without its anchor; text that begins with * is quoted' },
      ];
    }
    if (!inside.includes(target)) return [];
    return [{ offset: offsetOf(alias), message: 'found an alias inside its own anchor' }];
  });
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
