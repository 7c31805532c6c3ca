/**
 * Invariants: what must be true of every decision of a policy, whatever its rules are.
 *
 * `never`: no caller of the claim is granted it. `only`: no other caller is granted it. `always`: every caller of the
 * claim is granted it. Each is proved, or broken by an example, or open.
 */
import { ACTIONS } from '../access.ts';
import type { Action } from '../access.ts';
import type { Policy } from './policy.ts';
import type { Rule } from './rule.ts';
import { askersMeet } from './asker.ts';
import { isException } from './condition.ts';
import type { Condition, Property } from './condition.ts';
import { decide } from './decide.ts';
import { alternativesOf } from './diff/alternative.ts';
import type { Alternative } from './diff/alternative.ts';
import { compareByClasses } from './diff/classes.ts';
import { createEffort } from './exact/effort.ts';
import { grants, rulesAgainst } from './exact/prevented.ts';
import { examplesOf } from './exact/search.ts';
import type { Question, Request } from './exact/search.ts';
import type { Requirement } from './exact/ties.ts';
import { relevantProperties, worldOf } from './exact/world.ts';
import type { Form, World } from './exact/world.ts';
import { repositoriesMeet } from './relation/repositories.ts';
import { matchesRepository, parseRepositoryPattern } from './repository-pattern.ts';
import type { RepositoryPattern } from './repository-pattern.ts';

export interface Invariant {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly kind: 'never' | 'only' | 'always';
  /** A policy that allows what the invariant is about, and nothing else. */
  readonly claim: Policy;
  /** Whether the claim is about callers without a login only. */
  readonly isAnonymous: boolean;
}

export type Proof =
  | { readonly kind: 'proved' }
  | {
      readonly kind: 'broken';
      readonly request: Request;
      readonly action: Action;
      /** The properties of the request that the decision may depend on. */
      readonly relevant: ReadonlySet<Property>;
      /** Whether the policy grants the action. */
      readonly isGranted: boolean;
      /** The rules that decide about it. */
      readonly rules: readonly Rule[];
    }
  | { readonly kind: 'open'; readonly reasons: readonly string[] };

export interface ProveOptions {
  readonly services?: readonly string[];
  /** How the configured sources of users compare names; undefined: any. */
  readonly forms?: readonly Form[];
  /** The bound on the work for one invariant, see `Effort`. */
  readonly maxUnits?: number;
}

/**
 * About half a second, because the broker reads a small policy on its main thread. Every command has the same bound, so
 * that what `check` proves is accepted by the broker.
 */
const MAX_UNITS = 10_000_000;

export function proveInvariant(policy: Policy, invariant: Invariant, options: ProveOptions = {}): Proof {
  const isOpaque = policy.rules.some(({ conditions }) => conditions.some(({ samples }) => samples === undefined));
  const proof =
    invariant.kind === 'always' ? proveAlways(policy, invariant, options) : proveNone(policy, invariant, options);
  if (proof.kind === 'broken' || !isOpaque) return proof;
  const opaque = 'rules have conditions that only a request can show';
  return { kind: 'open', reasons: [...(proof.kind === 'open' ? proof.reasons : []), opaque] };
}

/** Compares a policy that allows the claim, and nothing else, with the policy. */
function proveAlways(policy: Policy, { claim }: Invariant, options: ProveOptions): Proof {
  const { classes, gaps } = compareByClasses(claim, policy, {
    maxUnits: MAX_UNITS,
    ...options,
    change: 'lost',
    maxClasses: 1,
  });
  const [found] = classes;
  if (found === undefined) return gaps.length === 0 ? { kind: 'proved' } : { kind: 'open', reasons: gaps };
  const [action = 'pull'] = found.actions;
  const rules = policy.rules.filter((rule) =>
    found.after.some((reason) => reason.rule === rule.name && reason.line === rule.line),
  );
  const { relevant } = found.example;
  return { kind: 'broken', request: found.example, action, relevant, isGranted: false, rules };
}

/** Searches for a request that the policy grants by a rule, and that the invariant is against. */
function proveNone(policy: Policy, invariant: Invariant, options: ProveOptions): Proof {
  const effort = createEffort(options.maxUnits ?? MAX_UNITS);
  const places = placesOf(invariant);
  const world = worldOf([policy, invariant.claim], effort, options);
  for (const alternative of alternativesOf(policy)) {
    if (alternative.rule.effect !== 'allow') continue;
    for (const place of places) {
      const found = firstExample(policy, invariant, alternative, place, world);
      if (found !== undefined)
        return {
          kind: 'broken',
          ...found,
          relevant: relevantProperties(world),
          isGranted: true,
          rules: [alternative.rule],
        };
    }
  }
  const reasons = effort.reasons();
  return reasons.length === 0 ? { kind: 'proved' } : { kind: 'open', reasons };
}

/** The requests among which the search is: those of the claim; for `only`, those of any caller. */
interface Place extends Requirement {
  readonly conditions: readonly Condition[];
  readonly actions: readonly Action[];
}

function placesOf({ kind, claim }: Invariant): readonly Place[] {
  if (kind === 'never') {
    return alternativesOf(claim).map(({ who, pattern, rule: { conditions, actions } }) => ({
      who,
      pattern,
      conditions,
      actions,
    }));
  }
  return claim.rules.flatMap(({ repositories, catalog, conditions, actions }) => {
    const rest = {
      who: { kind: 'everyone' },
      conditions: conditions.filter((one) => !isException(one)),
      actions,
    } as const;
    const places: readonly Place[] = repositories.map((pattern) => ({ ...rest, pattern: withoutValues(pattern) }));
    return catalog ? [...places, { ...rest, pattern: undefined }] : places;
  });
}

/** The pattern with `*` for each placeholder. */
function withoutValues(pattern: RepositoryPattern): RepositoryPattern {
  const parsed = parseRepositoryPattern(textWithoutValues(pattern.text));
  // A pattern with a wildcard instead of a value is a pattern.
  if (typeof parsed === 'string') throw new Error(`"${pattern.text}" ${parsed}`);
  return parsed;
}

export function textWithoutValues(text: string): string {
  const segments = text.split('/');
  return segments.map((one) => (one === '**' ? one : one.replaceAll(/(?:\*|\{[^{}]*\})+/g, '*'))).join('/');
}

function firstExample(
  policy: Policy,
  { kind, claim, isAnonymous }: Invariant,
  alternative: Alternative,
  place: Place,
  world: World,
) {
  const { pattern, who } = place;
  if ((pattern === undefined) !== (alternative.pattern === undefined)) return undefined;
  if (pattern !== undefined && alternative.pattern !== undefined && !repositoriesMeet(pattern, alternative.pattern))
    return undefined;
  if (!askersMeet(who, alternative.who)) return undefined;
  const candidates: readonly Action[] = pattern === undefined ? ['*'] : ACTIONS;
  const isOf = (rule: Pick<Rule, 'actions'>, action: Action): boolean => pattern === undefined || grants(rule, action);
  const actions = candidates.filter((action) => isOf(alternative.rule, action) && isOf(place, action));
  if (actions.length === 0) return undefined;
  const isGranted = (one: Policy, { situation, asked }: Request, action: Action): boolean =>
    decide(one, situation, asked).granted.includes(action);
  const question: Question = {
    requirements: [alternative, place],
    conditions: [...alternative.rule.conditions, ...place.conditions],
    actions: new Set(actions),
    accepts: ({ caller }) => !isAnonymous || caller.kind === 'anonymous',
    prevented: (action, segments) => [
      ...rulesAgainst(policy, alternative.rule, action, segments),
      ...(kind === 'only' ? claim.rules : []),
    ],
    isExample: (request, action) =>
      isGranted(policy, request, action) &&
      isGranted(claim, request, action) === (kind === 'never') &&
      isIn(pattern, request, kind),
  };
  for (const example of examplesOf(question, world)) return { request: example, action: example.action };
  return undefined;
}

/** Whether the repository of an example that was made smaller is still one that `only` is about. */
function isIn(pattern: RepositoryPattern | undefined, { asked }: Request, kind: Invariant['kind']): boolean {
  if (kind === 'never' || pattern === undefined) return true;
  return matchesRepository(pattern, asked.name.split('/'), new Map());
}
