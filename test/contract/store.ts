/** The contract of every store, and of those that can be listed. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/ports.ts';
import type { Group, ListableStore, Store } from '../../src/core/store.ts';
import { fixedClock } from '../support/fakes.ts';

/** A test value. A store may hold three of the same owner. */
export interface Item {
  readonly owner: string;
  readonly text: string;
}

export const MOST = 3;
export const groupOf = ({ owner }: Item): Group => ({ name: owner, most: MOST });

/** Makes an empty store that uses this clock. */
export type OpenStore<S> = (clock: Clock) => Promise<S & AsyncDisposable>;

const item = (text: string, owner = 'alice'): Item => ({ owner, text });
const LONG = 1000;

export function storeContract(name: string, open: OpenStore<Store<Item>>): void {
  describe(`the store contract, by ${name}`, () => {
    it('returns the value that was put', async () => {
      await using store = await open(fixedClock());

      await store.put('k', item('é "quoted" \u2028\n'), LONG);

      expect(await store.get('k')).toEqual(item('é "quoted" \u2028\n'));
      expect(await store.get('another')).toBeUndefined();
    });

    it('returns the later of two values under one key', async () => {
      await using store = await open(fixedClock());

      await store.put('k', item('first'), LONG);
      await store.put('k', item('second'), LONG);

      expect(await store.get('k')).toEqual(item('second'));
    });

    it('keeps a value for its time to live and not a second longer', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('k', item('a'), 60);

      clock.advance(59);
      const before = await store.get('k');
      clock.advance(1);
      const after = await store.get('k');

      expect([before, after]).toEqual([item('a'), undefined]);
    });

    it('restarts the time to live when a value is put again', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('k', item('a'), 60);

      clock.advance(59);
      await store.put('k', item('a'), 60);
      clock.advance(59);

      expect(await store.get('k')).toEqual(item('a'));
    });

    it('removes one entry, and no other', async () => {
      await using store = await open(fixedClock());
      await store.put('k', item('a'), LONG);
      await store.put('l', item('b'), LONG);

      await store.remove('k');
      await store.remove('never there');

      expect([await store.get('k'), await store.get('l')]).toEqual([undefined, item('b')]);
    });

    it('distinguishes keys that differ in case, spaces, NUL or Unicode form', async () => {
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

    it('lists its entries, the least recently used first', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('over', item('x', 'bob'), 10);
      for (const key of ['a', 'b', 'c']) await store.put(key, item(`of ${key}`), LONG);
      clock.advance(10);

      await store.replace('a', item('new'), LONG);

      expect(await store.list()).toEqual([
        { key: 'b', value: item('of b') },
        { key: 'c', value: item('of c') },
        { key: 'a', value: item('new') },
      ]);
    });

    it('replaces a value, with a new time to live', async () => {
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

    it('replaces a value that is as it was read, with a new time to live', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('k', item('é "a"'), 10);
      const seen = (await store.get('k')) ?? item('missing');

      const answer = await store.replaceIf('k', seen, item('b'), 60);
      clock.advance(59);

      expect(answer).toBe('replaced');
      expect(await store.get('k')).toEqual(item('b'));
      clock.advance(1);
      expect(await store.get('k')).toBeUndefined();
    });

    it('leaves a value that has changed since it was read, and says that it has', async () => {
      await using store = await open(fixedClock());
      await store.put('k', item('a'), LONG);
      await store.replace('k', item('b'), LONG);

      expect(await store.replaceIf('k', item('a'), item('c'), LONG)).toBe('changed');
      expect(await store.get('k')).toEqual(item('b'));
    });

    it('lets one of several writers that have read the same value replace it', async () => {
      await using store = await open(fixedClock());
      await store.put('k', item('a'), LONG);

      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.replaceIf('k', item('a'), item(`by ${index}`), LONG)),
      );

      expect(answers.filter((answer) => answer === 'replaced')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'changed')).toHaveLength(19);
    });

    it('never restores a removed or expired entry by a conditional replacement', async () => {
      const clock = fixedClock();
      await using store = await open(clock);
      await store.put('removed', item('a'), LONG);
      await store.put('over', item('a'), 10);
      await store.remove('removed');
      clock.advance(10);

      const answers = [];
      for (const key of ['removed', 'over', 'never'])
        answers.push(await store.replaceIf(key, item('a'), item('c'), LONG));

      expect(answers).toEqual(['missing', 'missing', 'missing']);
      expect(await store.list()).toEqual([]);
    });

    it('counts a conditional replacement as use', async () => {
      await using store = await open(fixedClock());
      for (const key of ['a', 'b', 'c']) await store.put(key, item(key), LONG);

      await store.replaceIf('a', item('a'), item('used'), LONG);

      expect(await keysOf(store)).toEqual(['b', 'c', 'a']);
    });

    it('never restores a removed or expired entry by replacing it', async () => {
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

    it('removes several entries at once and returns how many existed', async () => {
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

    it('removes the least recently used entry of a group that is too large, and none of another group', async () => {
      await using store = await open(fixedClock());
      await store.put('other', item('x', 'bob'), LONG);
      for (const key of ['a', 'b', 'c']) await store.put(key, item(key), LONG);
      await store.replace('a', item('used'), LONG);

      await store.put('d', item('d'), LONG);

      expect(await keysOf(store)).toEqual(['other', 'c', 'a', 'd']);
    });

    it('removes no entry of a group when one of its entries is put again', async () => {
      await using store = await open(fixedClock());
      for (const key of ['a', 'b', 'c']) await store.put(key, item(key), LONG);

      await store.put('a', item('again'), LONG);

      expect(await keysOf(store)).toEqual(['b', 'c', 'a']);
    });

    it('keeps the limit of a group when many entries are put at the same time', async () => {
      await using store = await open(fixedClock());

      await Promise.all(Array.from({ length: 20 }, (_, index) => store.put(`k${index}`, item('a'), LONG)));

      expect(await store.list()).toHaveLength(MOST);
    });
  });
}
