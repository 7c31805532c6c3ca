/** Translates one rule of docker_auth, for the users of one source and for one type. */
import { isSegment } from '../../core/policy/repository-pattern.ts';
import { parseMatchPattern, regexOf } from '../../config/match/match-pattern.ts';
import type { AclField, AclRule } from './acl.ts';
import type { MatchDraft, RuleDraft } from '../rule-draft.ts';
import { convertPattern, labelsIn, withType } from './placeholders.ts';
import { plainName, plainRepository, plainWho, starsOnly } from './plain.ts';
import type { PlainWho } from './plain.ts';
import { staticKey } from './world.ts';
import type { LabelSource, World } from './world.ts';

export type Kind = 'repository' | 'registry';

export interface Names {
  /** Whether `{user}` and `${account}` mean the same for all possible users. */
  readonly plainUsers: boolean;
  /** Whether the name of a user may contain a slash. */
  readonly slashes: boolean;
}

type Conditions = Omit<RuleDraft, 'name' | 'line' | 'allow' | 'deny'>;

interface TranslatedRule {
  readonly conditions: Conditions;
  /** Why conditions are missing from it. */
  readonly lost: readonly string[];
}

export function translateConditions(rule: AclRule, kind: Kind, world: World, names: Names): TranslatedRule {
  const fields = withType(rule.fields, kind);
  const lost: string[] = [];
  const match: { -readonly [Key in keyof MatchDraft]: MatchDraft[Key] } = {};
  const labelKeys = keysOf(fields, world, lost);
  const convert = (field: 'account' | 'name' | 'service'): void => {
    const text = fields[field];
    if (text === undefined || match[field] !== undefined) return;
    const converted = convertPattern(text, fields, labelKeys);
    if (converted.kind === 'lost') {
      lost.push(`${field}: "${text}" ${converted.reason}`);
      return;
    }
    match[field] = converted.text;
    for (const source of converted.captures) if (source !== 'type') convert(source);
  };

  const grouped = plainGroup(rule, fields, world, names);
  const known = plainWho(fields.account, names.slashes);
  if (grouped === undefined && known === undefined) convert('account');
  let who: PlainWho = known ?? (mayBeEmpty(fields.account) ? { everyone: true } : { users: ['*'] });

  if (who.everyone === true)
    lost.push(...Object.entries(fields).flatMap(([field, text]) => anonymousTrap(field, text)));

  const repository = plainRepository(fields.name, placeholdersFor(known, grouped, names));
  if (kind === 'repository' && repository === undefined) convert('name');
  if (kind === 'registry' && fields.name?.includes('${') === true) convert('name');
  if (kind === 'repository' && repository?.includes('{user}') === true && who.everyone === true) who = { users: ['*'] };

  const service = fields.service === undefined ? undefined : plainName(fields.service);
  if (service === undefined) convert('service');

  if (grouped?.condition !== true && rule.labels.size > 0) match.labels = labelConditions(rule, fields, world, lost);
  const conditions: Conditions = {
    ...(grouped === undefined ? who : { groups: [grouped.group] }),
    ...(service === undefined ? {} : { services: [service] }),
    ...(rule.ip === undefined ? {} : { clients: [rule.ip] }),
    ...(Object.keys(match).length === 0 ? {} : { match }),
    ...(kind === 'registry' ? { catalog: true as const } : { repositories: [repository ?? '**'] }),
  };
  return { conditions, lost };
}

function keysOf(fields: AclRule['fields'], world: World, lost: string[]): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const label of new Set(Object.values(fields).flatMap((text) => labelsIn(text)))) {
    const key = world.labels.get(label)?.key ?? staticKey(label);
    if (typeof key === 'string') keys.set(label, key);
    else lost.push(key.lost);
  }
  return keys;
}

/** What begins and ends with a slash is a regular expression in docker_auth, also when it does so for an empty name only. */
function anonymousTrap(field: string, text: string): readonly string[] {
  if (regexOf(text) !== undefined || regexOf(text.replaceAll('${account}', '')) === undefined) return [];
  return [`${field}: "${text}" is a regular expression for anonymous, whose name is empty`];
}

/** Whether a pattern for accounts may match anonymous, whose name is empty. */
function mayBeEmpty(account: string | undefined): boolean {
  if (account === undefined || account.includes('${')) return true;
  const pattern = parseMatchPattern(account);
  return typeof pattern === 'string' || pattern.matches('', () => []);
}

interface PlainGroup {
  readonly group: string;
  /** Whether it is a condition on labels; otherwise it is the value of `placeholder`. */
  readonly condition: boolean;
  readonly placeholder?: readonly [string, string];
}

/** A rule whose only condition on users is one label is a rule for a group. */
function plainGroup(
  rule: AclRule,
  fields: AclRule['fields'],
  world: World,
  { slashes }: Names,
): PlainGroup | undefined {
  const who = plainWho(fields.account, slashes);
  if (who === undefined || who.except !== undefined || !(who.everyone ?? who.users?.[0] === '*')) return undefined;
  const placeholders = Object.values(fields).flatMap((text) => labelsIn(text));
  const [condition] = rule.labels;
  if (rule.labels.size + placeholders.length !== 1) return undefined;
  const label = condition?.[0] ?? placeholders[0] ?? '';
  const source = world.labels.get(label);
  if (source?.group === undefined) return undefined;
  return condition === undefined
    ? groupOfPlaceholder(label, fields.name, { ...source, group: source.group })
    : groupOfCondition(condition[1], { ...source, group: source.group });
}

type GroupedSource = LabelSource & Required<Pick<LabelSource, 'group'>>;

function groupOfCondition(pattern: string, { group, values, folded }: GroupedSource): PlainGroup | undefined {
  const literal = plainName(pattern);
  if (literal !== undefined)
    return { group: group(folded === true ? literal.toLowerCase() : literal), condition: true };
  const starred = regexOf(pattern) === undefined ? starsOnly(pattern) : undefined;
  // `*` of a glob stops at a slash.
  const isPlain = starred !== undefined && values?.every((value) => !value.includes('/')) === true;
  return isPlain ? { group: group(starred), condition: true } : undefined;
}

function groupOfPlaceholder(
  label: string,
  name: string | undefined,
  { group, values }: GroupedSource,
): PlainGroup | undefined {
  const placeholder = `\${labels:${label}}`;
  if (name?.split('/').includes(placeholder) !== true || values?.every(isSegment) !== true) return undefined;
  const isName = /^[a-z][a-z0-9_]*$/.test(label) && label !== 'user' && label !== 'group';
  const capture = `{${isName ? label : 'value'}}`;
  return { group: group(capture), condition: false, placeholder: [placeholder, capture] };
}

function placeholdersFor(
  who: PlainWho | undefined,
  grouped: PlainGroup | undefined,
  { plainUsers }: Names,
): ReadonlyMap<string, string> {
  const user = plainUsers && who?.except === undefined ? [['${account}', '{user}'] as const] : [];
  return new Map([...user, ...(grouped?.placeholder === undefined ? [] : [grouped.placeholder])]);
}

function labelConditions(
  rule: AclRule,
  fields: AclRule['fields'],
  world: World,
  lost: string[],
): Readonly<Record<string, string>> {
  const conditions: Record<string, string> = {};
  for (const [label, pattern] of rule.labels) {
    const { key = staticKey(label), folded } = world.labels.get(label) ?? {};
    const converted = convertPattern(pattern, fields, new Map());
    if (typeof key !== 'string') lost.push(key.lost);
    else if (converted.kind === 'lost') lost.push(`the label ${label}: "${pattern}" ${converted.reason}`);
    else if (converted.captures.length > 0) lost.push(`the label ${label}: "${pattern}" has a capture`);
    else if (conditions[key] !== undefined) lost.push(`the labels of ${key} are one here, and the rule has two`);
    else conditions[key] = folded === true ? withoutCase(converted.text) : converted.text;
  }
  return conditions;
}

function withoutCase(pattern: string): string {
  const regex = regexOf(pattern);
  if (regex === undefined) return pattern.includes('${') ? pattern : pattern.toLowerCase();
  return /[A-Z]/.test(regex) ? `/(?i)${regex}/` : pattern;
}

/** Whether a pattern for names can match the catalog. */
export function mayBeCatalog(fields: Readonly<Partial<Record<AclField, string>>>): boolean {
  const { name } = withType(fields, 'registry');
  if (name === undefined) return true;
  const pattern = parseMatchPattern(name);
  if (!name.includes('${')) return typeof pattern !== 'string' && pattern.matches('catalog', () => []);
  // The value of a placeholder may contain slashes.
  return regexOf(name) !== undefined || !name.replaceAll(/\$\{[^}]*\}/g, '').includes('/');
}
