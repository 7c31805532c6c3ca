/**
 * Search filters (RFC 4511, section 4.5.1.7) as values. Text from a user becomes the bytes of a value and is never
 * parsed as filter text, so injection is impossible.
 */
import { TAG, element, text } from './ber.ts';

export type FilterNode =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly filter: FilterNode }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: FilterComparison; readonly attribute: string; readonly value: FilterValue }
  | {
      readonly kind: 'substrings';
      readonly attribute: string;
      /** The texts before, between and after the stars; the first and the last may be empty. */
      readonly pieces: readonly FilterValue[];
    }
  | {
      readonly kind: 'extensible';
      readonly attribute: string | undefined;
      readonly rule: string | undefined;
      readonly dnAttributes: boolean;
      readonly value: FilterValue;
    };

export type FilterComparison = 'equal' | 'greater-or-equal' | 'less-or-equal' | 'approximate';
/** Bytes, and placeholders for text that is known later, such as the login. */
export type FilterValue = readonly (Buffer | FilterPlaceholder)[];
export interface FilterPlaceholder {
  readonly placeholder: string;
}

export const equal = (attribute: string, value: string | Buffer): FilterNode => ({
  kind: 'equal',
  attribute,
  value: [typeof value === 'string' ? Buffer.from(value, 'utf8') : value],
});
export const and = (filters: readonly FilterNode[]): FilterNode => joined('and', filters);
export const or = (filters: readonly FilterNode[]): FilterNode => joined('or', filters);
export const ANY_ENTRY: FilterNode = { kind: 'present', attribute: 'objectClass' };

/** The names of the placeholders in a filter. */
export function placeholdersOf(node: FilterNode): ReadonlySet<string> {
  return new Set(
    valuesOf(node).flatMap((value) => value.flatMap((part) => ('placeholder' in part ? [part.placeholder] : []))),
  );
}

const TAGS = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equal: 0xa3,
  substrings: 0xa4,
  'greater-or-equal': 0xa5,
  'less-or-equal': 0xa6,
  present: 0x87,
  approximate: 0xa8,
  extensible: 0xa9,
} as const satisfies Record<FilterNode['kind'], number>;

/**
 * The bytes of a filter in a search request.
 *
 * @param values the text for each placeholder
 * @throws Error when a placeholder has no value
 */
export function encodeFilter(node: FilterNode, values: Readonly<Record<string, string>> = {}): Buffer {
  const encode = (inner: FilterNode): Buffer => encodeFilter(inner, values);
  const bytes = (value: FilterValue): Buffer => bytesOf(value, values);
  const tag = TAGS[node.kind];
  switch (node.kind) {
    case 'and':
    case 'or':
      return element(tag, ...node.filters.map(encode));
    case 'not':
      return element(tag, encode(node.filter));
    case 'present':
      return text(node.attribute, tag);
    case 'equal':
    case 'greater-or-equal':
    case 'less-or-equal':
    case 'approximate':
      return element(tag, text(node.attribute), element(TAG.octetString, bytes(node.value)));
    case 'substrings':
      return element(tag, text(node.attribute), element(TAG.sequence, ...substrings(node.pieces.map(bytes))));
    case 'extensible':
      return element(
        tag,
        ...(node.rule === undefined ? [] : [text(node.rule, 0x81)]),
        ...(node.attribute === undefined ? [] : [text(node.attribute, 0x82)]),
        element(0x83, bytes(node.value)),
        ...(node.dnAttributes ? [element(0x84, Buffer.of(0xff))] : []),
      );
  }
}

function substrings(pieces: readonly Buffer[]): readonly Buffer[] {
  const last = pieces.length - 1;
  return pieces.flatMap((piece, index) => {
    if (piece.length === 0) return [];
    return [element(index === 0 ? 0x80 : index === last ? 0x82 : 0x81, piece)];
  });
}

function bytesOf(value: FilterValue, values: Readonly<Record<string, string>>): Buffer {
  const parts = value.map((part) => {
    if (!('placeholder' in part)) return part;
    const given = Object.hasOwn(values, part.placeholder) ? values[part.placeholder] : undefined;
    if (given === undefined) throw new Error(`the filter has no value for {${part.placeholder}}`);
    return Buffer.from(given, 'utf8');
  });
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
}

function joined(kind: 'and' | 'or', filters: readonly FilterNode[]): FilterNode {
  const [first, ...more] = filters;
  return first !== undefined && more.length === 0 ? first : { kind, filters };
}

function valuesOf(node: FilterNode): readonly FilterValue[] {
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.filters.flatMap(valuesOf);
    case 'not':
      return valuesOf(node.filter);
    case 'present':
      return [];
    case 'substrings':
      return node.pieces;
    case 'equal':
    case 'greater-or-equal':
    case 'less-or-equal':
    case 'approximate':
    case 'extensible':
      return [node.value];
  }
}
