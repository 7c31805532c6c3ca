/**
 * Parses expressions that plain patterns can express: literal text, alternatives and wildcards. It refuses all others, so
 * that no part of an expression is ignored.
 */

export type Token =
  | { readonly kind: 'literal'; readonly text: string }
  /** `any`: `.*`, `some`: `.+`; with `segment`, without a slash: `[^/]*`, `[^/]+`. */
  | { readonly kind: 'any' | 'some'; readonly segment: boolean };

type Piece = Token | { readonly kind: 'start' | 'end' };
type Sequence = readonly Piece[];

const MAX = 64;
const ANY: Token = { kind: 'any', segment: false };

/** @returns its alternatives, each for the whole text; undefined: another kind of expression */
export function parseSimpleRegex(source: string): readonly (readonly Token[])[] | undefined {
  const state = { source, at: 0 };
  const found = alternatives(state);
  if (found === undefined || state.at < source.length) return undefined;
  const whole = found.map(anchored);
  return whole.every((tokens) => tokens !== undefined) ? whole : undefined;
}

interface State {
  readonly source: string;
  at: number;
}

function alternatives(state: State): readonly Sequence[] | undefined {
  const found: Sequence[] = [];
  for (;;) {
    const sequences = sequence(state);
    if (sequences === undefined || found.length + sequences.length > MAX) return undefined;
    found.push(...sequences);
    if (state.source[state.at] !== '|') return found;
    state.at += 1;
  }
}

function sequence(state: State): readonly Sequence[] | undefined {
  let found: readonly Sequence[] = [[]];
  while (state.at < state.source.length && !'|)'.includes(state.source[state.at] ?? '')) {
    const next = atom(state);
    if (next === undefined || found.length * next.length > MAX) return undefined;
    found = found.flatMap((before) => next.map((piece) => [...before, ...piece]));
  }
  return found;
}

const ATOM = /(?<anchor>[\^$])|(?<wild>\.|\[\^\/\])(?<count>[*+])|\\(?<escaped>[^\w\s])|(?<plain>[^\\^$.|?*+()[\]{}])/y;

function atom(state: State): readonly Sequence[] | undefined {
  if (state.source[state.at] === '(') return group(state);
  ATOM.lastIndex = state.at;
  const { anchor, wild, count, escaped, plain } = ATOM.exec(state.source)?.groups ?? {};
  const text = escaped ?? plain;
  if (anchor === undefined && wild === undefined && text === undefined) return undefined;
  state.at = ATOM.lastIndex;
  if (/[*+?{]/.test(state.source[state.at] ?? '')) return undefined;
  if (anchor !== undefined) return [[{ kind: anchor === '^' ? 'start' : 'end' }]];
  if (text !== undefined) return [[{ kind: 'literal', text }]];
  return [[{ kind: count === '*' ? 'any' : 'some', segment: wild !== '.' }]];
}

function group(state: State): readonly Sequence[] | undefined {
  state.at += state.source.startsWith('(?:', state.at) ? 3 : 1;
  const inner = alternatives(state);
  if (inner === undefined || state.source[state.at] !== ')') return undefined;
  state.at += 1;
  return /[*+?{]/.test(state.source[state.at] ?? '') ? undefined : inner;
}

/** An expression without anchors matches anywhere in the text. */
function anchored(pieces: Sequence): readonly Token[] | undefined {
  const isStart = pieces[0]?.kind === 'start';
  const isEnd = pieces.at(-1)?.kind === 'end';
  const inner = pieces.slice(isStart ? 1 : 0, isEnd ? -1 : undefined);
  const tokens = inner.filter(isToken);
  if (tokens.length < inner.length) return undefined;
  return [...(isStart ? [] : [ANY]), ...tokens, ...(isEnd ? [] : [ANY])];
}

function isToken(piece: Piece): piece is Token {
  return piece.kind !== 'start' && piece.kind !== 'end';
}
