import { assert, array, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSharedRing } from '../../../src/platform/shared-ring.ts';

const SHARES = { a: 4, b: 2, c: 2 } as const;
type Class = keyof typeof SHARES;

function ringOf(added: readonly (readonly [Class, number])[]) {
  const ring = createSharedRing<Class, string>(SHARES);
  for (const [kind, count] of added) {
    for (let number = 1; number <= count; number += 1) ring.add(kind, `${kind}${number}`);
  }
  return ring;
}

describe('a ring that classes share', () => {
  it.each([
    {
      what: 'what others do not use',
      added: [['b', 9]],
      latestFirst: ['b9', 'b8', 'b7', 'b6', 'b5', 'b4', 'b3', 'b2'],
    },
    {
      what: 'its share, however many the others add afterwards',
      added: [
        ['a', 4],
        ['b', 50],
      ],
      latestFirst: ['b50', 'b49', 'b48', 'b47', 'a4', 'a3', 'a2', 'a1'],
    },
    {
      what: 'its share, however many the others have added before',
      added: [
        ['b', 50],
        ['c', 1],
        ['a', 4],
      ],
      latestFirst: ['a4', 'a3', 'a2', 'a1', 'c1', 'b50', 'b49', 'b48'],
    },
  ] as const)('has for a class $what', ({ added, latestFirst }) => {
    const ring = ringOf(added);

    expect([...ring.latestFirst()]).toEqual(latestFirst);
    expect(ring.count()).toBe(8);
  });

  it('says from which entry on a class is complete', () => {
    const ring = ringOf([
      ['a', 4],
      ['b', 50],
    ]);

    expect([ring.completeFrom('a'), ring.completeFrom('b'), ring.completeFrom('c')]).toEqual([
      undefined,
      'b47',
      undefined,
    ]);
  });

  it('gives what has to make room before it is added, once', () => {
    const ring = ringOf([['b', 8]]);

    expect([ring.makeRoom('c'), ring.makeRoom('c')]).toEqual(['b1', undefined]);
    ring.add('c', 'c1');

    expect([...ring.latestFirst()].slice(0, 2)).toEqual(['c1', 'b8']);
  });

  it('has of each class its last entries, in order, at least its share and never more than there is room', () => {
    assert(
      property(array(constantFrom<Class>('a', 'b', 'c'), { maxLength: 60 }), (kinds) => {
        const ring = createSharedRing<Class, { readonly kind: Class; readonly number: number }>(SHARES);
        kinds.forEach((kind, number) => ring.add(kind, { kind, number }));

        const found = [...ring.latestFirst()];

        expect(found).toHaveLength(Math.min(kinds.length, 8));
        expect(found.map(({ number }) => number)).toEqual(found.map(({ number }) => number).toSorted((x, y) => y - x));
        for (const kind of ['a', 'b', 'c'] as const) {
          const added = kinds.flatMap((one, number) => (one === kind ? [number] : [])).toReversed();
          const own = found.filter((entry) => entry.kind === kind).map(({ number }) => number);
          expect(own).toEqual(added.slice(0, own.length));
          expect(own.length).toBeGreaterThanOrEqual(Math.min(SHARES[kind], added.length));
        }
      }),
    );
  });
});
