/** Which connection is closed first when there are too many. */
import { describe, expect, it } from 'vitest';
import { WaitingConnections } from '../../../src/http/waiting-connections.ts';
import type { WaitState } from '../../../src/http/waiting-connections.ts';

const STATES: readonly (WaitState | 'busy')[] = ['silent', 'idle', 'receiving', 'busy'];

/** @returns the connections in the order in which they are closed */
function closeAll(waiting: WaitingConnections<string>): readonly string[] {
  const closed: string[] = [];
  for (let first = waiting.first(); first !== undefined; first = waiting.first()) {
    closed.push(first);
    waiting.delete(first);
  }
  return closed;
}

/** Three idle connections of one network. */
function threeIdle(): WaitingConnections<string> {
  const waiting = new WaitingConnections<string>();
  for (const name of ['a', 'b', 'c']) waiting.set(name, 'n', 'idle');
  return waiting;
}

describe('of the connections of one network', () => {
  it.each([
    ['first', 'a', ['b', 'c', 'a']],
    ['middle', 'b', ['a', 'c', 'b']],
    ['last', 'c', ['a', 'b', 'c']],
  ])('the %s one that had another request is closed after the others', (_place, name, order) => {
    const waiting = threeIdle();

    waiting.set(name, 'n', 'busy');
    waiting.set(name, 'n', 'idle');

    expect(closeAll(waiting)).toEqual(order);
  });

  it('those without a request are closed before those between two requests and those that send one', () => {
    const waiting = new WaitingConnections<string>();
    for (const state of STATES.toReversed()) waiting.set(state, 'n', state);

    expect(closeAll(waiting)).toEqual(['silent', 'idle', 'receiving']);
  });

  it('those that are busy are not closed, and wait again afterwards', () => {
    const waiting = threeIdle();

    for (const name of ['a', 'b', 'c']) waiting.set(name, 'n', 'busy');
    const whileBusy = waiting.first();
    waiting.set('b', 'n', 'idle');

    expect([whileBusy, closeAll(waiting)]).toEqual([undefined, ['b']]);
  });
});

describe('of the connections of several networks', () => {
  it('those of the network with the most are closed first', () => {
    const waiting = new WaitingConnections<string>();
    waiting.set('own', 'n', 'silent');
    for (const name of ['flood 1', 'flood 2', 'flood 3']) waiting.set(name, 'm', 'receiving');

    expect(closeAll(waiting).slice(0, 2)).toEqual(['flood 1', 'flood 2']);
  });

  it('one that turns out to be of another network counts there alone', () => {
    const waiting = threeIdle();
    waiting.set('x', 'm', 'idle');

    // The proxy has reported the addresses.
    waiting.set('a', 'm', 'idle');
    waiting.set('b', 'm', 'idle');

    expect(closeAll(waiting).slice(0, 2)).toEqual(['x', 'a']);
  });

  it('those that are busy do not count', () => {
    const waiting = threeIdle();
    for (const name of ['a', 'b', 'c']) waiting.set(name, 'n', 'busy');
    waiting.set('c', 'n', 'idle');
    for (const name of ['x', 'y']) waiting.set(name, 'm', 'idle');

    expect(waiting.first()).toBe('x');
  });

  it('of networks with the same number, the one that has waited longest is closed first', () => {
    const waiting = new WaitingConnections<string>();
    for (const name of ['a', 'b', 'c']) waiting.set(name, `network of ${name}`, 'idle');

    waiting.set('a', 'network of a', 'busy');
    waiting.set('a', 'network of a', 'idle');

    expect(closeAll(waiting)).toEqual(['b', 'c', 'a']);
  });
});
