/**
 * Patterns for distinguished names: each wildcard matches within one attribute value, so that `cn=*,ou=groups,dc=corp`
 * does not match an entry below another unit, where other people may create groups.
 */
import { canonicalDn } from '../dn.ts';
import { parseNamePattern } from './name-pattern.ts';
import type { NamePattern } from './name-pattern.ts';

const WILDCARD = /\*|\{[^{}]*\}/g;
/** Separators of a canonical DN (see `canonicalParts`) that are not escaped. */
const PIECE = /(?:[^\\,+]|\\.)+|[,+]/gs;

/** @param dn in canonical form @returns the pattern, or a sentence that says what is wrong with the text */
export function parseDnPattern(dn: string): NamePattern | string {
  const whole = parseNamePattern(dn);
  if (typeof whole === 'string' || whole.literal !== undefined) return whole;
  const pieces = dnPieces(dn);
  const patterns = pieces.map(parseNamePattern).filter((piece) => typeof piece !== 'string');
  return {
    ...whole,
    pieces,
    // The match as text is necessary and fast: a caller may have a thousand groups.
    match: (name: string) => (whole.match(name) === undefined ? undefined : matchPieces(patterns, dnPieces(name))),
  };
}

/** The attribute values and separators of a DN: `cn=a`, `,`, `dc=b`. */
export function dnPieces(dn: string): readonly string[] {
  return dn.match(PIECE) ?? [];
}

/** Whether a text that is not a DN would be one with another text in place of each wildcard. */
export function isBrokenDn(text: string): boolean {
  if (!text.includes('=') || text.search(WILDCARD) < 0 || canonicalDn(text) !== undefined) return false;
  return ['x', 'x=x'].some((word) => canonicalDn(text.replaceAll(WILDCARD, word)) !== undefined);
}

function matchPieces(
  patterns: readonly NamePattern[],
  pieces: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (patterns.length !== pieces.length) return undefined;
  const captured = new Map<string, string>();
  for (const [index, pattern] of patterns.entries()) {
    const found = pattern.match(pieces[index] ?? '');
    if (found === undefined) return undefined;
    for (const [name, value] of found) captured.set(name, value);
  }
  return captured;
}
