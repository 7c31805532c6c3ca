/**
 * Group names as policy compares them: a distinguished name is compared as one (RFC 4514), any other name as text.
 */
import { foldCase } from './fold-case.ts';
import type { GroupName } from './identity.ts';

/** Names of attribute types that are also written as OIDs (RFC 4519, section 2). */
const OID_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'cn',
  '2.5.4.6': 'c',
  '2.5.4.7': 'l',
  '2.5.4.8': 'st',
  '2.5.4.9': 'street',
  '2.5.4.10': 'o',
  '2.5.4.11': 'ou',
  '0.9.2342.19200300.100.1.1': 'uid',
  '0.9.2342.19200300.100.1.25': 'dc',
};

const TYPE = /\s*(?:oid\.)?([a-z][a-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*/iy;
/** A quoted value (RFC 2253), a #hex value, or characters with escapes up to a separator. */
const VALUE = /"((?:[^"\\]|\\.)*)"\s*|#((?:[0-9a-f]{2})+)\s*|((?:[^,;+"\\]|\\.)*)/iy;
const SEPARATOR = /\s*([,;+])/y;
const MAX_DN_LENGTH = 2048;

/**
 * The canonical form of a distinguished name: types and values in lower case, spaces squeezed, escapes in one style,
 * multi-valued parts sorted. Two DNs name the same entry when their canonical forms are equal.
 *
 * @returns undefined when the text is not a DN of at least two parts; one `a=b` alone is more likely a plain name.
 */
export function canonicalDn(text: string): string | undefined {
  if (text.length > MAX_DN_LENGTH) return undefined;
  const rdns: string[][] = [[]];
  let at = 0;
  for (;;) {
    const type = matchAt(TYPE, text, at);
    if (type === undefined) return undefined;
    at += type[0].length;
    const value = matchAt(VALUE, text, at);
    const decoded = value === undefined ? undefined : attributeValue(value);
    if (value === undefined || decoded === undefined) return undefined;
    at += value[0].length;
    const name = (type[1] ?? '').toLowerCase();
    rdns.at(-1)?.push(`${OID_NAMES[name] ?? name}=${decoded}`);
    if (at === text.length) break;
    const separator = matchAt(SEPARATOR, text, at);
    if (separator === undefined) return undefined;
    at += separator[0].length;
    if (separator[1] !== '+') rdns.push([]);
  }
  if (rdns.length < 2) return undefined;
  return rdns.map((parts) => parts.toSorted().join('+')).join(',');
}

/**
 * A group's name as a backend delivers it.
 *
 * @param options `lowercase` where the source compares names without case
 */
export function groupName(text: string, options: { readonly lowercase: boolean }): GroupName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place where the brand is given
  return (canonicalDn(text) ?? (options.lowercase ? foldCase(text) : text)) as GroupName;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function attributeValue([, quoted, hex, plain]: RegExpExecArray): string | undefined {
  if (hex !== undefined) return `#${hex.toLowerCase()}`;
  const decoded = unescapeDn(quoted ?? trimUnescaped(plain ?? ''));
  if (decoded === undefined) return undefined;
  const folded = foldCase(decoded.normalize('NFC').replaceAll(/ +/g, ' '));
  return folded.replaceAll(/[,;+"\\<>=#\0]/g, (char) => (char === '\0' ? '\\00' : `\\${char}`)).trim();
}

/** Spaces at the ends count only when escaped (RFC 4514, section 3). */
function trimUnescaped(text: string): string {
  const trimmed = text.trimStart();
  const end = trimmed.trimEnd();
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(end) ? `${end} ` : end;
}

function unescapeDn(text: string): string | undefined {
  try {
    // Escaped pairs of hex digits are UTF-8 bytes, which may together make one character.
    return text.replaceAll(/(?:\\[0-9a-f]{2})+|\\(.)/gis, (run: string, char: string | undefined) =>
      char === undefined || /^(?:\\[0-9a-f]{2})+$/i.test(run) ? decodeURIComponent(run.replaceAll('\\', '%')) : char,
    );
  } catch {
    return undefined;
  }
}
