/**
 * A small model of the decisions of docker_auth: the first rule that matches decides. Imports are compared with it.
 *
 * It reproduces the flaws of docker_auth: values of labels and captures are inserted into patterns unquoted, and a
 * capture after another placeholder is never replaced.
 */
import { parseGoGlob, quoteMeta } from '../../config/match/go-glob.ts';
import { regexOf } from '../../config/match/match-pattern.ts';
import { compileRe2 } from '../../config/match/re2.ts';
import type { Re2 } from '../../config/match/re2.ts';
import { parseClientRange } from '../../core/client-range.ts';
import { ACL_FIELDS } from './acl.ts';
import type { AclField, AclRule } from './acl.ts';

export interface AclRequest {
  readonly account: string;
  readonly type: string;
  readonly name: string;
  readonly service: string;
  /** Empty when it is not known. */
  readonly ip: string;
  readonly actions: readonly string[];
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

export interface AclDecision {
  /** The number of the rule that decided; undefined when none matched. */
  readonly rule: number | undefined;
  readonly granted: readonly string[];
}

type Replacements = ReadonlyMap<string, string>;

export function decideAcl(rules: readonly AclRule[], request: AclRequest): AclDecision {
  const rule = rules.find((candidate) => matchesRule(candidate, request));
  if (rule === undefined) return { rule: undefined, granted: [] };
  const { actions = [] } = rule;
  const all = actions.length === 1 && actions[0] === '*';
  return { rule: rule.number, granted: request.actions.filter((action) => all || actions.includes(action)) };
}

export function matchesRule(rule: AclRule, request: AclRequest): boolean {
  const replacements = replacementsFor(rule, request);
  const labels = [...request.labels].map(([label, values]) => [`\${labels:${label}}`, values] as const);
  return (
    ACL_FIELDS.every((field) => matchesField(rule.fields[field], request[field], replacements, labels)) &&
    matchesIp(rule.ip, request.ip) &&
    [...rule.labels].every(([label, pattern]) =>
      (request.labels.get(label) ?? []).some((value) => matchesText(pattern, value, replacements)),
    )
  );
}

/** A group of the pattern of a field: `${labels:1}`. */
export const CAPTURE = /\$\{(.+?):(\d+)\}/g;

function replacementsFor({ fields }: AclRule, request: AclRequest): Replacements {
  const replacements = new Map<string, string>(
    ACL_FIELDS.map((field) => [`\${${field}}`, quoteMeta(request[field])] as const),
  );
  for (const text of Object.values(fields)) {
    for (const [placeholder, name = '', group] of text.matchAll(CAPTURE)) {
      const field = fieldNamed(name);
      const value = field === undefined ? undefined : captured(fields[field], request[field], Number(group));
      if (value !== undefined && !replacements.has(placeholder)) replacements.set(placeholder, value);
    }
  }
  return replacements;
}

/** docker_auth capitalizes the first letter, so both cases of it are accepted. */
export function fieldNamed(name: string): AclField | undefined {
  return ACL_FIELDS.find((field) => field === name || field === name.replace(/^./, (first) => first.toLowerCase()));
}

function captured(pattern: string | undefined, text: string, group: number): string | undefined {
  const source = pattern === undefined ? undefined : regexOf(pattern);
  const regex = source === undefined ? undefined : cachedRegex(source);
  return regex === undefined || typeof regex === 'string' || group < 1 ? undefined : regex.groups(text)?.[group];
}

function matchesField(
  pattern: string | undefined,
  text: string,
  replacements: Replacements,
  labels: readonly (readonly [string, readonly string[]])[],
): boolean {
  if (pattern === undefined || matchesText(pattern, text, replacements)) return true;
  const used = labels.filter(([placeholder]) => pattern.includes(placeholder));
  if (used.length === 0) return false;
  return choices(used).some((chosen) => matchesText(pattern, text, new Map([...chosen, ...replacements])));
}

function choices(
  labels: readonly (readonly [string, readonly string[]])[],
): readonly (readonly (readonly [string, string])[])[] {
  let chosen: readonly (readonly (readonly [string, string])[])[] = [[]];
  for (const [placeholder, values] of labels) {
    chosen = chosen.flatMap((before) => values.map((value) => [...before, [placeholder, value] as const]));
  }
  return chosen;
}

function matchesText(pattern: string, text: string, replacements: Replacements): boolean {
  const filled = replaced(pattern, replacements);
  const source = regexOf(filled);
  if (source === undefined) return parseGoGlob(filled)?.matches(text) ?? false;
  const regex = cachedRegex(source);
  return typeof regex !== 'string' && regex.test(text);
}

const MAX_CACHED = 1000;
const compiled = new Map<string, Re2 | string>();

/** A cache: one expression is evaluated for thousands of requests in a row. */
function cachedRegex(source: string): Re2 | string {
  const regex = compiled.get(source) ?? compileRe2(source);
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(source, regex);
  return regex;
}

/** Replaces from left to right, and never inside of replaced text. */
function replaced(pattern: string, replacements: Replacements): string {
  let result = '';
  for (let at = 0; at < pattern.length;) {
    const found = [...replacements].find(([placeholder]) => pattern.startsWith(placeholder, at));
    result += found === undefined ? pattern.charAt(at) : found[1];
    at += found === undefined ? 1 : found[0].length;
  }
  return result;
}

function matchesIp(pattern: string | undefined, ip: string): boolean {
  if (pattern === undefined) return true;
  const range = parseClientRange(pattern);
  return typeof range !== 'string' && range.contains(ip);
}
