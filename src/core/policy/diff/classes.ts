/**
 * Which decisions change from one policy to another: classes of requests, each with an example.
 *
 * If a decision changes, a rule allows the request in one policy, and in the other policy no rule allows it or a rule
 * denies it. So the search takes each rule that allows, alone and with each rule of the other policy, if at least one of
 * them is not in both policies. For each of these pairs it finds an example or proves that there is none.
 */
import { ACTIONS } from '../../access.ts';
import type { Action } from '../../access.ts';
import type { Caller } from '../../identity.ts';
import type { Asker } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Property } from '../condition.ts';
import { createEffort } from '../exact/effort.ts';
import { denies, grants, rulesAgainst, rulesFor } from '../exact/prevented.ts';
import { examplesOf } from '../exact/search.ts';
import type { Example, Question, Request } from '../exact/search.ts';
import { relevantProperties, worldOf } from '../exact/world.ts';
import type { Form } from '../exact/world.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import type { Alternative } from './alternative.ts';
import { decideBoth, differences } from './difference.ts';
import type { Difference, TwoDecisions } from './difference.ts';
import { commonPattern } from './common-pattern.ts';
import { isChanged, pairsOf, undecidedRules } from './pairs.ts';
import { requestsFrom } from './users.ts';

/** Requests whose decision changes for one reason. */
export interface DecisionClass extends Difference {
  /** The rule that allows in one of the policies, and the rule that prevents it in the other, if there is one. */
  readonly alternatives: readonly Alternative[];
  /** Users and groups that the caller has to be in addition, to be an exception of other rules. */
  readonly additional: readonly Asker[];
  /** A request whose decision changes. */
  readonly example: ClassExample;
  /** The users of the options whose access changes. */
  readonly users: readonly string[];
}

interface ClassExample extends Request {
  /** The common repository pattern of the rules; undefined: the catalog. */
  readonly pattern: string | undefined;
  /** The properties of the request that the decision may depend on. */
  readonly relevant: ReadonlySet<Property>;
}

export interface Comparison {
  readonly classes: readonly DecisionClass[];
  /** False if the search is not exhaustive: there may be more classes. */
  readonly complete: boolean;
  /** Why the search is not exhaustive, each a clause. */
  readonly gaps: readonly string[];
  /** Rules with conditions that only a request can show, where the policies differ. */
  readonly undecided: readonly Rule[];
}

export interface CompareOptions {
  readonly services?: readonly string[];
  /** How the configured sources of users compare names; undefined: any. */
  readonly forms?: readonly Form[];
  /** Real users, who are named in the classes that change their access. */
  readonly users?: readonly Caller[];
  /** The largest number of classes that are listed. */
  readonly maxClasses?: number;
  /** The bound on the work of the search, see `Effort`. */
  readonly maxUnits?: number;
  /** Compare these actions only, and the catalog; undefined: all. */
  readonly actions?: readonly Action[];
  /** Search for this kind of change only. */
  readonly change?: Difference['change'];
}

const MAX_CLASSES = 20_000;

export function compareByClasses(before: Policy, after: Policy, options: CompareOptions = {}): Comparison {
  const { maxClasses = MAX_CLASSES } = options;
  const undecided = undecidedRules(before, after);
  if (!isChanged(before, after)) return { classes: [], complete: true, gaps: [], undecided };
  const search = createSearch(before, after, options);
  for (const [change, pair] of pairsOf(before, after)) {
    if (options.change !== undefined && options.change !== change) continue;
    if (search.isOver() || search.classes.length >= maxClasses) break;
    search.look(change, pair);
  }
  const isFull = search.classes.length >= maxClasses;
  const gaps = [...search.gaps(), ...(isFull ? [`more than ${maxClasses} kinds of decisions change`] : [])];
  return { classes: search.classes.slice(0, maxClasses), complete: gaps.length === 0, gaps, undecided };
}

function createSearch(before: Policy, after: Policy, options: CompareOptions) {
  const effort = createEffort(options.maxUnits);
  const world = worldOf([before, after], effort, options);
  const classes: DecisionClass[] = [];
  /** What is reported for a rule alone is not reported again for a pair. */
  const reported = new Map<Alternative, Set<string>>();

  function look(change: Difference['change'], pair: readonly Alternative[]): void {
    const [first, second] = pair;
    if (first === undefined) return;
    const [granting, other] = change === 'lost' ? [before, after] : [after, before];
    const known = reported.get(first);
    const isCompared = (action: Action): boolean =>
      first.pattern === undefined || options.actions?.includes(action) !== false;
    const open = new Set(actionsOf(pair, other).filter((action) => known?.has(action) !== true && isCompared(action)));
    if (open.size === 0) return;
    const question: Question = {
      requirements: pair,
      conditions: pair.flatMap(({ rule }) => rule.conditions),
      actions: open,
      prevented: (action, segments) => [
        ...rulesAgainst(granting, first.rule, action, segments),
        ...rulesFor(other, second?.rule, action, segments),
      ],
      isExample: (request, action) => differenceIn(change, pair, request)?.actions.includes(action) === true,
    };
    for (const example of examplesOf(question, world)) {
      const difference = differenceIn(change, pair, example);
      const actions = difference?.actions.filter((action) => open.has(action)) ?? [];
      for (const action of actions) open.delete(action);
      if (difference !== undefined) add({ ...difference, actions }, pair, example);
    }
  }

  /** The difference that the rules of the pair make. */
  function differenceIn(change: Difference['change'], [first, second]: readonly Alternative[], request: Request) {
    const both = decideBoth(before, after, request.situation, request.asked);
    const [allowing, other] = change === 'gained' ? [both.after, both.before] : [both.before, both.after];
    const difference = differences(both).find((one) => one.change === change);
    const isDecisive =
      first !== undefined &&
      applied(allowing.because, first) &&
      (second === undefined || applied(other.because, second));
    return isDecisive ? difference : undefined;
  }

  function add(difference: Difference, pair: readonly Alternative[], { situation, asked, additional }: Example): void {
    const [first, second] = pair;
    const extra = [
      ...additional.map((one) => ({ kind: 'user', pair: one }) as const),
      ...exceptedAs(situation.caller, pair, [before, after]),
    ];
    if (first !== undefined && second === undefined && extra.length === 0)
      reported.set(first, new Set([...(reported.get(first) ?? []), ...difference.actions]));
    const example = { situation, asked, pattern: commonPattern(pair, asked), relevant: relevantProperties(world) };
    const users = (options.users ?? []).filter((caller) => isAbout(difference.change, pair, caller));
    classes.push({
      ...difference,
      alternatives: pair,
      additional: extra,
      example,
      users: users.flatMap((caller) => (caller.kind === 'user' ? [caller.identity.username] : [])),
    });
  }

  function isAbout(change: Difference['change'], alternatives: readonly Alternative[], caller: Caller): boolean {
    for (const request of requestsFrom(caller, alternatives, world)) {
      const both = decideBoth(before, after, request.situation, request.asked);
      if (differences(both).some((one) => one.change === change)) return true;
    }
    return false;
  }

  return { classes, look, isOver: effort.isSpent, gaps: effort.reasons };
}

/** The actions that the first rule grants and the second one prevents. */
function actionsOf([first, second]: readonly Alternative[], other: Policy): readonly Action[] {
  if (first === undefined) return [];
  const isCatalog = first.pattern === undefined;
  const all: readonly Action[] = isCatalog ? ['*'] : ACTIONS;
  return all.filter((action) => {
    if (!isCatalog && !grants(first.rule, action)) return false;
    if (second === undefined) return true;
    if (other.evaluation === 'first-match')
      return second.rule.effect === 'deny' || (!isCatalog && !grants(second.rule, action));
    return second.rule.effect === 'deny' && (isCatalog || denies(second.rule, action));
  });
}

/** The exceptions of rules that the groups of the caller are for, other than the rules of the pair. */
function exceptedAs(caller: Caller, pair: readonly Alternative[], policies: readonly Policy[]): readonly Asker[] {
  if (caller.kind === 'anonymous') return [];
  const { groups, caseless } = caller.identity;
  const form = caseless ? 'folded' : 'exact';
  const fits = (asker: Asker, group: string): boolean =>
    asker.kind === 'group' && asker.pair[form].match(group) !== undefined;
  const others = [...groups].filter((group) => !pair.some(({ who }) => fits(who, group)));
  if (others.length === 0) return [];
  const exceptions = policies
    .flatMap(({ rules }) => rules)
    .flatMap(({ conditions }) => exceptionsOf(conditions))
    .filter(({ kind }) => kind === 'group');
  return others.flatMap((group) => exceptions.find((asker) => fits(asker, group)) ?? []);
}

function applied(because: TwoDecisions['before']['because'], { rule }: Alternative): boolean {
  return because.some(
    (reason) =>
      reason.effect !== 'skipped' &&
      reason.rule === rule.name &&
      reason.line === rule.line &&
      reason.file === rule.file,
  );
}
