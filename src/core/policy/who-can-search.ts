/** Whether there is a caller whom a rule allows something with one repository. */
import type { Action } from '../access.ts';
import type { Asker } from './asker.ts';
import { decide } from './decide.ts';
import { createEffort } from './exact/effort.ts';
import { grants, rulesAgainst } from './exact/prevented.ts';
import { examplesOf } from './exact/search.ts';
import type { Request } from './exact/search.ts';
import { candidatesFor } from './exact/callers.ts';
import type { Candidate } from './exact/callers.ts';
import { worldOf } from './exact/world.ts';
import type { World } from './exact/world.ts';
import type { Requirement } from './exact/ties.ts';
import type { Policy } from './policy.ts';
import { parseRepositoryPattern } from './repository-pattern.ts';
import type { RepositoryPattern } from './repository-pattern.ts';
import type { Rule } from './rule.ts';
import type { WhoCanOptions } from './who-can.ts';

/** One alternative of a rule's who, with the values of placeholders that the repository requires. */
export interface Alternative {
  readonly asker: Asker;
  readonly pattern: RepositoryPattern;
  readonly values: ReadonlyMap<string, string>;
}

export interface CallerSearch {
  readonly policy: Policy;
  readonly action: Action;
  /** The repository that is asked for. */
  readonly repository: Requirement;
  readonly world: World;
  /** Why the search is not exhaustive, each a clause. */
  gaps(): readonly string[];
}

export function searchFor(
  policy: Policy,
  action: Action,
  name: string,
  { service, client, forms }: Pick<WhoCanOptions, 'service' | 'client' | 'forms'>,
): CallerSearch {
  const pattern = parseRepositoryPattern(name);
  // A repository name is a pattern without wildcards.
  if (typeof pattern === 'string') throw new Error(`"${name}" is no repository name: it ${pattern}`);
  const effort = createEffort();
  const world = worldOf([policy, { rules: [ruleFor(pattern)] }], effort, { services: [service], client, forms });
  const isOpaque = policy.rules.some(({ conditions }) => conditions.some(({ samples }) => samples === undefined));
  return {
    policy,
    action,
    repository: { who: { kind: 'everyone' }, pattern },
    world,
    gaps: () => [...effort.reasons(), ...(isOpaque ? ['rules have conditions that only a request can show'] : [])],
  };
}

/** A rule for the repository, so that no word of the search is a part of its name. */
function ruleFor(pattern: RepositoryPattern): Rule {
  const who = { users: [], groups: [], everyone: true };
  const rest = { conditions: [], catalog: false, index: 0, name: '', file: '', line: 0 } as const;
  return { ...rest, who, repositories: [pattern], effect: 'allow', actions: [] };
}

/** @returns undefined if only a request can show it */
export function someCallerCan(rule: Rule, alternative: Alternative, search: CallerSearch): boolean | undefined {
  const { policy, action, repository, world } = search;
  if (rule.conditions.some(({ samples }) => samples === undefined)) return undefined;
  if (!grants(rule, action)) return false;
  const isExample = ({ situation, asked }: Request): boolean =>
    decide(policy, situation, { ...asked, actions: [action] }).granted.includes(action);
  const question = {
    requirements: requirementsFor(alternative, repository),
    accepts: (candidate: Candidate) => hasValues(candidate, alternative),
    conditions: rule.conditions,
    actions: new Set([action]),
    prevented: (_action: Action, segments: readonly string[] | undefined) =>
      rulesAgainst(policy, rule, action, segments),
    isExample,
  };
  return examplesOf(question, world).some(() => true);
}

/** Whether a caller of that who can have the values. */
export function someCallerHas(alternative: Alternative, { repository, world }: CallerSearch): boolean {
  return world.forms.some((form) =>
    candidatesFor(requirementsFor(alternative, repository), [], form, world).some((candidate) =>
      hasValues(candidate, alternative),
    ),
  );
}

function requirementsFor({ asker, pattern }: Alternative, repository: Requirement): readonly Requirement[] {
  return [{ who: asker, pattern }, repository];
}

function hasValues({ values: [own] }: Candidate, { values }: Alternative): boolean {
  return [...values].every(([name, value]) => own?.get(name) === value);
}
