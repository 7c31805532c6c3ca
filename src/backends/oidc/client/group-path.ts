/**
 * Where group names are in a set of claims. A JSON pointer (`/realm_access/roles`), the name of a claim, or names with
 * dots between them (`realm_access.roles`). After a name, `[]` stands for each entry of a list or each value of an
 * object (`groups[].name`), and `{}` at the end for the names in an object (`roles{}`).
 */
import { isObject } from '../../../core/is-object.ts';
import { parseClaimPath } from '../claim-path.ts';
import type { Claims } from '../claim-path.ts';

export interface GroupPath {
  readonly text: string;
  readonly steps: readonly Step[];
  /** The claims that may hold the value. */
  readonly claims: readonly string[];
}

type Step =
  /** `isDotted`: if there is no such member, the name is a path through several. */
  | { readonly kind: 'member'; readonly name: string; readonly isDotted: boolean }
  | { readonly kind: 'each' }
  | { readonly kind: 'names' };

type GroupsFound =
  | { readonly kind: 'found'; readonly value: unknown }
  /** The claim is missing or null. */
  | { readonly kind: 'missing' }
  /** What the claim is not; a sentence without a subject. */
  | { readonly kind: 'unusable'; readonly problem: string };

/** @returns the path, or a sentence that says what is wrong with the text */
export function parseGroupPath(text: string): GroupPath | string {
  const parts = text.split(/(\[\]|\{\})/).filter((part) => part !== '');
  if (parts.slice(0, -1).includes('{}')) return 'expected {} at the end only';
  const isPointer = text.startsWith('/');
  const steps: Step[] = [];
  for (const [index, part] of parts.entries()) {
    if (part === '[]') steps.push({ kind: 'each' });
    else if (part === '{}') steps.push({ kind: 'names' });
    else {
      const members = isPointer ? pointerSteps(part) : dottedStep(part, index > 0);
      if (typeof members === 'string') return members;
      steps.push(...members);
    }
  }
  const [first] = steps;
  if (first?.kind !== 'member') return 'expected the name of a claim before [] and {}';
  const claims = first.isDotted ? [first.name, first.name.split('.')[0] ?? ''] : [first.name];
  return { text, steps, claims };
}

function pointerSteps(part: string): readonly Step[] | string {
  if (!part.startsWith('/')) return 'expected / after [], such as /groups[]/name';
  const path = parseClaimPath(part);
  if (typeof path === 'string') return path;
  return path.segments.map((name): Step => ({ kind: 'member', name, isDotted: false }));
}

function dottedStep(part: string, isAfterMark: boolean): readonly Step[] | string {
  if (isAfterMark && !part.startsWith('.')) return 'expected a dot after [], such as groups[].name';
  const name = isAfterMark ? part.slice(1) : part;
  if (name === '') return 'expected a name after the dot';
  return [{ kind: 'member', name, isDotted: name.includes('.') && !name.split('.').includes('') }];
}

/** @returns the value; for a path with `[]` or `{}`, a list with all values */
export function readGroups(claims: Claims, { steps }: GroupPath): GroupsFound {
  return readSteps(claims, steps);
}

function readSteps(value: unknown, [step, ...deeper]: readonly Step[]): GroupsFound {
  if (step === undefined) return { kind: 'found', value };
  switch (step.kind) {
    case 'member': {
      const member = memberOf(value, step);
      return member === undefined ? { kind: 'missing' } : readSteps(member, deeper);
    }
    case 'names':
      return isObject(value)
        ? { kind: 'found', value: Object.keys(value) }
        : { kind: 'unusable', problem: 'is not an object, whose names are expected as groups ({})' };
    case 'each':
      return readEach(value, deeper);
  }
}

/** A group that is missing in an entry could disable a deny rule: the whole claim is not usable. */
function readEach(value: unknown, deeper: readonly Step[]): GroupsFound {
  const entries: readonly unknown[] | undefined = isObject(value) ? Object.values(value) : listOf(value);
  if (entries === undefined) return { kind: 'unusable', problem: 'is neither a list nor an object, as [] expects' };
  const values: unknown[] = [];
  for (const entry of entries) {
    const found = readSteps(entry, deeper);
    if (found.kind === 'unusable') return found;
    if (found.kind === 'missing') return { kind: 'unusable', problem: 'has an entry without the name after []' };
    values.push(found.value);
  }
  // The end of the path may be a list in each entry.
  return { kind: 'found', value: values.flat() };
}

function memberOf(value: unknown, { name, isDotted }: Step & { readonly kind: 'member' }): unknown {
  const own = ownMember(value, name);
  if (own !== undefined || !isDotted) return own;
  return name.split('.').reduce(ownMember, value);
}

function ownMember(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Names that are shown in a suggestion: they come from the provider. */
const SHOWN = /^[\w:-]{1,64}$/;

/**
 * Ready to be copied into broker.yaml, where a flow mapping requires quotes around brackets.
 *
 * @returns how groups in objects can be read, as a sentence; empty when the value holds no objects
 */
export function objectsHint({ text }: GroupPath, value: unknown): string {
  const separator = text.startsWith('/') ? '/' : '.';
  const entry: unknown = Array.isArray(value) ? value.find(isObject) : value;
  if (!isObject(entry)) return '';
  const base = Array.isArray(value) && !text.endsWith('[]') ? `${text}[]` : text;
  const members = Object.keys(entry).filter((name) => SHOWN.test(name) && !name.includes('.'));
  const examples = members.slice(0, 4).map((name) => `'${base}${separator}${name}'`);
  if (!Array.isArray(value)) examples.unshift(`'${text}{}' for the names in it`);
  return `: it holds objects; set claims.groups to ${examples.join(' or ') || `'${base}${separator}NAME'`}`;
}
