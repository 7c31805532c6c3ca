/** Finds rules of docker_auth that probably do not do what their author expects. */
import { parseGoGlob } from '../../config/match/go-glob.ts';
import { parseMatchPattern, regexOf } from '../../config/match/match-pattern.ts';
import type { Report } from '../finding.ts';
import { ACL_FIELDS } from './acl.ts';
import type { AclRule } from './acl.ts';
import { captureLike, labelsIn, liveCaptures } from './placeholders.ts';
import { coveredBy } from './covered.ts';
import { isNamed, plainWho } from './plain.ts';
import type { World } from './world.ts';

interface Surroundings {
  readonly worlds: readonly World[];
  /** The line of `real_ip_header`; undefined: it is not set. */
  readonly realIpHeader: number | undefined;
  /** Whether docker_auth accepts requests without credentials. Without, no rule applies to anonymous. */
  readonly anonymous: boolean;
}

type Warn = (message: string) => void;

export function reportTraps(rules: readonly AclRule[], surroundings: Surroundings, report: Report): void {
  for (const [index, rule] of rules.entries()) {
    const warn: Warn = (message) => report('trap', rule.line, `rule ${rule.number}: ${message}`);
    for (const [field, line] of rule.empty) {
      report('trap', line, `rule ${rule.number}: ${field} has no value, so it matches every request`);
    }
    if (isEmpty(rule) && rule.empty.size === 0) warn('has no condition, so it decides every request that reaches it');
    for (const field of ACL_FIELDS) reportPattern(field, rule.fields[field], warn);
    for (const [label, pattern] of rule.labels) reportPattern(`the label ${label}`, pattern, warn);
    reportActions(rule, warn);
    reportAddresses(rule, surroundings, warn);
    reportPlaceholders(rule, surroundings, warn, (message) =>
      report('differs', rule.line, `rule ${rule.number}: ${message}`),
    );
    reportNames(rule, surroundings, warn);
    const before = rules.slice(0, index).find((earlier) => coveredBy(rule, earlier));
    if (before !== undefined)
      warn(`is never reached: rule ${before.number} (line ${before.line}) decides all requests that it matches`);
  }
  if (rules.length > 0 && rules.every(({ fields }) => fields.service === undefined)) {
    const [first] = rules;
    report(
      'trap',
      first?.line ?? 1,
      'no rule names a service, so docker_auth signs a token for every service that a client names',
    );
  }
}

function isEmpty({ fields, labels, ip }: AclRule): boolean {
  return Object.keys(fields).length === 0 && labels.size === 0 && ip === undefined;
}

/** A placeholder without its dollar sign. */
const WITHOUT_DOLLAR = /(?<!\$)\{(?:account|type|name|service|labels:[^{}]+)(?::\d+)?\}/;

function reportPattern(where: string, text: string | undefined, warn: Warn): void {
  if (text === undefined) return;
  const regex = regexOf(text);
  if (regex !== undefined) {
    if (!isAnchored(regex) && !isNamed(text) && plainWho(text, true)?.everyone !== true) {
      warn(
        `${where}: ${text} matches anywhere in the text, so longer texts match as well; /^(?:…)$/ matches the whole text`,
      );
    }
    return;
  }
  const [bare] = WITHOUT_DOLLAR.exec(text) ?? [];
  if (bare !== undefined) warn(`${where}: ${bare} has no $ before it, so it is literal text with braces`);
  const sample = text.replaceAll(/\$\{[^}]*\}/g, 'x');
  if (parseGoGlob(sample) === undefined) warn(`${where}: ${text} is not a valid glob, so the rule matches nothing`);
  else if (text.includes('**')) warn(`${where}: ${text} has **, which means * in docker_auth and stops at a slash`);
}

/** Whether each alternative of an expression is anchored at both ends. */
function isAnchored(source: string): boolean {
  const bare = source.replace(/^\(\?[imsU]+\)/, '');
  return /^(?:\^|\\A)/.test(bare) && /(?:[^\\]|^)(?:\\\\)*(?:\$|\\z)$/.test(bare) && !hasTopAlternatives(bare);
}

function hasTopAlternatives(source: string): boolean {
  const plain = source.replaceAll(/\\./g, '').replaceAll(/\[\^?\]?[^\]]*\]/g, '');
  let depth = 0;
  for (const character of plain) {
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === '|' && depth === 0) return true;
  }
  return false;
}

const TYPES = ['repository', 'registry'];
const ACTIONS = new Set(['pull', 'push', 'delete', '*']);

function reportActions({ actions }: AclRule, warn: Warn): void {
  if (actions === undefined) {
    warn('has no actions: docker_auth aborts each request that it matches; the policy denies them');
    return;
  }
  if (actions.length > 1 && actions.includes('*')) {
    warn(`* means every action only if it is the only entry; in a longer list it is an action of that name`);
  }
  const unknown = actions.filter((action) => !ACTIONS.has(action));
  if (unknown.length > 0) warn(`no registry requests ${unknown.map((action) => `"${action}"`).join(', ')}`);
}

function reportAddresses({ ip, actions, fields }: AclRule, surroundings: Surroundings, warn: Warn): void {
  const { realIpHeader, anonymous } = surroundings;
  if (ip === undefined) return;
  if (ip === '0.0.0.0/0') warn('ip: 0.0.0.0/0 is every IPv4 address and no IPv6 address');
  if (anonymous && actions?.length === 1 && actions[0] === '*' && !isNamed(fields.account ?? '')) {
    const how =
      realIpHeader === undefined
        ? 'with a proxy on that network, every client has such an address'
        : `docker_auth takes the address from the header in line ${realIpHeader}, which every client can send`;
    warn(`everything is granted to clients in ${ip} without a password: ${how}`);
  }
}

function reportPlaceholders(rule: AclRule, { worlds }: Surroundings, warn: Warn, differs: Warn): void {
  const live = liveCaptures(rule.fields);
  for (const { placeholder } of captureLike(rule.fields)) {
    if (/^\$\{labels:[^${}]+\}$/.test(placeholder)) continue;
    if (live.some((capture) => capture.placeholder === placeholder)) {
      differs(
        `${placeholder} is inserted as a part of the pattern, so a name with * or . widens the pattern; the policy inserts it as literal text`,
      );
    } else
      warn(
        `${placeholder} is never replaced: this needs a field that is an expression with that group, and no other placeholder before it`,
      );
  }
  const used = new Set([...Object.values(rule.fields).flatMap((text) => labelsIn(text)), ...rule.labels.keys()]);
  for (const label of used) {
    const having = worlds.filter(({ labels }) => labels.has(label));
    if (having.length === 0) warn(`nobody has the label ${label}, so nothing matches`);
  }
  for (const label of new Set(Object.values(rule.fields).flatMap((text) => labelsIn(text)))) {
    const sources = worlds.flatMap((world) => world.labels.get(label) ?? []);
    if (sources.some(({ values }) => values === undefined)) {
      differs(
        `\${labels:${label}} is inserted as a part of the pattern, so a value with * or . widens the pattern; the policy inserts it as literal text`,
      );
    } else if (sources.some(({ values }) => values?.some((value) => /[*?[\]\\]/.test(value)))) {
      warn(`\${labels:${label}} has values that are patterns; the policy has one rule for each`);
    }
  }
}

function reportNames({ fields, actions }: AclRule, { anonymous }: Surroundings, warn: Warn): void {
  const { account, name, type } = fields;
  const types = type === undefined || type.includes('${') ? undefined : parseMatchPattern(type);
  if (types !== undefined && typeof types !== 'string' && !TYPES.some((known) => types.matches(known, () => [])))
    warn(
      `type: ${type} is never requested: registries request repository and registry, and docker_auth drops a class in parentheses`,
    );
  if (anonymous && account !== undefined && /^\*+$/.test(account) && actions?.length !== 0) {
    warn('account: * also matches anonymous; /.+/ matches every user who is logged in');
  }
  if (name === undefined || regexOf(name) !== undefined) return;
  const literal = name.replaceAll(/\$\{[^}]*\}/g, '');
  if (/[A-Z]/.test(literal) && !literal.includes('['))
    warn(`name: ${name} has upper-case letters, which no repository name has`);
  if (name.endsWith('/*'))
    warn(`name: ${name} ends at the next slash: deeper names, such as ${sampleOf(name)}/b, do not match`);
}

function sampleOf(name: string): string {
  return name.replaceAll('*', 'a');
}
