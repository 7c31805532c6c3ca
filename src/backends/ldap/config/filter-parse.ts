/** Parses filters as text (RFC 4515). Extensions: placeholders `{name}`, and white space between terms. */
import type { FilterComparison, FilterNode, FilterValue, FilterPlaceholder } from '../wire/filter.ts';

/** An attribute description, with options such as `;binary`, or an OID. */
const DESCRIPTION = '(?:[a-zA-Z][a-zA-Z0-9-]*|\\d+(?:\\.\\d+)+)(?:;[a-zA-Z0-9-]+)*';
const ITEM = new RegExp(`(${DESCRIPTION})?(:dn)?(?::(${DESCRIPTION}))?(:=|>=|<=|~=|=)`, 'y');
const VALUE = /(?:\\[0-9a-fA-F]{2}|[^\\()\0])*/y;
const SPACE = /\s*/y;
const PART = /\\([0-9a-fA-F]{2})|\{([^{}]*)\}|[^\\{]+|\{/g;
const MAX_DEPTH = 32;
const MAX_LENGTH = 8192;

const COMPARISONS: Readonly<Record<string, FilterComparison>> = {
  '=': 'equal',
  '>=': 'greater-or-equal',
  '<=': 'less-or-equal',
  '~=': 'approximate',
};

/**
 * @param placeholders the names that are allowed in braces
 * @returns the filter, or a sentence that says what is wrong with the text and where
 */
export function parseFilter(text: string, placeholders: readonly string[] = []): FilterNode | string {
  if (text.length > MAX_LENGTH) return `expected a filter of at most ${MAX_LENGTH} characters`;
  try {
    const parser = new FilterParser(text, placeholders);
    const node = parser.filter(0);
    parser.end();
    return node;
  } catch (error) {
    if (error instanceof FilterSyntaxError) return error.message;
    throw error;
  }
}

class FilterSyntaxError extends Error {}

class FilterParser {
  readonly #text: string;
  readonly #placeholders: readonly string[];
  #at = 0;

  constructor(text: string, placeholders: readonly string[]) {
    this.#text = text;
    this.#placeholders = placeholders;
  }

  filter(depth: number): FilterNode {
    if (depth > MAX_DEPTH) throw this.#syntaxError(`at most ${MAX_DEPTH} levels of parentheses`);
    this.#expect('(');
    const node = this.#inner(depth);
    this.#expect(')');
    return node;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#syntaxError('the end of the filter');
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
    if (whole === '') throw this.#syntaxError('an attribute and =, such as (uid={login})');
    const extensible = operator === ':=';
    if (
      extensible
        ? attribute === undefined && rule === undefined
        : attribute === undefined || whole !== attribute + operator
    ) {
      throw this.#syntaxError('an attribute and =, such as (uid={login})', whole.length);
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
    if (pieces.slice(1, -1).includes('')) throw this.#syntaxError('one * and not two together');
    return { kind: 'substrings', attribute, pieces: pieces.map((piece) => this.#value(piece)) };
  }

  #value(raw: string): FilterValue {
    return [...raw.matchAll(PART)].map(([part, hex, name]): Buffer | FilterPlaceholder => {
      if (hex !== undefined) return Buffer.from(hex, 'hex');
      if (name === undefined && part !== '{') return Buffer.from(part, 'utf8');
      if (name !== undefined && this.#placeholders.includes(name)) return { placeholder: name };
      const allowed = this.#placeholders.map((known) => `{${known}}`).join(', ');
      throw this.#syntaxError(
        `${allowed === '' ? 'no placeholder' : `only ${allowed}`} in braces (a brace itself is \\7b)`,
      );
    });
  }

  #expect(char: string): void {
    this.#skipSpace();
    if (this.#text[this.#at] !== char) throw this.#syntaxError(char);
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

  #syntaxError(expected: string, back = 0): FilterSyntaxError {
    return new FilterSyntaxError(`expected ${expected} at character ${this.#at - back + 1} of the filter`);
  }
}
