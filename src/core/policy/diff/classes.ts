/**
 * Which decisions change from one policy to another: classes of requests, each with a request that shows it.
 *
 * A request that is decided otherwise is one that a rule allows in one of the policies and that, in the other, no rule
 * allows or some rule denies. So each rule that allows is looked at alone and with each rule of the other policy, where
 * at least one of them is not in both policies. For each such pair the most general request that both speak of is
 * decided by both policies: it matches as few other rules as can be, so that if it shows nothing, no request of the
 * pair does, but for those that a rule's exceptions spare. They are tried after that.
 */
import { ACTIONS } from '../../access.ts';
import type { Action } from '../../access.ts';
import type { Caller } from '../../identity.ts';
import type { Policy } from '../policy.ts';
import type { Rule } from '../rule.ts';
import { whoAlternatives, whoText } from './alternative.ts';
import type { Alternative, WhoAlternative } from './alternative.ts';
import { decideBoth, differences } from './difference.ts';
import type { Difference, TwoDecisions } from './difference.ts';
import { pairsOf, untoldRules } from './pairs.ts';
import { isSpoken, requestsFor, requestsOf } from './requests.ts';
import type { Request, World } from './requests.ts';
import { subjectsOf } from './subjects.ts';
import type { Form } from './subjects.ts';
import { wordsFor } from './words.ts';

/** Requests that are decided otherwise, for one reason. */
export interface DecisionClass extends Difference {
  /** The rule that allows in one of the policies, and the one that stands against it in the other, if one does. */
  readonly alternatives: readonly Alternative[];
  /** What the subject is besides, so that an exception spares it. */
  readonly besides: readonly WhoAlternative[];
  /** A request that is decided otherwise; `pattern` is the repository pattern both rules come to. */
  readonly witness: Request;
  /** Of those whom the caller has named, whose access it is. */
  readonly users: readonly string[];
}

export interface Comparison {
  readonly classes: readonly DecisionClass[];
  /** False when there was too much to look at: there may be more classes. */
  readonly complete: boolean;
  /** Rules with conditions that only a request can tell, which are not the same in both policies. */
  readonly untold: readonly Rule[];
}

export interface CompareOptions {
  readonly clients?: readonly string[];
  readonly services?: readonly string[];
  /** Real users, who are named where a class is theirs. */
  readonly users?: readonly Caller[];
  /** Requests that are decided at most. */
  readonly most?: number;
}

const MOST_REQUESTS = 300_000;
const MOST_CLASSES = 20_000;
/** Sets of exceptions that are tried together for one pair of rules. */
const MOST_SETS = 32;

export function compareByClasses(before: Policy, after: Policy, options: CompareOptions = {}): Comparison {
  const search = createSearch(before, after, options);
  for (const [change, pair] of pairsOf(before, after, search.world.words)) {
    if (search.isOver()) break;
    search.look(change, pair);
  }
  return { classes: search.classes, complete: search.isComplete(), untold: untoldRules(before, after) };
}

function createSearch(before: Policy, after: Policy, options: CompareOptions) {
  const policies = [before, after];
  let cut = false;
  let complete = true;
  const world: World = {
    words: wordsFor(policies, () => {
      cut = true;
    }),
    deepest: 1 + policies.flatMap(segmentCounts).reduce((most, segments) => Math.max(most, segments), 0),
    clients: ['', ...(options.clients ?? [])],
    services: options.services,
  };
  const forms: readonly Form[] = policies.some(hasCase) ? ['exact', 'folded'] : ['exact'];
  const spared = sparedByPlace(policies);
  const classes: DecisionClass[] = [];
  /** What is told of a rule alone need not be told of it beside another. */
  const told = new Map<Alternative, Set<string>>();
  let left = options.most ?? MOST_REQUESTS;

  const isOver = (): boolean => left <= 0 || classes.length >= MOST_CLASSES;

  function look(change: Difference['change'], pair: readonly Alternative[]): void {
    const [first] = pair;
    if (first === undefined) return;
    const known = told.get(first);
    const open = new Set(actionsOf(first).filter((action) => known?.has(action) !== true));
    cut = false;
    for (const form of forms) lookAs(change, pair, form, open);
    if (cut && open.size > 0) complete = false;
  }

  function lookAs(change: Difference['change'], pair: readonly Alternative[], form: Form, open: Set<Action>): void {
    const tried = new Set<string>();
    const waiting: (readonly WhoAlternative[])[] = [[]];
    for (let besides = waiting.shift(); besides !== undefined; besides = waiting.shift()) {
      const sparing = new Set<WhoAlternative>();
      for (const request of requestsFor(pair, besides, form, world)) {
        if (open.size === 0 || left <= 0) return;
        if (!isSpoken(pair, request)) continue;
        left -= 1;
        const both = decideBoth(before, after, request.situation, request.asked);
        const difference = found(change, pair, both, open);
        if (difference !== undefined) keep({ ...difference, alternatives: pair, besides, witness: request, users: [] });
        for (const action of difference?.actions ?? []) open.delete(action);
        for (const who of exceptions(change, pair, both)) if (!besides.includes(who)) sparing.add(who);
      }
      for (const who of sparing) {
        const more = [...besides, who];
        const key = more.map(whoText).toSorted().join('\0');
        if (tried.has(key)) continue;
        if (tried.size >= MOST_SETS) cut = true;
        else waiting.push(more);
        tried.add(key);
      }
    }
  }

  /** Those whom the rules in the way are not for. */
  function exceptions(change: Difference['change'], pair: readonly Alternative[], both: TwoDecisions) {
    const [allowing, other] = change === 'gained' ? [both.after, both.before] : [both.before, both.after];
    const isFirst = policies.some(({ evaluation }) => evaluation === 'first-match');
    const inTheWay = [
      ...allowing.because.filter(({ effect }) => effect === 'deny' || isFirst),
      ...other.because.filter(({ effect }) => effect === 'allow' || isFirst),
    ];
    return inTheWay
      .flatMap((reason) => spared.get(placeKey(reason)) ?? [])
      .filter(({ rule }) => pair.every((alternative) => alternative.rule !== rule))
      .flatMap(({ who }) => who);
  }

  function keep(one: DecisionClass): void {
    const [first, second] = one.alternatives;
    if (first !== undefined && second === undefined && one.besides.length === 0) {
      told.set(first, new Set([...(told.get(first) ?? []), ...one.actions]));
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

const NOBODY = { users: [], groups: [], everyone: false };

/** What is found of these actions where the pair decides it. */
function found(
  change: Difference['change'],
  [first, second]: readonly Alternative[],
  both: TwoDecisions,
  open: ReadonlySet<Action>,
): Difference | undefined {
  const difference = differences(both).find((one) => one.change === change);
  const actions = difference?.actions.filter((action) => open.has(action)) ?? [];
  if (first === undefined || difference === undefined || actions.length === 0) return undefined;
  const [allowing, other] = change === 'gained' ? [both.after, both.before] : [both.before, both.after];
  const isTheirs = hasSay(allowing.because, first) && (second === undefined || hasSay(other.because, second));
  return isTheirs ? { ...difference, actions } : undefined;
}

function actionsOf({ rule: { actions }, pattern }: Alternative): readonly Action[] {
  if (pattern === undefined) return ['*'];
  return actions.includes('*') ? ACTIONS : actions;
}

function hasSay(because: TwoDecisions['before']['because'], { rule }: Alternative): boolean {
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

/** Those whom each rule is not for, by where the rule stands. */
function sparedByPlace(policies: readonly Policy[]) {
  return Map.groupBy(
    policies.flatMap(({ rules }) => rules).map((rule) => ({ rule, who: whoAlternatives(rule.except ?? NOBODY) })),
    ({ rule: { file, line, name } }) => placeKey({ file, line, rule: name }),
  );
}

function segmentCounts({ rules }: Policy): readonly number[] {
  return rules.flatMap(({ repositories }) => repositories.map(({ segments }) => segments.length));
}

function hasCase({ rules }: Policy): boolean {
  return rules.some(({ who, except }) =>
    [who, except ?? NOBODY].some(({ users, groups }) =>
      [...users, ...groups].some(({ exact, folded }) => exact.text !== folded.text),
    ),
  );
}
