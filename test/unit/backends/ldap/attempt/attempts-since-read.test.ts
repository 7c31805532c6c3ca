import { expect, it } from 'vitest';
import { createUnseenAttempts } from '../../../../../src/backends/ldap/attempt/attempts-since-read.ts';
import { fixedClock } from '../../../../support/fakes.ts';

type Ending = 'right' | 'wrong' | 'never sent';

function setUp() {
  const clock = fixedClock();
  const attempts = createUnseenAttempts(clock);
  const now = (): number => clock.monotonic();
  const attempt = (ending: Ending): void => {
    using made = attempts.begin('alice', now());
    if (ending !== 'never sent') made.sent();
    if (ending === 'right') made.succeeded();
  };
  /** How many an entry that was read then does not tell of, beside the attempt of who asks. */
  const unseenSince = (readAt: number): number => {
    using made = attempts.begin('alice', readAt);
    return made.unseen - 1;
  };
  return { clock, attempts, now, attempt, unseenSince };
}

it('counts those under way, each account by itself', () => {
  const { attempts, now } = setUp();
  using first = attempts.begin('alice', now());
  using second = attempts.begin('alice', now());
  using other = attempts.begin('bob', now());

  expect([first.unseen, second.unseen, other.unseen]).toEqual([1, 2, 1]);
});

it('counts one that was refused for whoever read the entry before that, and for nobody else', () => {
  const { clock, now, attempt, unseenSince } = setUp();
  const before = now();
  clock.advance(0.1);
  attempt('wrong');
  clock.advance(0.1);

  expect([unseenSince(before), unseenSince(now())]).toEqual([1, 0]);
});

it.each<[Ending, number]>([
  ['wrong', 1],
  ['never sent', 0],
  ['right', 0],
])('counts one that was %s %i times', (ending, count) => {
  const { now, attempt, unseenSince } = setUp();
  const before = now();

  attempt(ending);

  expect(unseenSince(before)).toBe(count);
});

it('forgets the refused ones when one was right, as the directory does', () => {
  const { now, attempt, unseenSince } = setUp();
  const before = now();

  attempt('wrong');
  attempt('right');

  expect(unseenSince(before)).toBe(0);
});

it('counts one whose answer was lost, which the directory may have counted', () => {
  const { attempts, now, unseenSince } = setUp();
  const before = now();
  const lose = (): void => {
    using lost = attempts.begin('alice', now());
    lost.sent();
    throw new Error('the connection broke');
  };

  expect(lose).toThrow('broke');

  expect(unseenSince(before)).toBe(1);
});

it('forgets all of it when no login can be that old', () => {
  const { clock, now, attempt, unseenSince } = setUp();
  const before = now();
  attempt('wrong');

  clock.advance(11);

  expect(unseenSince(before)).toBe(0);
});
