/** Requests that two rules both speak of, and as few others as can be. */
import type { Scope } from '../../scope.ts';
import type { Situation } from '../decide.ts';
import type { NamePattern } from '../name-pattern.ts';
import { bindingsFor } from '../bindings.ts';
import type { Alternative, WhoAlternative } from './alternative.ts';
import { nameGlob } from './glob.ts';
import { placesOf, stepsOf } from './path.ts';
import type { Place } from './path.ts';
import { meetAll, subjectsFor } from './subjects.ts';
import type { Form, Subject } from './subjects.ts';
import type { Words } from './words.ts';

/** What there is besides the policies. */
export interface World {
  readonly words: Words;
  /** Most segments that are tried for a `**`. */
  readonly deepest: number;
  /** Client addresses, among them one in every set of ranges that an address can be in, and the empty one. */
  readonly clients: readonly string[];
  /** The services there are; undefined: any. */
  readonly services: readonly string[] | undefined;
}

export interface Request {
  readonly situation: Situation;
  readonly asked: Scope;
  /** The repository pattern it is of, for people; undefined: the catalog. */
  readonly pattern: string | undefined;
}

const CATALOG: Scope = { type: 'registry', name: 'catalog', actions: ['*'] };
const ALL = ['pull', 'push', 'delete', '*'] as const;
const DEEP = stepsOf({ segments: [{ kind: 'deep', key: '**' }] });

export function* requestsFor(
  alternatives: readonly Alternative[],
  besides: readonly WhoAlternative[],
  form: Form,
  world: World,
): Generator<Request> {
  for (const subject of subjectsFor(alternatives, besides, form, world.words)) {
    yield* requestsOf(alternatives, subject, world);
  }
}

export function* requestsOf(alternatives: readonly Alternative[], subject: Subject, world: World): Generator<Request> {
  const services = servicesFor(alternatives, world);
  const clients = clientsFor(alternatives, world);
  for (const place of placesFor(alternatives, subject, world)) {
    for (const service of services) {
      for (const client of clients) {
        const asked: Scope = place === undefined ? CATALOG : { type: 'repository', name: place.name, actions: ALL };
        yield { situation: { caller: subject.caller, service, client }, asked, pattern: place?.pattern };
      }
    }
  }
}

function placesFor(
  [first, second]: readonly Alternative[],
  { values }: Subject,
  { words, deepest }: World,
): readonly (Place | undefined)[] {
  if (first === undefined) return [];
  if (first.pattern === undefined) return second === undefined || second.pattern === undefined ? [undefined] : [];
  if (second !== undefined && second.pattern === undefined) return [];
  const other = second?.pattern === undefined ? DEEP : stepsOf(second.pattern, values[1]);
  const places = placesOf(stepsOf(first.pattern, values[0]), other, words, deepest);
  // Whoever reads of one rule knows its own pattern.
  const { text } = first.pattern;
  return second === undefined ? places.map(({ name }) => ({ name, pattern: text })) : places;
}

function servicesFor(alternatives: readonly Alternative[], { words, services }: World): readonly string[] {
  const lists = alternatives.flatMap(({ rule }) => (rule.services === undefined ? [] : [rule.services]));
  const all = services ?? [words.at(0), ...named(lists, words)];
  return all.filter((service) => lists.every((list) => list.some((pattern) => pattern.match(service) !== undefined)));
}

function named(lists: readonly (readonly NamePattern[])[], words: Words): readonly string[] {
  const globs = lists.map((list) => list.map(({ text }) => nameGlob(text, new Map())));
  const [first = [], second] = globs;
  const all = first.flatMap((glob) =>
    second === undefined
      ? meetAll([glob], words.at(0))
      : second.flatMap((other) => meetAll([glob, other], words.at(0))),
  );
  return [...new Set(all)];
}

function clientsFor(alternatives: readonly Alternative[], { clients }: World): readonly string[] {
  const lists = alternatives.flatMap(({ rule }) => (rule.clients === undefined ? [] : [rule.clients]));
  // An address that no range has stands for all that are in none, and no rule needs another.
  if (lists.length === 0) return [''];
  return clients.filter((client) => lists.every((list) => list.some((range) => range.contains(client))));
}

/** Whether somebody is spared by none of the rules' exceptions. */
export function isSpoken(alternatives: readonly Alternative[], { situation }: Request): boolean {
  return alternatives.every(
    ({ rule: { except } }) => except === undefined || bindingsFor(except, situation.caller).length === 0,
  );
}
