/**
 * The syntax errors of a YAML document, as sentences. After the first one the parser often misreads the rest of the
 * file, so only the first few are listed. The sentences quote nothing of the document, which may contain a password in
 * the wrong place.
 */
import type { YAMLError } from 'yaml';
import type { FormProblem } from './yaml-form.ts';

/** How many lines with errors are listed. */
const MOST_LINES = 3;

const NO_COLON = 'found no colon and space after a key, expected `key: value`';
const SENTENCES: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'found a backslash that escapes nothing, expected such text in single quotes',
  BAD_INDENT:
    'found an indentation that no line above has, expected the keys of one mapping to begin in the same column',
  BAD_SCALAR_START: 'found a value that begins with a reserved character, expected it in quotes',
  MISSING_CHAR: 'found no end or no separator, expected a quote, a bracket, a comma or a colon to be there',
  MULTILINE_IMPLICIT_KEY: NO_COLON,
  MULTIPLE_DOCS: 'found a second document, expected one',
  NON_STRING_KEY: 'found a mapping or list as a key, expected text',
  TAB_AS_INDENT: 'found a tab, expected spaces',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  TAG_RESOLVE_FAILED: 'found a tag, expected a plain value',
};
const MALFORMED = 'found text that is not well-formed YAML';
const STRAY_LINE =
  'found a line that does not continue the lines above: check its indentation, and that of the line above';
const STRAY_ENTRY = 'found an entry of a list among keys: check its indentation, and that of the lines above';
const STRAY_TEXT = 'found text after the end of a value, expected a new line, or the whole value in quotes';
const SECOND_COLON = 'found a second colon in a line, expected text with ": " in it to be quoted';
const INDENTED_BELOW_VALUE =
  'found a value, and on the next line a key that is indented more: give that key the indentation of this one';

/** What the parser means by a code that it uses for several errors: the start of its message. */
const BY_MESSAGE: readonly (readonly [start: RegExp, sentence: string])[] = [
  [/^Implicit map keys need/, NO_COLON],
  [/^Sequence item without/, 'found a line that is no entry of the list above: check its indentation, and its "- "'],
  [/^Missing closing/, 'found no closing quote'],
  [/^Missing , /, 'found no comma between two entries'],
  [/^Flow .* end with a/, 'found no closing bracket or brace before this line'],
];

/** The first error of each line, in the order of the text. */
export function syntaxProblems(errors: readonly YAMLError[], text: string): readonly FormProblem[] {
  const firsts = firstOfEachLine(errors, text);
  const listed = firsts.slice(0, MOST_LINES).map((error) => ({ offset: error.pos[0], message: sentence(error, text) }));
  const next = firsts[MOST_LINES];
  if (next === undefined) return listed;
  const more = firsts.length - MOST_LINES;
  const lines = more === 1 ? '1 more line has an error' : `${more} more lines have errors`;
  const message = `${lines}, which may follow from the first one: correct it and check again`;
  return [...listed, { offset: next.pos[0], message }];
}

function firstOfEachLine(errors: readonly YAMLError[], text: string): readonly YAMLError[] {
  const firsts: YAMLError[] = [];
  let end = -1;
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    if (error.pos[0] <= end) continue;
    firsts.push(error);
    end = endOfLine(text, error.pos[0]);
  }
  return firsts;
}

function sentence({ code, message, pos: [offset] }: YAMLError, text: string): string {
  const known = BY_MESSAGE.find(([start]) => start.test(message));
  if (known !== undefined) return known[1];
  if (text.startsWith('- ', offset)) return STRAY_ENTRY;
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const line = text.slice(start, endOfLine(text, offset));
  const isFirstInLine = text.slice(start, offset).trim() === '';
  if (code !== 'BAD_INDENT' && code !== 'TAB_AS_INDENT' && hasNoColon(line)) return NO_COLON;
  if (code === 'BLOCK_AS_IMPLICIT_KEY') {
    return text.slice(offset, start + line.length).includes(': ') ? SECOND_COLON : INDENTED_BELOW_VALUE;
  }
  if (code !== 'UNEXPECTED_TOKEN') return SENTENCES[code] ?? MALFORMED;
  if (!isFirstInLine) return STRAY_TEXT;
  return hasNoColon(lineBefore(text, start)) ? `${NO_COLON}, in the line above` : STRAY_LINE;
}

/** A word that should be a key: no colon follows it, or no space follows the colon. */
function hasNoColon(line: string): boolean {
  const word = /^ *(?:- *)?[A-Za-z][\w-]*/.exec(line)?.[0];
  if (word === undefined) return false;
  const rest = line.slice(word.length);
  return /^(?:\s|$)/.test(rest) || /^:[^\s/]/.test(rest);
}

function lineBefore(text: string, start: number): string {
  return text.slice(text.lastIndexOf('\n', start - 2) + 1, Math.max(start - 1, 0));
}

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}
