/** Prints filters as text (RFC 4515). `parseFilter` reads the text back. */
import type { FilterComparison, FilterNode, FilterValue } from '../wire/filter.ts';

const OPERATORS: Readonly<Record<FilterComparison, string>> = {
  equal: '=',
  'greater-or-equal': '>=',
  'less-or-equal': '<=',
  approximate: '~=',
};

/** @param values the text for each placeholder; a placeholder without a text is printed as `{name}` */
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
      return `(${node.attribute}${OPERATORS[node.kind]}${text(node.value)})`;
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
      if (!('placeholder' in part)) return escapeBytes(part);
      const given = Object.hasOwn(values, part.placeholder) ? values[part.placeholder] : undefined;
      return given === undefined ? `{${part.placeholder}}` : escapeBytes(Buffer.from(given, 'utf8'));
    })
    .join('');
}

/** RFC 4515, section 3; braces are escaped too, because they mark placeholders. */
function escapeBytes(bytes: Buffer): string {
  const decoded = bytes.toString('utf8');
  if (!Buffer.from(decoded, 'utf8').equals(bytes)) return hexPairs(bytes);
  return decoded.replaceAll(/[*()\\{}\p{Cc}]/gu, (char) => hexPairs(Buffer.from(char, 'utf8')));
}

function hexPairs(bytes: Buffer): string {
  return bytes.toString('hex').replaceAll(/../g, '\\$&');
}
