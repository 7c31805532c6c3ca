/** HTML as a browser would read it. */
import { parse } from 'parse5';
import type { DefaultTreeAdapterTypes } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;

/** Each element of a document with the names of its attributes, in order: what a text must not change. */
export function structureOf(text: string): readonly string[] {
  const found: string[] = [];
  visit(parse(text), (node) => {
    if ('attrs' in node) found.push([node.nodeName, ...node.attrs.map(({ name }) => name)].join(' '));
    if (node.nodeName === '#comment') found.push('comment');
  });
  return found;
}

export function textOf(node: Node): string {
  let text = '';
  visit(node, (one) => {
    if ('value' in one) text += one.value;
  });
  return text;
}

/** What a parser has to repair, each by its code. */
export function parseErrors(text: string): readonly string[] {
  const errors: string[] = [];
  parse(text, { onParseError: ({ code, startLine }) => errors.push(`${code} in line ${startLine}`) });
  return errors;
}

function visit(node: Node, see: (node: Node) => void): void {
  see(node);
  if ('childNodes' in node) for (const child of node.childNodes) visit(child, see);
}
