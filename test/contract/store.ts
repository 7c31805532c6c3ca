/** What every store promises, and what those that can be listed promise besides. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import type { Group, ListableStore, Store } from '../../src/core/store.ts';
import { fixedClock } from '../support/fakes.ts';

/** A value as tests put it: of those with the same owner, a store may hold three. */
export interface Item {
  readonly owner: string;
  readonly text: string;
}

export const MOST = 3;
export const groupOf = ({ owner }: Item): Group => ({ name: owner, most: MOST });

/** Makes an empty store that tells the time by this clock. */
export type OpenStore<S> = (clock: Clock) => Promise<S & AsyncDisposable>;

const item = (text: string, owner = 'alice'): Item => ({ owner, text });
const LONG = 1000;

export function storeContract(name: string, open: OpenStore<Store<Item>>): void {
  describe(`the store contract, by ${name}`, () => {
    it('gives back what was put', async () => {
      await using store = await open(fixedClock());

      await store.put('k', item('é "quoted" \u2028\n'), LONG);

      expect(await store.get('k')).toEqual(item('é "quoted" \u2028\n'));
      expect(await store.get('another')).toBeUndefined();
    });

    it('gives back the later of two values under one key', async () => {
      await using store = await open(fixedClock());

      await store.put('k', item('first'), LONG);
      await store.put('k', item('second'), LONG);

      expect(await store.get('k')).toEqual(item('second'));
    });

    it('holds a value for its time and not a second longer', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('k', item('a'), 60);

      clock.advance(59);
      const before = await store.get('k');
      clock.advance(1);
      const after = await store.get('k');

      expect([before, after]).toEqual([item('a'), undefined]);
    });

    it('counts the time anew when a value is put again', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('k', item('a'), 60);

      clock.advance(59);
      await store.put('k', item('a'), 60);
      clock.advance(59);

      expect(await store.get('k')).toEqual(item('a'));
    });

    it('forgets what is removed, and nothing else', async () => {
      await using store = await open(fixedClock());
      await store.put('k', item('a'), LONG);
      await store.put('l', item('b'), LONG);

      await store.remove('k');
      await store.remove('never there');

      expect([await store.get('k'), await store.get('l')]).toEqual([undefined, item('b')]);
    });

    it('keeps apart keys that only a careless program would mix up', async () => {
      await using store = await open(fixedClock());
      const keys = ['k', 'K', 'k ', "k' OR '1'='1", '%', '', '__proto__', 'k\u0000l'];

      for (const key of keys) await store.put(key, item(`of ${key}`, key), LONG);

      for (const key of keys) expect(await store.get(key)).toEqual(item(`of ${key}`, key));
    });
  });
}

export function listableStoreContract(name: string, open: OpenStore<ListableStore<Item>>): void {
  storeContract(name, open);

  describe(`the contract of listable stores, by ${name}`, () => {
    const keysOf = async (store: ListableStore<Item>): Promise<readonly string[]> =>
      (await store.list()).map(({ key }) => key);

    it('lists what is held, that used longest ago first', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('over', item('x', 'bob'), 10);
      for (const key of ['a', 'b', 'c']) await store.put(key, item(`of ${key}`), LONG);
      clock.advance(10);

      await store.replace('a', item('anew'), LONG);

      expect(await store.list()).toEqual([
        { key: 'b', value: item('of b') },
        { key: 'c', value: item('of c') },
        { key: 'a', value: item('anew') },
      ]);
    });

    it('replaces what is held, with a time of its own', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('k', item('a'), 10);

      const replaced = await store.replace('k', item('b'), 60);
      clock.advance(59);

      expect(replaced).toBe(true);
      expect(await store.get('k')).toEqual(item('b'));
      clock.advance(1);
      expect(await store.get('k')).toBeUndefined();
    });

    it('never brings back by replacing what was removed or is over', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('removed', item('a'), LONG);
      await store.put('over', item('b'), 10);
      await store.remove('removed');
      clock.advance(10);

      const answers = [];
      for (const key of ['removed', 'over', 'never']) answers.push(await store.replace(key, item('c'), LONG));

      expect(answers).toEqual([false, false, false]);
      expect(await store.list()).toEqual([]);
    });

    it('removes several at once and says how many were held', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      for (const key of ['a', 'b', 'c']) await store.put(key, item(key), LONG);
      await store.put('over', item('x', 'bob'), 10);
      clock.advance(10);

      const removed = await store.removeAll(['a', 'c', 'over', 'never']);

      expect(removed).toBe(2);
      expect(await keysOf(store)).toEqual(['b']);
      expect(await store.removeAll([])).toBe(0);
    });

    it('lets go the one of a group used longest ago when there is one too many, and none of another group', async () => {
      await using store = await open(fixedClock());
      await store.put('other', item('x', 'bob'), LONG);
      for (const key of ['a', 'b', 'c']) await store.put(key, item(key), LONG);
      await store.replace('a', item('used'), LONG);

      await store.put('d', item('d'), LONG);

      expect(await keysOf(store)).toEqual(['other', 'c', 'a', 'd']);
    });

    it('lets go nothing of a group when one of it is put again', async () => {
      await using store = await open(fixedClock());
      for (const key of ['a', 'b', 'c']) await store.put(key, item(key), LONG);

      await store.put('a', item('again'), LONG);

      expect(await keysOf(store)).toEqual(['b', 'c', 'a']);
    });

    it('does not let many at once exceed the bound of their group', async () => {
      await using store = await open(fixedClock());

      await Promise.all(Array.from({ length: 20 }, (_, index) => store.put(`k${index}`, item('a'), LONG)));

      expect(await store.list()).toHaveLength(MOST);
    });
  });
}
