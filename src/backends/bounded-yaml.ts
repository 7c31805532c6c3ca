/** A YAML parser that refuses deep nesting before it builds a tree: a tree takes hundreds of bytes for each bracket. */
import { Composer, Parser, YAMLParseError } from 'yaml';
import type { Document, DocumentOptions, LineCounter, ParseOptions, SchemaOptions } from 'yaml';

/** Levels of mappings and lists. People write ten at most. */
export const MAX_DEPTH = 64;
/** What the parser's stack holds in addition to collections: the document and a scalar. */
const OTHER_LEVELS = 2;

/** A RangeError, as the package throws where nesting exhausts the stack. */
export class NestingError extends RangeError {
  override readonly name = 'NestingError';
  /** Characters from the beginning of the text to the first level that is too deep. */
  readonly offset: number;

  constructor(offset: number) {
    super(`nested more than ${MAX_DEPTH} levels deep`);
    this.offset = offset;
  }
}

class BoundedParser extends Parser {
  override *next(source: string): ReturnType<Parser['next']> {
    yield* super.next(source);
    if (this.stack.length > MAX_DEPTH + OTHER_LEVELS) throw new NestingError(this.offset);
  }
}

type Options = ParseOptions & DocumentOptions & SchemaOptions & { readonly lineCounter: LineCounter };

/**
 * Does what `parseDocument` of the package does, within the bound.
 *
 * @throws NestingError
 */
export function parseYaml(text: string, options: Options): Document {
  const tokens = new BoundedParser(options.lineCounter.addNewLine).parse(text);
  const [document, second] = new Composer(options).compose(tokens, true, text.length);
  // The composer, called with `true`, gives a document for any text.
  if (document === undefined) throw new Error('the YAML parser has found no document');
  if (second !== undefined) {
    const [start, end] = second.range;
    document.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'the text has several documents'));
  }
  return document;
}

/**
 * The problem of a mapping that has a key twice. It does not quote the key, which may be a misplaced password.
 *
 * @param line of the first one, counted from 1
 */
export function repeatedKey(line: number): string {
  return `found a key a second time (first in line ${line}), expected each once: delete one`;
}
