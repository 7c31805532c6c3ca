/** Compiles a policy document into a policy, or into the list of all problems in it. */
import { isAction } from '../access.ts';
import type { Action } from '../access.ts';
import type { PolicyDocument, PolicyProblem, RuleDocument } from './document.ts';
import type { Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import { compileWho } from './who.ts';
import type { CompiledWho } from './who.ts';
import { isRobotUsername } from '../robot-name.ts';
import { parseRepositoryPattern } from './repository-pattern.ts';
import type { RepositoryPattern } from './repository-pattern.ts';
import { createRuleIndex } from './rule-index.ts';

export type CompileResult =
  | { readonly kind: 'compiled'; readonly policy: Policy }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] };

type Path = readonly (string | number)[];
type Report = (path: Path, message: string) => void;

export function compilePolicy(document: PolicyDocument): CompileResult {
  const compiler = createCompiler(document);
  for (const rule of document.rules) compiler.add(rule);
  return compiler.finish();
}

/** Compiles a policy rule by rule, for rules that come in parts. */
interface Compiler {
  add(rule: RuleDocument): void;
  /** After the last rule, once. */
  finish(): CompileResult;
}

export function createCompiler(head: Omit<PolicyDocument, 'rules'>): Compiler {
  const problems: PolicyProblem[] = [];
  const report: Report = (path, message) => void problems.push({ path, message });
  const roles = compileRoles(head.roles, report);
  const rules: Rule[] = [];
  const repositories = createRuleIndex();
  const attributes = new Set<string>();
  return {
    add: (document) => {
      const rule = compileRule(document, rules.length, roles, report);
      rules.push(rule);
      repositories.add(rule);
      for (const attribute of attributesOf(rule)) attributes.add(attribute);
    },
    finish: () => {
      if (problems.length > 0) return { kind: 'problems', problems };
      const { revision, evaluation = 'union' } = head;
      const catalog = rules.filter((rule) => rule.catalog);
      return {
        kind: 'compiled',
        policy: { revision, evaluation, rules, repositories, catalog, attributes: [...attributes] },
      };
    },
  };
}

/** The attributes and claims that a rule names. */
export function attributesOf({
  repositories,
  conditions,
}: Pick<Rule, 'repositories' | 'conditions'>): readonly string[] {
  const placeholders = repositories.flatMap((pattern) => pattern.placeholders);
  return [...placeholders.filter((name) => name.includes(':')), ...conditions.flatMap(({ attributes }) => attributes)];
}

type Roles = ReadonlyMap<string, readonly Action[]>;

function compileRoles(roles: PolicyDocument['roles'], report: Report): Roles {
  const compiled = new Map<string, readonly Action[]>();
  for (const [name, actions] of roles) {
    if (isAction(name)) report(['roles', name], `a role cannot have the name of the action ${name}`);
    for (const [index, action] of actions.entries()) {
      if (!isAction(action)) report(['roles', name, index], `expected one of pull, push, delete, *; got "${action}"`);
    }
    compiled.set(name, actions.filter(isAction));
  }
  return compiled;
}

function compileRule(rule: RuleDocument, index: number, roles: Roles, report: Report): Rule {
  const path: Path = ['rules', index];
  const repositories = rule.repositories.flatMap((text, at): RepositoryPattern[] => {
    const pattern = parseRepositoryPattern(text);
    if (typeof pattern !== 'string') return [pattern];
    report([...path, 'repositories', at], `the pattern "${text}" ${pattern}`);
    return [];
  });
  const who = compileWho(rule.who, (at, message) => report([...path, ...at], message));
  for (const [at, pattern] of repositories.entries())
    checkPlaceholders(rule, who, pattern, [...path, 'repositories', at], report);
  return {
    index,
    name: rule.name,
    file: rule.file,
    line: rule.line,
    effect: rule.effect,
    actions: resolveActions(rule, roles, [...path, rule.effect], report),
    who,
    conditions: rule.conditions,
    repositories,
    catalog: rule.catalog,
  };
}

function resolveActions(rule: RuleDocument, roles: Roles, path: Path, report: Report): readonly Action[] {
  const actions = rule.actions.flatMap((name, at): readonly Action[] => {
    if (isAction(name)) return [name];
    const role = roles.get(name);
    if (role === undefined)
      report([...path, at], `"${name}" is neither an action (pull, push, delete, *) nor a role${rolesHint(roles)}`);
    return role ?? [];
  });
  return [...new Set(actions)];
}

/** How many roles a message names: a file may have thousands of roles and of mistakes. */
const MOST_ROLES = 20;

function rolesHint(roles: Roles): string {
  if (roles.size === 0) return '; no roles are defined';
  const names = [...roles.keys()].slice(0, MOST_ROLES).join(', ');
  return ` (roles: ${names}${roles.size > MOST_ROLES ? `, and ${roles.size - MOST_ROLES} more` : ''})`;
}

/** Every alternative of a rule's who must give every value that its repositories need. */
function checkPlaceholders(
  rule: RuleDocument,
  who: CompiledWho,
  pattern: RepositoryPattern,
  path: Path,
  report: Report,
): void {
  for (const name of pattern.placeholders) {
    if (name.startsWith('attr:') || name.startsWith('claim:') || name === 'user') {
      if (who.everyone) report(path, `everyone includes anonymous, who has no {${name}}; write users: ["*"] instead`);
      const robots = who.users.filter(({ exact }) => isRobotUsername(exact.text)).map(({ exact }) => exact.text);
      if (robots.length > 0)
        report(path, `the robot "${robots.join('", "')}" has no {${name}}; move it to a rule of its own`);
      continue;
    }
    const users = who.users.filter(({ exact }) => !exact.captures.includes(name));
    const groups = name === 'group' ? [] : who.groups.filter(({ exact }) => !exact.captures.includes(name));
    const without = [
      ...users.map(({ exact }) => `user "${exact.text}"`),
      ...groups.map(({ exact }) => `group "${exact.text}"`),
      ...(who.everyone ? ['everyone'] : []),
    ];
    if (without.length === 0) continue;
    const cure =
      name === 'group'
        ? 'name groups instead of users, or move it to a rule of its own'
        : `capture it there, or move it to a rule of its own`;
    report(path, `${without.join(' and ')} of rule "${rule.name}" gives no value for {${name}}; ${cure}`);
  }
}
