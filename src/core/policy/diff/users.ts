/** Requests of one real user that match the rules of a class. */
import { ACTIONS } from '../../access.ts';
import type { Caller } from '../../identity.ts';
import { bindingsFor } from '../bindings.ts';
import { placesOf } from '../exact/places.ts';
import { products } from '../exact/products.ts';
import { circumstancesFor } from '../exact/properties.ts';
import type { Request } from '../exact/search.ts';
import type { World } from '../exact/world.ts';
import { isSegment } from '../repository-pattern.ts';
import type { Alternative } from './alternative.ts';

type Values = ReadonlyMap<string, string>;

export function* requestsFrom(caller: Caller, alternatives: readonly Alternative[], world: World): Generator<Request> {
  const conditions = alternatives.flatMap(({ rule }) => rule.conditions);
  const circumstances = circumstancesFor(conditions, world);
  const patterns = alternatives.flatMap(({ pattern }) => pattern ?? []);
  for (const values of products(alternatives.map((alternative) => [...valuesOf(alternative, caller)]))) {
    const names = patterns.length === 0 ? [undefined] : placesOf(patterns, values, world);
    for (const name of names) {
      for (const one of circumstances) {
        const asked =
          name === undefined
            ? { type: 'registry', name: 'catalog', actions: ['*'] }
            : { type: 'repository', name, actions: ACTIONS };
        yield { situation: { caller, ...one }, asked };
      }
    }
  }
}

/** The values of placeholders for this user; none if the alternative is not for the user. */
function* valuesOf({ who, pattern }: Alternative, caller: Caller): Generator<Values> {
  const only = {
    users: who.kind === 'user' ? [who.pair] : [],
    groups: who.kind === 'group' ? [who.pair] : [],
    everyone: who.kind === 'everyone',
  };
  const names = pattern?.placeholders ?? [];
  for (const binding of bindingsFor(only, caller)) {
    for (const chosen of products(names.map((name) => binding.values(name).filter(isSegment))))
      yield new Map(names.map((name, index) => [name, chosen[index] ?? '']));
  }
}
