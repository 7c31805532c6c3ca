import { describe, expect, it } from 'vitest';
import { createQueue } from '../../../src/platform/queue.ts';

const entry = (number: number) => ({ number });

describe('a queue', () => {
  it('gives its entries in the order in which they came, and lists the latest first', () => {
    const queue = createQueue<{ readonly number: number }>();
    for (const number of [1, 2, 3]) queue.push(entry(number));

    expect(queue.shift()).toEqual(entry(1));
    queue.push(entry(4));

    expect([...queue.latestFirst()].map(({ number }) => number)).toEqual([4, 3, 2]);
    expect([queue.first(), queue.count()]).toEqual([entry(2), 3]);
  });

  it('is empty after its last entry, and can be filled again', () => {
    const queue = createQueue<{ readonly number: number }>();
    queue.push(entry(1));

    expect([queue.shift(), queue.shift(), queue.first(), queue.count()]).toEqual([entry(1), undefined, undefined, 0]);
    queue.push(entry(2));

    expect([...queue.latestFirst()]).toEqual([entry(2)]);
  });
});
