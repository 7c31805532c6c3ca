/**
 * Which decisions change from one policy to another: classes of requests, each with an example.
 *
 * If a decision changes, a rule allows the request in one policy, and in the other policy no rule allows it or a rule
 * denies it. So the search takes each rule that allows, alone and with each rule of the other policy, if at least one of
 * them is not in both policies. For each pair, both policies decide the most general request that matches both rules. It
 * matches as few other rules as possible: if it shows no difference, only the exceptions of other rules can show one.
 * They are tried after that.
 */
import { ACTIONS } from '../../access.ts';
import type { Action } from '../../access.ts';
import type { Caller } from '../../identity.ts';
import { askersOf } from '../asker.ts';
import type { Asker } from '../asker.ts';
import { exceptionsOf } from '../condition.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import { whoKey } from './alternative.ts';
import type { Alternative } from './alternative.ts';
import { decideBoth, differences } from './difference.ts';
import type { Difference, TwoDecisions } from './difference.ts';
import { searchGaps } from './gaps.ts';
import { isChanged, pairsOf, undecidedRules } from './pairs.ts';
import { conditionsHold, propertySamples, requestsFor, requestsOf } from './requests.ts';
import type { Request, World } from './requests.ts';
import { subjectsOf } from './subjects.ts';
import type { Form } from './subjects.ts';
import { wordsFor } from './words.ts';

/** Requests whose decision changes for one reason. */
export interface DecisionClass extends Difference {
  /** The rule that allows in one of the policies, and the rule that prevents it in the other, if there is one. */
  readonly alternatives: readonly Alternative[];
  /** What the subject is in addition, so that it is an exception of other rules. */
  readonly additional: readonly Asker[];
  /** A request whose decision changes; `pattern` is the common repository pattern of both rules. */
  readonly example: Request;
  /** The users of the options whose access changes. */
  readonly users: readonly string[];
}

export interface Comparison {
  readonly classes: readonly DecisionClass[];
  /** False if the search is not exhaustive: there may be more classes. */
  readonly complete: boolean;
  /** Why the search is not exhaustive, each a phrase after "because"; empty if a bound ended it. */
  readonly gaps: readonly string[];
  /** Rules with conditions that only a request can show, where the policies differ. */
  readonly undecided: readonly Rule[];
}

export interface CompareOptions {
  readonly services?: readonly string[];
  /** Real users, who are named in the classes that change their access. */
  readonly users?: readonly Caller[];
  /** The largest number of requests that are decided. */
  readonly maxRequests?: number;
}

const MAX_REQUESTS = 300_000;
const MAX_CLASSES = 20_000;
/** Sets of exceptions that are tried for one pair of rules. */
const MAX_SETS = 32;

export function compareByClasses(before: Policy, after: Policy, options: CompareOptions = {}): Comparison {
  const search = createSearch(before, after, options);
  for (const [change, pair] of pairsOf(before, after, search.world.words)) {
    if (search.isOver()) break;
    search.look(change, pair);
  }
  const gaps = isChanged(before, after) ? searchGaps([before, after]) : [];
  const complete = search.isComplete() && gaps.length === 0;
  return { classes: search.classes, complete, gaps, undecided: undecidedRules(before, after) };
}

function createSearch(before: Policy, after: Policy, options: CompareOptions) {
  const policies = [before, after];
  let cut = false;
  let complete = true;
  const words = wordsFor(policies, () => {
    cut = true;
  });
  const world: World = {
    words,
    deepest: 1 + policies.flatMap(segmentCounts).reduce((most, segments) => Math.max(most, segments), 0),
    services: options.services,
    properties: propertySamples(policies, words),
  };
  const forms: readonly Form[] = policies.some(areCaseSensitive) ? ['exact', 'folded'] : ['exact'];
  const exceptions = exceptionsByPlace(policies);
  const classes: DecisionClass[] = [];
  /** What is reported for a rule alone is not reported again for a pair. */
  const reported = new Map<Alternative, Set<string>>();
  let left = options.maxRequests ?? MAX_REQUESTS;

  const isOver = (): boolean => left <= 0 || classes.length >= MAX_CLASSES;

  function look(change: Difference['change'], pair: readonly Alternative[]): void {
    const [first] = pair;
    if (first === undefined) return;
    const known = reported.get(first);
    const open = new Set(actionsOf(first).filter((action) => known?.has(action) !== true));
    cut = false;
    for (const form of forms) lookAs(change, pair, form, open);
    if (cut && open.size > 0) complete = false;
  }

  function lookAs(change: Difference['change'], pair: readonly Alternative[], form: Form, open: Set<Action>): void {
    const tried = new Set<string>();
    const waiting: (readonly Asker[])[] = [[]];
    for (let additional = waiting.shift(); additional !== undefined; additional = waiting.shift()) {
      const candidates = new Set<Asker>();
      for (const request of requestsFor(pair, additional, form, world)) {
        if (open.size === 0 || left <= 0) return;
        if (!conditionsHold(pair, request)) continue;
        left -= 1;
        const both = decideBoth(before, after, request.situation, request.asked);
        const difference = differenceOf(change, pair, both, open);
        if (difference !== undefined)
          add({ ...difference, alternatives: pair, additional, example: request, users: [] });
        for (const action of difference?.actions ?? []) open.delete(action);
        for (const who of exceptionsOfBlocking(change, pair, both)) if (!additional.includes(who)) candidates.add(who);
      }
      for (const who of candidates) {
        const more = [...additional, who];
        const key = more
          .map((one) => JSON.stringify(whoKey(one)))
          .toSorted()
          .join();
        if (tried.has(key)) continue;
        if (tried.size >= MAX_SETS) cut = true;
        else waiting.push(more);
        tried.add(key);
      }
    }
  }

  /** The exceptions of the rules that prevent a difference. */
  function exceptionsOfBlocking(change: Difference['change'], pair: readonly Alternative[], both: TwoDecisions) {
    const [allowing, other] = change === 'gained' ? [both.after, both.before] : [both.before, both.after];
    const isFirst = policies.some(({ evaluation }) => evaluation === 'first-match');
    const blocking = [
      ...allowing.because.filter(({ effect }) => effect === 'deny' || isFirst),
      ...other.because.filter(({ effect }) => effect === 'allow' || isFirst),
    ];
    return blocking
      .flatMap((reason) => exceptions.get(placeKey(reason)) ?? [])
      .filter(({ rule }) => pair.every((alternative) => alternative.rule !== rule))
      .flatMap(({ who }) => who);
  }

  function add(one: DecisionClass): void {
    const [first, second] = one.alternatives;
    if (first !== undefined && second === undefined && one.additional.length === 0) {
      reported.set(first, new Set([...(reported.get(first) ?? []), ...one.actions]));
    }
    const users = (options.users ?? []).filter((caller) => isAbout(one, caller));
    classes.push({
      ...one,
      users: users.flatMap((caller) => (caller.kind === 'user' ? [caller.identity.username] : [])),
    });
  }

  function isAbout({ change, alternatives }: DecisionClass, caller: Caller): boolean {
    for (const subject of subjectsOf(alternatives, caller)) {
      for (const request of requestsOf(alternatives, subject, world)) {
        const { before: old, after: next } = decideBoth(before, after, request.situation, request.asked);
        if (differences({ before: old, after: next }).some((one) => one.change === change)) return true;
      }
    }
    return false;
  }

  return { world, classes, look, isOver, isComplete: () => complete && !isOver() };
}

/** The difference for the open actions, if the rules of the pair decide it. */
function differenceOf(
  change: Difference['change'],
  [first, second]: readonly Alternative[],
  both: TwoDecisions,
  open: ReadonlySet<Action>,
): Difference | undefined {
  const difference = differences(both).find((one) => one.change === change);
  const actions = difference?.actions.filter((action) => open.has(action)) ?? [];
  if (first === undefined || difference === undefined || actions.length === 0) return undefined;
  const [allowing, other] = change === 'gained' ? [both.after, both.before] : [both.before, both.after];
  const isDecisive = applied(allowing.because, first) && (second === undefined || applied(other.because, second));
  return isDecisive ? { ...difference, actions } : undefined;
}

function actionsOf({ rule: { actions }, pattern }: Alternative): readonly Action[] {
  if (pattern === undefined) return ['*'];
  return actions.includes('*') ? ACTIONS : actions;
}

function applied(because: TwoDecisions['before']['because'], { rule }: Alternative): boolean {
  return because.some(
    (reason) => reason.effect !== 'skipped' && placeKey(reason) === placeKey({ ...rule, rule: rule.name }),
  );
}

function placeKey({
  file,
  line,
  rule,
}: {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}): string {
  return `${file}:${line} ${rule}`;
}

/** The exceptions of each rule, by the position of the rule. */
function exceptionsByPlace(policies: readonly Policy[]) {
  return Map.groupBy(
    policies.flatMap(({ rules }) => rules).map((rule) => ({ rule, who: exceptionsOf(rule.conditions) })),
    ({ rule: { file, line, name } }) => placeKey({ file, line, rule: name }),
  );
}

function segmentCounts({ rules }: Policy): readonly number[] {
  return rules.flatMap(({ repositories }) => repositories.map(({ segments }) => segments.length));
}

function areCaseSensitive({ rules }: Policy): boolean {
  return rules.some(({ who, conditions }) =>
    [...askersOf(who), ...exceptionsOf(conditions)].some(
      (asker) => asker.kind !== 'everyone' && asker.pair.exact.text !== asker.pair.folded.text,
    ),
  );
}
