/**
 * Sets one member of a JSON object in its text, and leaves every other byte as it is: people write these files by hand,
 * and other programs keep what they do not know.
 */
import { HelperError } from '../host.ts';

/** Where a value is in the text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

interface Member {
  readonly name: string;
  /** Of the opening quote of its name. */
  readonly start: number;
  readonly value: Span;
}

interface ObjectPlace {
  /** After the opening brace. */
  readonly start: number;
  /** Of the closing brace. */
  readonly end: number;
  readonly members: readonly Member[];
}

/**
 * @param text a JSON object
 * @param path the names of objects around the member, and its own name
 * @returns the text with the member; the same text where it has this value already
 * @throws HelperError when a value on the path is no object, or a name on it occurs twice
 */
export function setMember(text: string, path: readonly [string, string], value: string): string {
  const [outer, inner] = path;
  const root = objectAt(text, skipSpace(text, 0));
  const section = onlyMember(root, outer);
  if (section === undefined) return insert(text, root, outer, (indent) => objectText(inner, value, indent));
  if (text[section.value.start] !== '{') throw new HelperError(`"${outer}" is not an object`);
  const object = objectAt(text, section.value.start);
  const member = onlyMember(object, inner);
  const json = JSON.stringify(value);
  if (member === undefined) return insert(text, object, inner, () => json);
  const { start, end } = member.value;
  return text.slice(start, end) === json ? text : text.slice(0, start) + json + text.slice(end);
}

function onlyMember({ members }: ObjectPlace, name: string): Member | undefined {
  const [found, ...others] = members.filter((member) => member.name === name);
  if (others.length > 0) throw new HelperError(`"${name}" occurs twice`);
  return found;
}

/** Adds a member at the end of an object, in the style of its last one. */
function insert(
  text: string,
  { start, end, members }: ObjectPlace,
  name: string,
  json: (indent: string) => string,
): string {
  const last = members.at(-1);
  const lead = last === undefined ? undefined : /\n[\t ]*$/.exec(text.slice(0, last.start));
  const closing = /\n([\t ]*)$/.exec(text.slice(0, end))?.[1] ?? '';
  const indent = lead?.[0] ?? (last === undefined ? `\n${closing}${unitOf(text)}` : '');
  const member = `${JSON.stringify(name)}:${indent === '' ? '' : ' '}${json(indent)}`;
  if (last === undefined) return `${text.slice(0, start)}${indent}${member}\n${closing}${text.slice(end)}`;
  return `${text.slice(0, last.value.end)},${indent}${member}${text.slice(last.value.end)}`;
}

function objectText(name: string, value: string, indent: string): string {
  if (indent === '') return JSON.stringify({ [name]: value });
  return `{${indent}${indent.slice(1)}${JSON.stringify(name)}: ${JSON.stringify(value)}${indent}}`;
}

/** What the text indents by; docker writes tabs. */
function unitOf(text: string): string {
  return /\n([\t ]+)"/.exec(text)?.[1] ?? '\t';
}

/** The members of an object. The text is valid JSON, as `JSON.parse` has read it. */
function objectAt(text: string, open: number): ObjectPlace {
  const members: Member[] = [];
  let at = skipSpace(text, open + 1);
  while (text[at] !== '}') {
    const nameEnd = endOfString(text, at);
    const name = String(JSON.parse(text.slice(at, nameEnd)));
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, start);
    members.push({ name, start: at, value: { start, end } });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return { start: open + 1, end: at, members };
}

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  if (text[start] !== '{' && text[start] !== '[')
    return start + (/^[^\s,\]}]*/.exec(text.slice(start))?.[0].length ?? 0);
  let depth = 0;
  let at = start;
  do {
    const character = text[at];
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth++;
    if (character === '}' || character === ']') depth--;
    at++;
  } while (depth > 0);
  return at;
}

/** @param start of its opening quote */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text[at] ?? 'x')) at++;
  return at;
}
