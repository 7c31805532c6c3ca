/** Converts patterns of imported rules to plain patterns, if they mean the same for all possible names. */
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import { parseRepositoryPattern } from '../../core/policy/repository-pattern.ts';
import type { Token } from './simple-regex.ts';

const REPOSITORY_TEXT = /^[a-z0-9._:/-]*$/;

/** Patterns for names of users or services; undefined: no plain patterns mean the same. */
export function namePatterns(alternatives: readonly (readonly Token[])[]): readonly string[] | undefined {
  const patterns = alternatives.map(namePattern);
  return patterns.every((pattern) => pattern !== undefined) ? [...new Set(patterns)] : undefined;
}

function namePattern(tokens: readonly Token[]): string | undefined {
  let text = '';
  for (const token of tokens) {
    if (token.kind === 'literal') text += token.text;
    // A name may contain slashes, which `[^/]` does not match. `.+` matches at least one character, unlike `*`.
    else if (token.segment || token.kind === 'some') return undefined;
    else if (!text.endsWith('*')) text += '*';
  }
  const literals = tokens.flatMap((token) => (token.kind === 'literal' ? [token.text] : [])).join('');
  return /[*{}]/.test(literals) || typeof parseNamePattern(text) === 'string' ? undefined : text;
}

/** Patterns for repositories; empty: no repository has such a name; undefined: no plain patterns mean the same. */
export function repositoryPatterns(alternatives: readonly (readonly Token[])[]): readonly string[] | undefined {
  const patterns: string[] = [];
  for (const tokens of alternatives) {
    const literals = tokens.flatMap((token) => (token.kind === 'literal' ? [token.text] : [])).join('');
    if (!REPOSITORY_TEXT.test(literals)) continue;
    const found = spread(tokens);
    if (found === undefined || found.some((text) => typeof parseRepositoryPattern(text) === 'string')) return undefined;
    patterns.push(...found);
  }
  return [...new Set(patterns)];
}

interface Progress {
  readonly done: readonly string[];
  /** The segment so far; undefined: a wildcard has ended it. */
  readonly open: string | undefined;
}

/** Expands wildcards that cross slashes: their text ends in this segment, or in another one. */
function spread(tokens: readonly Token[]): readonly string[] | undefined {
  let ways: readonly Progress[] = [{ done: [], open: '' }];
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1];
    const isLast = next === undefined || (next.kind === 'literal' && next.text === '/');
    const isFirst = ways.every(({ open }) => open === '');
    if (token.kind === 'some' && !(isFirst && isLast)) return undefined;
    ways = ways.flatMap((way) => step(way, token, isLast));
  }
  return ways.flatMap(({ done, open }) =>
    open === '' ? [] : [[...done, ...((open ?? '') === '' ? [] : [open ?? ''])].join('/')],
  );
}

function step({ done, open }: Progress, token: Token, isLast: boolean): readonly Progress[] {
  if (token.kind === 'literal') {
    if (token.text !== '/') return [{ done, open: (open ?? '') + token.text }];
    if (open === undefined) return [{ done, open: '' }];
    // No name has an empty segment.
    return open === '' ? [] : [{ done: [...done, open], open: '' }];
  }
  const starred = `${(open ?? '').replace(/\*$/, '')}*`;
  if (token.segment) return [{ done, open: starred }];
  if (open === '' || open === undefined)
    return isLast ? [{ done: [...done, '*', '**'], open: undefined }] : [{ done: [...done, '**'], open: '*' }];
  if (isLast) return [{ done: [...done, starred, '**'], open: undefined }];
  return [
    { done, open: starred },
    { done: [...done, starred, '**'], open: '*' },
  ];
}
