/**
 * Globs as Go's `path.Match` reads them: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are one character (a `/`, too),
 * `\` takes the next character literally. There is no `**` and there are no braces.
 */

interface GoGlob {
  /** The text that it alone matches; undefined when it has a wildcard. */
  readonly literal: string | undefined;
  matches(text: string): boolean;
}

type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] };

/** What follows a star, or the beginning. */
interface Chunk {
  readonly star: boolean;
  readonly pieces: readonly Piece[];
}

/** @returns undefined when it is malformed: Go matches nothing with such a pattern. */
export function parseGoGlob(pattern: string): GoGlob | undefined {
  const chunks = parseChunks(Array.from(pattern));
  if (chunks === undefined) return undefined;
  const [first] = chunks;
  const isLiteral =
    chunks.length === 1 && first?.star === false && first.pieces.every(({ kind }) => kind === 'literal');
  return {
    literal: isLiteral ? first.pieces.map((piece) => ('text' in piece ? piece.text : '')).join('') : undefined,
    matches: (text) => matchChunks(chunks, Array.from(text)),
  };
}

/** The text as a glob that matches it alone; also as RE2 would have it (`regexp.QuoteMeta`). */
export function quoteMeta(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}

function parseChunks(pattern: readonly string[]): readonly Chunk[] | undefined {
  const chunks: { star: boolean; pieces: Piece[] }[] = [];
  let at = 0;
  do {
    const star = pattern[at] === '*';
    while (pattern[at] === '*') at += 1;
    const pieces: Piece[] = [];
    while (at < pattern.length && pattern[at] !== '*') {
      const read = readPiece(pattern, at);
      if (read === undefined) return undefined;
      pieces.push(read.piece);
      at = read.end;
    }
    chunks.push({ star, pieces });
  } while (at < pattern.length);
  return chunks;
}

function readPiece(
  pattern: readonly string[],
  at: number,
): { readonly piece: Piece; readonly end: number } | undefined {
  const character = pattern[at] ?? '';
  if (character === '?') return { piece: { kind: 'any' }, end: at + 1 };
  if (character === '[') return readClass(pattern, at + 1);
  const text = character === '\\' ? pattern[at + 1] : character;
  if (text === undefined) return undefined;
  return { piece: { kind: 'literal', text }, end: at + (character === '\\' ? 2 : 1) };
}

function readClass(
  pattern: readonly string[],
  start: number,
): { readonly piece: Piece; readonly end: number } | undefined {
  const negated = pattern[start] === '^';
  const ranges: (readonly [number, number])[] = [];
  let at = negated ? start + 1 : start;
  while (pattern[at] !== ']' || ranges.length === 0) {
    const low = readBound(pattern, at);
    if (low === undefined) return undefined;
    const high = pattern[low.end] === '-' ? readBound(pattern, low.end + 1) : low;
    if (high === undefined) return undefined;
    ranges.push([low.code, high.code]);
    at = high.end;
  }
  return { piece: { kind: 'class', negated, ranges }, end: at + 1 };
}

/** One end of a range; something must follow it, at least the bracket that closes. */
function readBound(
  pattern: readonly string[],
  at: number,
): { readonly code: number; readonly end: number } | undefined {
  const first = pattern[at];
  if (first === undefined || first === '-' || first === ']') return undefined;
  const character = first === '\\' ? pattern[at + 1] : first;
  const end = at + (first === '\\' ? 2 : 1);
  const code = character?.codePointAt(0);
  return code === undefined || end >= pattern.length ? undefined : { code, end };
}

/** As Go does it: each chunk is matched as far to the left as it can be, and what has been matched is never revised. */
function matchChunks(chunks: readonly Chunk[], text: readonly string[]): boolean {
  let at = 0;
  for (const [index, { star, pieces }] of chunks.entries()) {
    const isLast = index === chunks.length - 1;
    if (star && pieces.length === 0) return !text.includes('/', at);
    const end = findChunk(pieces, text, at, star, isLast);
    if (end === undefined) return false;
    at = end;
  }
  return at === text.length;
}

function findChunk(
  pieces: readonly Piece[],
  text: readonly string[],
  from: number,
  star: boolean,
  isLast: boolean,
): number | undefined {
  for (let start = from; start <= text.length; start += 1) {
    const end = matchPieces(pieces, text, start);
    if (end !== undefined && (!isLast || end === text.length)) return end;
    if (!star || text[start] === '/') return undefined;
  }
  return undefined;
}

function matchPieces(pieces: readonly Piece[], text: readonly string[], start: number): number | undefined {
  const fits = pieces.every((piece, index) => matchPiece(piece, text[start + index]));
  return fits ? start + pieces.length : undefined;
}

function matchPiece(piece: Piece, character: string | undefined): boolean {
  if (character === undefined) return false;
  switch (piece.kind) {
    case 'literal':
      return piece.text === character;
    case 'any':
      return character !== '/';
    case 'class': {
      const code = character.codePointAt(0) ?? 0;
      return piece.ranges.some(([low, high]) => low <= code && code <= high) !== piece.negated;
    }
  }
}
