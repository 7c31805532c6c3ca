/** Parses and compares distinguished names (RFC 4514). */
import { foldCase } from './fold-case.ts';

/** One `type=value` of a name; a part of a name has one, or several joined by `+`. */
export interface NameValue {
  /** In lower case; the short name if the type has several names. */
  readonly type: string;
  /** Without escapes; if `encoded`, the hexadecimal digits of the BER encoding. */
  readonly value: string;
  readonly encoded: boolean;
}

/** Other ways to write attribute types: OIDs and long names (RFC 4519, section 2). */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'cn',
  commonname: 'cn',
  '2.5.4.4': 'sn',
  surname: 'sn',
  '2.5.4.6': 'c',
  countryname: 'c',
  '2.5.4.7': 'l',
  localityname: 'l',
  '2.5.4.8': 'st',
  stateorprovincename: 'st',
  '2.5.4.9': 'street',
  streetaddress: 'street',
  '2.5.4.10': 'o',
  organizationname: 'o',
  '2.5.4.11': 'ou',
  organizationalunitname: 'ou',
  '0.9.2342.19200300.100.1.1': 'uid',
  userid: 'uid',
  '0.9.2342.19200300.100.1.25': 'dc',
  domaincomponent: 'dc',
};

const TYPE = /\s*(?:oid\.)?([a-z][a-z0-9-]*|\d+(?:\.\d+)+)\s*= */iy;
/** A quoted value (RFC 2253), a #hex value, or characters with escapes up to a separator. */
const VALUE = /"((?:[^"\\]|\\.)*)" *|#((?:[0-9a-f]{2})+) *|((?:[^,;+"\\]|\\.)*)/isy;
const SEPARATOR = /\s*([,;+])/y;
const MAX_DN_LENGTH = 2048;

/** @returns the parts from the entry up to the root, or undefined when the text is not a DN of at least one part. */
export function parseDn(text: string): readonly (readonly NameValue[])[] | undefined {
  if (text.length > MAX_DN_LENGTH) return undefined;
  const parts: NameValue[][] = [[]];
  let at = 0;
  for (;;) {
    const type = matchAt(TYPE, text, at);
    if (type === undefined) return undefined;
    at += type[0].length;
    const match = matchAt(VALUE, text, at);
    const value = match === undefined ? undefined : attributeValue(match);
    if (match === undefined || value === undefined) return undefined;
    at += match[0].length;
    const name = (type[1] ?? '').toLowerCase();
    parts.at(-1)?.push({ type: Object.hasOwn(SHORT_NAMES, name) ? (SHORT_NAMES[name] ?? name) : name, ...value });
    if (at === text.length) return parts;
    const separator = matchAt(SEPARATOR, text, at);
    if (separator === undefined) return undefined;
    at += separator[0].length;
    if (separator[1] !== '+') parts.push([]);
  }
}

/**
 * The parts of a DN, each in canonical form: types and values in lower case, one space for several, escapes in one style,
 * multi-valued parts sorted. Two DNs name the same entry when their canonical parts are equal.
 */
export function canonicalParts(text: string): readonly string[] | undefined {
  return parseDn(text)?.map(canonicalPart);
}

/** One part of a DN in canonical form, see `canonicalParts`. */
export function canonicalPart(part: readonly NameValue[]): string {
  const values = part.map(({ type, value, encoded }) => `${type}=${encoded ? `#${value}` : canonicalValue(value)}`);
  return values.length === 1 ? (values[0] ?? '') : values.toSorted().join('+');
}

/**
 * The canonical form of a DN, see `canonicalParts`.
 *
 * @returns undefined when the text is not a DN of at least two parts; one `a=b` alone is more likely a plain name.
 */
export function canonicalDn(text: string): string | undefined {
  const parts = canonicalParts(text);
  return parts === undefined || parts.length < 2 ? undefined : parts.join(',');
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function attributeValue([, quoted, hex, plain]: RegExpExecArray): Omit<NameValue, 'type'> | undefined {
  if (hex !== undefined) return { value: hex.toLowerCase(), encoded: true };
  const value = unescapeDn(quoted ?? trimUnescaped(plain ?? ''));
  return value === undefined ? undefined : { value, encoded: false };
}

/** Words with one space between them, which only need another case: most values are. */
const WORDS = /^[\w.@-]+(?: [\w.@-]+)*$/;

function canonicalValue(value: string): string {
  if (WORDS.test(value)) return value.toLowerCase();
  const folded = foldCase(compose(value).replaceAll(/ +/g, ' ').replaceAll(/^ | $/g, ''));
  return folded.replaceAll(/[,;+"\\<>=#\0]/g, (char) => (char === '\0' ? '\\00' : `\\${char}`));
}

/** Normalization form C, except for the Kelvin sign, which would become a K (see `foldCase`). */
function compose(text: string): string {
  return text
    .split('\u212A')
    .map((piece) => piece.normalize('NFC'))
    .join('\u212A');
}

/** Spaces at the ends count only when escaped (RFC 4514, section 3). */
function trimUnescaped(text: string): string {
  if (!text.startsWith(' ') && !text.endsWith(' ')) return text;
  const end = text.replace(/^ +/, '').replace(/(?<! ) +$/, '');
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(end) ? `${end} ` : end;
}

function unescapeDn(text: string): string | undefined {
  if (!text.includes('\\')) return text;
  try {
    // Escaped pairs of hexadecimal digits are UTF-8 bytes; several may form one character.
    return text.replaceAll(/(?:\\[0-9a-f]{2})+|\\(.)/gis, (run: string, char: string | undefined) =>
      char === undefined || /^(?:\\[0-9a-f]{2})+$/i.test(run) ? decodeURIComponent(run.replaceAll('\\', '%')) : char,
    );
  } catch {
    return undefined;
  }
}
