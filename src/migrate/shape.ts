/** Compares a file of another program with the keys that an importer reads: what it does not read, it must report. */
import type { Report } from './finding.ts';
import type { ForeignNode } from './foreign-yaml.ts';

/** `text`, `texts`: a value, or a list of values. `items`: a list. `keys`: a mapping; `any`: the shape of every other key. */
export type Shape =
  | 'text'
  | 'texts'
  | 'ignored'
  | { readonly items: Shape }
  | { readonly keys: Readonly<Record<string, Shape>>; readonly any?: Shape };

/**
 * Reports each key that the shape does not have, and each value of another kind, with its line.
 *
 * @param path of the node, such as `accessControl.repositories`
 */
export function reportUnread(node: ForeignNode, shape: Shape, path: string, report: Report): void {
  if (shape === 'ignored' || node.kind === 'null') return;
  if (shape === 'text' || shape === 'texts') {
    if (node.kind === 'scalar') return;
    if (shape === 'text' || node.kind === 'map') return reportKind(node, shape, path, report);
    for (const item of node.items) reportUnread(item, 'text', path, report);
    return;
  }
  if ('items' in shape) {
    if (node.kind !== 'list') return reportKind(node, 'texts', path, report);
    for (const item of node.items) reportUnread(item, shape.items, path, report);
    return;
  }
  if (node.kind !== 'map') return reportKind(node, 'map', path, report);
  for (const { key, line, value } of node.entries) {
    const known = Object.keys(shape.keys).find((name) => name.toLowerCase() === key.toLowerCase());
    const inner = known === undefined ? shape.any : shape.keys[known];
    const where = `${path}.${key}`;
    if (inner === undefined) report('lost', line, `${where}: this importer does not know the key`);
    else reportUnread(value, inner, where, report);
  }
}

const NAMES = { text: 'a text', texts: 'a list', map: 'a mapping' } as const;
const FOUND = { scalar: 'a text', list: 'a list', map: 'a mapping', null: 'nothing' } as const;

function reportKind(node: ForeignNode, expected: keyof typeof NAMES, path: string, report: Report): void {
  report('lost', node.line, `${path}: found ${FOUND[node.kind]}, expected ${NAMES[expected]}`);
}
