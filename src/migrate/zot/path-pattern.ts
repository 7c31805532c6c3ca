/** Patterns for paths as zot reads them (doublestar): `**` between slashes, `{a,b}`, `?`, `[a-z]`. */
import { MAX_DEEP } from '../../core/policy/repository-pattern.ts';
import { compileRe2 } from '../../config/match/re2.ts';
import { USERNAME } from './order.ts';

type PathPattern =
  | { readonly kind: 'plain'; readonly repositories: readonly string[] }
  /** A regular expression, if the patterns of policies cannot express it. */
  | { readonly kind: 'regex'; readonly source: string }
  | { readonly kind: 'malformed' };

/** In place of the user name while braces are read: no pattern has it. */
const SEGMENT_OF_USER = '\u0000';
const MAX_ALTERNATIVES = 64;
const PLAIN = /^(?:[a-z0-9._:*/-]|\{user\})+$/;

export function readPathPattern(pattern: string): PathPattern {
  // zot accepts the user name as a whole segment only.
  const segments = pattern.split('/').filter((segment) => segment.includes(USERNAME));
  if (segments.some((segment) => segment !== USERNAME)) return { kind: 'malformed' };
  const alternatives = expandBraces(pattern.replaceAll(USERNAME, SEGMENT_OF_USER));
  if (alternatives === undefined) return { kind: 'malformed' };
  const plain = alternatives.map((path) => plainPath(path.replaceAll(SEGMENT_OF_USER, '{user}')));
  if (plain.every((path) => path !== undefined)) return { kind: 'plain', repositories: plain };
  if (segments.length > 0) return { kind: 'malformed' };
  const sources = alternatives.map(regexOfPath);
  const source = `^(?:${sources.join('|')})$`;
  if (!sources.every((one) => one !== undefined) || typeof compileRe2(source) === 'string')
    return { kind: 'malformed' };
  return { kind: 'regex', source };
}

function expandBraces(pattern: string): readonly string[] | undefined {
  const done: string[] = [];
  const open = [pattern];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (done.length + open.length >= MAX_ALTERNATIVES) return undefined;
    const text = next;
    const inner = /\{([^{}]*)\}/.exec(text);
    if (inner === null) done.push(text);
    else {
      const [whole, choices = ''] = inner;
      const before = text.slice(0, inner.index);
      const after = text.slice(inner.index + whole.length);
      open.push(...choices.split(',').map((choice) => before + choice + after));
    }
  }
  return done.some((text) => /[{}]/.test(text)) ? undefined : done;
}

function plainPath(path: string): string | undefined {
  if (!PLAIN.test(path)) return undefined;
  // Next to other text, ** means *.
  const segments = path.split('/').map((segment) => (segment === '**' ? segment : segment.replaceAll(/\*+/g, '*')));
  const deep = segments.filter((segment) => segment === '**').length;
  return segments.includes('') || deep > MAX_DEEP ? undefined : segments.join('/');
}

function regexOfPath(path: string): string | undefined {
  const segments = path.split('/');
  let source = '';
  for (const [index, segment] of segments.entries()) {
    const isFirst = index === 0;
    const isLast = index === segments.length - 1;
    if (segment !== '**') {
      const text = regexOfSegment(segment);
      if (text === undefined) return undefined;
      source += text + (isLast || segments.slice(index + 1).every((rest) => rest === '**') ? '' : '/');
    } else if (isFirst && isLast) source += '.*';
    else if (isLast || segments.slice(index).every((rest) => rest === '**')) return `${source}(?:/[^/]+)*`;
    else source += '(?:[^/]+/)*';
  }
  return source;
}

function regexOfSegment(segment: string): string | undefined {
  let source = '';
  for (let at = 0; at < segment.length; at += 1) {
    const character = segment.charAt(at);
    if (character === '*') source += segment.charAt(at - 1) === '*' ? '' : '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = segment.indexOf(']', at + 2);
      if (end < 0) return undefined;
      source += `[${segment
        .slice(at + 1, end)
        .replace(/^!/, '^')
        .replaceAll('[', String.raw`\[`)}]`;
      at = end;
    } else {
      if (character === '\\') at += 1;
      source += segment.charAt(at).replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
    }
  }
  return source;
}
