/** The placeholders that docker_auth replaces, and their form in `match` of a policy. */
import { FIELDS, parseMatchPattern, regexOf } from '../../config/match/match-pattern.ts';
import { quoteMeta } from '../../config/match/go-glob.ts';
import { compileRe2 } from '../../config/match/re2.ts';
import { ACL_FIELDS } from './acl.ts';
import type { AclField, AclRule } from './acl.ts';
import { CAPTURE, fieldNamed } from './model.ts';

type Fields = AclRule['fields'];

/** The key of `match.labels` for the values of a label. */
type LabelKeys = ReadonlyMap<string, string>;

type Converted =
  | { readonly kind: 'pattern'; readonly text: string; readonly captures: readonly AclField[] }
  | { readonly kind: 'lost'; readonly reason: string };

const LABEL = /\$\{labels:([^}]+)\}/g;

interface Capture {
  readonly placeholder: string;
  readonly field: AclField;
  readonly group: number;
}

/** The captures that docker_auth replaces: the field is an expression with enough groups. */
export function liveCaptures(fields: Fields): readonly Capture[] {
  return captureLike(fields).flatMap(({ placeholder, name, group }) => {
    const field = fieldNamed(name);
    const source = field === undefined ? undefined : regexOf(fields[field] ?? '');
    if (field === undefined || source === undefined) return [];
    const regex = compileRe2(source);
    const lives = typeof regex !== 'string' && group >= 1 && group <= regex.groupCount;
    return lives ? [{ placeholder, field, group }] : [];
  });
}

/** A capture in the reading of docker_auth: from the first `${` to the first `:1}`, with any text between. */
export function captureLike(
  fields: Fields,
): readonly { readonly placeholder: string; readonly name: string; readonly group: number }[] {
  return Object.values(fields).flatMap((text) =>
    [...text.matchAll(CAPTURE)].map(([placeholder, name = '', group]) => ({ placeholder, name, group: Number(group) })),
  );
}

/** The labels in a pattern, with repetitions. */
export function labelsIn(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(LABEL)].map(([, label = '']) => label);
}

/** Replaces the type: a rule is translated for repositories and for the catalog separately. */
export function withType(fields: Fields, type: string): Fields {
  const groups = compiledGroups(fields.type, type);
  const live = new Set(captureLike(fields).map(({ placeholder }) => placeholder));
  const filled = ACL_FIELDS.flatMap((field) => {
    const text = fields[field];
    if (text === undefined) return [];
    const plain = text.replaceAll('${type}', () => quoteMeta(type));
    const value = plain.replaceAll(/\$\{[tT]ype:(\d+)\}/g, (all, group: string) =>
      live.has(all) && Number(group) >= 1 ? (groups?.[Number(group)] ?? all) : all,
    );
    return [[field, value] as const];
  });
  return Object.fromEntries(filled);
}

function compiledGroups(pattern: string | undefined, type: string): readonly string[] | undefined {
  const source = regexOf(pattern ?? '');
  const regex = source === undefined ? undefined : compileRe2(source);
  return regex === undefined || typeof regex === 'string' ? undefined : regex.groups(type);
}

/** The text of a field in the form of `match`. */
export function convertPattern(text: string, fields: Fields, labels: LabelKeys): Converted {
  const captures = liveCaptures(fields);
  const isRegex = regexOf(text) !== undefined;
  const used = new Set<AclField>();
  let converted = '';
  for (let at = 0; at < text.length;) {
    if (!text.startsWith('${', at)) {
      converted += text.charAt(at);
      at += 1;
      continue;
    }
    const live = liveAt(text, at, captures, labels);
    if (live === undefined) {
      if (text.charAt(at - 1) === '\\') return { kind: 'lost', reason: 'has \\${, which is not a placeholder' };
      // A placeholder that docker_auth does not replace is plain text, and must be plain text here.
      converted += isRegex ? '$[{]' : String.raw`\$\{`;
      at += 2;
      continue;
    }
    if (live.capturedFrom !== undefined) used.add(live.capturedFrom);
    converted += live.text;
    at += live.length;
  }
  for (const field of used) {
    if ((fields[field] ?? '').includes('${')) {
      return { kind: 'lost', reason: `captures from ${field}, which has placeholders itself` };
    }
  }
  const parsed = parseMatchPattern(converted);
  if (typeof parsed === 'string') return { kind: 'lost', reason: parsed };
  return { kind: 'pattern', text: converted, captures: [...used] };
}

interface Live {
  readonly length: number;
  readonly text: string;
  readonly capturedFrom?: AclField;
}

function liveAt(text: string, at: number, captures: readonly Capture[], labels: LabelKeys): Live | undefined {
  const field = FIELDS.find((name) => text.startsWith(`\${${name}}`, at));
  if (field !== undefined) return { length: field.length + 3, text: `\${${field}}` };
  const capture = captures.find(({ placeholder }) => text.startsWith(placeholder, at));
  if (capture !== undefined) {
    const written = `\${${capture.field}:${capture.group}}`;
    return { length: capture.placeholder.length, text: written, capturedFrom: capture.field };
  }
  const label = /^\$\{labels:([^}]+)\}/.exec(text.slice(at));
  const key = label === null ? undefined : labels.get(label[1] ?? '');
  return label === null || key === undefined ? undefined : { length: label[0].length, text: `\${labels:${key}}` };
}
