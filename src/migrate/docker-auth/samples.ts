/** Texts that patterns match, and texts that they nearly match, for the comparison of old and new decisions. */
import { parseGoGlob } from '../../config/match/go-glob.ts';
import { parseMatchPattern, regexOf } from '../../config/match/match-pattern.ts';

/** Some texts that a pattern without placeholders matches. */
export function samplesOf(pattern: string): readonly string[] {
  const regex = regexOf(pattern);
  // An expression without an anchor at its end matches a part of a name.
  const found = regex === undefined ? [fromGlob(pattern)] : fromRegex(regex).flatMap((text) => [text, `${text}x`]);
  const parsed = parseMatchPattern(pattern);
  if (typeof parsed === 'string') return [];
  return found.filter((text) => parsed.matches(text, () => []));
}

function fromGlob(glob: string): string {
  const literal = parseGoGlob(glob)?.literal;
  return (
    literal ??
    glob
      .replaceAll(/\[\^?(.)[^\]]*\]/g, '$1')
      .replaceAll(/\*+|\?/g, 'x')
      .replaceAll('\\', '')
  );
}

const MAX_ALTERNATIVES = 16;

/** One text for each alternative, with a letter for each wildcard. */
function fromRegex(source: string): readonly string[] {
  const bare = source
    .replaceAll(/\(\?(?:P?<\w+>|[imsU-]*:?)/g, '(')
    .replaceAll(/\\[bBAz]/g, '')
    .replaceAll(/\\([\w])/g, (_, letter: string) => (letter === 'd' ? '1' : 'a'))
    .replaceAll(/\[\^[^\]]*\]/g, 'x')
    .replaceAll(/\[(.)[^\]]*\]/g, '$1');
  return expanded(bare).map((text) =>
    text
      .replaceAll(/[()^$]/g, '')
      .replaceAll(/\{[\d,]*\}|[*+?]/g, '')
      .replaceAll(/(?<!\\)\./g, 'x')
      .replaceAll('\\', ''),
  );
}

function expanded(source: string): readonly string[] {
  const done: string[] = [];
  const open = [source];
  while (open.length > 0 && done.length + open.length <= MAX_ALTERNATIVES) {
    const text = open.shift() ?? '';
    const group = /\(([^()]*\|[^()]*)\)/.exec(text);
    const inner = group?.[1] ?? (text.includes('(') ? undefined : text.includes('|') ? text : undefined);
    if (inner === undefined) done.push(text);
    else {
      const whole = group?.[0] ?? text;
      open.push(...inner.split('|').map((part) => text.replace(whole, () => part)));
    }
  }
  return [...done, ...open];
}

/** Longer and deeper names, for which globs and expressions without anchors differ. */
export function neighboursOf(name: string): readonly string[] {
  return [name, `${name}/more`, `${name}-x`, `other/${name}`];
}
