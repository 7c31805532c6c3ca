/** Filters as people write them (RFC 4515), with `{name}` for what is only known later and space between terms. */
import type { Comparison, FilterNode, FilterValue, Placeholder } from '../wire/filter.ts';

/** An attribute description, with options such as `;binary`, or an OID. */
const DESCRIPTION = '(?:[a-zA-Z][a-zA-Z0-9-]*|\\d+(?:\\.\\d+)+)(?:;[a-zA-Z0-9-]+)*';
const ITEM = new RegExp(`(${DESCRIPTION})?(:dn)?(?::(${DESCRIPTION}))?(:=|>=|<=|~=|=)`, 'y');
const VALUE = /(?:\\[0-9a-fA-F]{2}|[^\\()\0])*/y;
const SPACE = /\s*/y;
const PART = /\\([0-9a-fA-F]{2})|\{([^{}]*)\}|[^\\{]+|\{/g;
const MAX_DEPTH = 32;
const MAX_LENGTH = 8192;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': 'equal',
  '>=': 'greater-or-equal',
  '<=': 'less-or-equal',
  '~=': 'approximate',
};

/**
 * @param placeholders the names that may stand in braces
 * @returns the filter, or a sentence that says what is wrong with the text and where
 */
export function parseFilter(text: string, placeholders: readonly string[] = []): FilterNode | string {
  if (text.length > MAX_LENGTH) return `expected a filter of at most ${MAX_LENGTH} characters`;
  try {
    const reader = new Reader(text, placeholders);
    const node = reader.filter(0);
    reader.end();
    return node;
  } catch (error) {
    if (error instanceof FilterProblem) return error.message;
    throw error;
  }
}

class FilterProblem extends Error {}

class Reader {
  readonly #text: string;
  readonly #placeholders: readonly string[];
  #at = 0;

  constructor(text: string, placeholders: readonly string[]) {
    this.#text = text;
    this.#placeholders = placeholders;
  }

  filter(depth: number): FilterNode {
    if (depth > MAX_DEPTH) throw this.#problem(`at most ${MAX_DEPTH} levels of parentheses`);
    this.#expect('(');
    const node = this.#inner(depth);
    this.#expect(')');
    return node;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#problem('the end of the filter');
  }

  #inner(depth: number): FilterNode {
    this.#skipSpace();
    const operator = this.#text[this.#at];
    if (operator === '!') {
      this.#at += 1;
      return { kind: 'not', filter: this.filter(depth + 1) };
    }
    if (operator !== '&' && operator !== '|') return this.#item();
    this.#at += 1;
    const filters: FilterNode[] = [];
    for (this.#skipSpace(); this.#text[this.#at] === '('; this.#skipSpace()) filters.push(this.filter(depth + 1));
    return { kind: operator === '&' ? 'and' : 'or', filters };
  }

  #item(): FilterNode {
    const [whole = '', attribute, dn, rule, operator = ''] = this.#match(ITEM) ?? [];
    if (whole === '') throw this.#problem('an attribute and =, such as (uid={login})');
    const extensible = operator === ':=';
    if (
      extensible
        ? attribute === undefined && rule === undefined
        : attribute === undefined || whole !== attribute + operator
    ) {
      throw this.#problem('an attribute and =, such as (uid={login})', whole.length);
    }
    const [raw = ''] = this.#match(VALUE) ?? [];
    if (extensible)
      return { kind: 'extensible', attribute, rule, dnAttributes: dn !== undefined, value: this.#value(raw) };
    return this.#comparison(attribute ?? '', operator, raw);
  }

  #comparison(attribute: string, operator: string, raw: string): FilterNode {
    if (operator !== '=' || !raw.includes('*')) {
      return { kind: COMPARISONS[operator] ?? 'equal', attribute, value: this.#value(raw) };
    }
    if (raw === '*') return { kind: 'present', attribute };
    const pieces = raw.split('*');
    if (pieces.slice(1, -1).includes('')) throw this.#problem('one * and not two together');
    return { kind: 'substrings', attribute, pieces: pieces.map((piece) => this.#value(piece)) };
  }

  #value(raw: string): FilterValue {
    return [...raw.matchAll(PART)].map(([part, hex, name]): Buffer | Placeholder => {
      if (hex !== undefined) return Buffer.from(hex, 'hex');
      if (name === undefined && part !== '{') return Buffer.from(part, 'utf8');
      if (name !== undefined && this.#placeholders.includes(name)) return { placeholder: name };
      const allowed = this.#placeholders.map((known) => `{${known}}`).join(', ');
      throw this.#problem(
        `${allowed === '' ? 'no placeholder' : `only ${allowed}`} in braces (a brace itself is \\7b)`,
      );
    });
  }

  #expect(char: string): void {
    this.#skipSpace();
    if (this.#text[this.#at] !== char) throw this.#problem(char);
    this.#at += 1;
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    this.#at += match?.[0].length ?? 0;
    return match;
  }

  #problem(expected: string, back = 0): FilterProblem {
    return new FilterProblem(`expected ${expected} at character ${this.#at - back + 1} of the filter`);
  }
}

/** The text of a filter, every value escaped: what a log or an explanation shows. */
export function filterText(node: FilterNode): string {
  switch (node.kind) {
    case 'and':
    case 'or':
      return `(${node.kind === 'and' ? '&' : '|'}${node.filters.map(filterText).join('')})`;
    case 'not':
      return `(!${filterText(node.filter)})`;
    case 'present':
      return `(${node.attribute}=*)`;
    case 'substrings':
      return `(${node.attribute}=${node.pieces.map(valueText).join('*')})`;
    case 'extensible':
      return `(${node.attribute ?? ''}${node.dnAttributes ? ':dn' : ''}${node.rule === undefined ? '' : `:${node.rule}`}:=${valueText(node.value)})`;
    case 'equal':
      return `(${node.attribute}=${valueText(node.value)})`;
    case 'greater-or-equal':
      return `(${node.attribute}>=${valueText(node.value)})`;
    case 'less-or-equal':
      return `(${node.attribute}<=${valueText(node.value)})`;
    case 'approximate':
      return `(${node.attribute}~=${valueText(node.value)})`;
  }
}

function valueText(value: FilterValue): string {
  return value.map((part) => ('placeholder' in part ? `{${part.placeholder}}` : escapeBytes(part))).join('');
}

/** RFC 4515, section 3; braces too, as they mark placeholders here. */
function escapeBytes(bytes: Buffer): string {
  const decoded = bytes.toString('utf8');
  if (!Buffer.from(decoded, 'utf8').equals(bytes)) return hexPairs(bytes);
  return decoded.replaceAll(/[*()\\{}\p{Cc}]/gu, (char) => hexPairs(Buffer.from(char, 'utf8')));
}

function hexPairs(bytes: Buffer): string {
  return bytes.toString('hex').replaceAll(/../g, '\\$&');
}
