/** Filters as text (RFC 4515), for people to read. */
import type { Comparison, FilterNode, FilterValue } from '../wire/filter.ts';

const SIGNS: Readonly<Record<Comparison, string>> = {
  equal: '=',
  'greater-or-equal': '>=',
  'less-or-equal': '<=',
  approximate: '~=',
};

/** @param values what stands in for placeholders; one that is absent stays as `{name}` */
export function printFilter(node: FilterNode, values: Readonly<Record<string, string>> = {}): string {
  const print = (inner: FilterNode): string => printFilter(inner, values);
  const text = (value: FilterValue): string => printValue(value, values);
  switch (node.kind) {
    case 'and':
      return `(&${node.filters.map(print).join('')})`;
    case 'or':
      return `(|${node.filters.map(print).join('')})`;
    case 'not':
      return `(!${print(node.filter)})`;
    case 'present':
      return `(${node.attribute}=*)`;
    case 'equal':
    case 'greater-or-equal':
    case 'less-or-equal':
    case 'approximate':
      return `(${node.attribute}${SIGNS[node.kind]}${text(node.value)})`;
    case 'substrings':
      return `(${node.attribute}=${node.pieces.map(text).join('*')})`;
    case 'extensible': {
      const rule = node.rule === undefined ? '' : `:${node.rule}`;
      return `(${node.attribute ?? ''}${node.dnAttributes ? ':dn' : ''}${rule}:=${text(node.value)})`;
    }
  }
}

function printValue(value: FilterValue, values: Readonly<Record<string, string>>): string {
  return value
    .map((part) => {
      if (!('placeholder' in part)) return escape(part.toString('utf8'));
      const given = Object.hasOwn(values, part.placeholder) ? values[part.placeholder] : undefined;
      return given === undefined ? `{${part.placeholder}}` : escape(given);
    })
    .join('');
}

function escape(text: string): string {
  return text.replaceAll(/[*()\\\p{Cc}]/gu, (char) => `\\${Buffer.from(char).toString('hex')}`);
}
