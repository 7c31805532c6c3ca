import { expect, it } from 'vitest';
import { createAttemptsSinceRead } from '../../../../../src/backends/ldap/attempt/attempts-since-read.ts';
import { fixedClock } from '../../../../support/fakes.ts';

type Ending = 'successful' | 'failed' | 'never sent';

function setUp() {
  const clock = fixedClock();
  const attempts = createAttemptsSinceRead(clock);
  const now = (): number => clock.monotonic();
  const attempt = (ending: Ending): void => {
    using made = attempts.begin('alice');
    if (ending !== 'never sent') made.sent();
    if (ending === 'successful') made.succeeded();
  };
  /** How many attempts are newer than an entry that was read at that time. */
  const countSince = (readAt: number): number => {
    using made = attempts.begin('alice');
    return made.sinceRead(readAt) - 1;
  };
  return { clock, attempts, now, attempt, countSince };
}

it('counts the attempts under way, for each account separately', () => {
  const { attempts, now } = setUp();
  using first = attempts.begin('alice');
  using second = attempts.begin('alice');
  using other = attempts.begin('bob');

  expect([first, second, other].map((made) => made.sinceRead(now()))).toEqual([2, 2, 1]);
});

it('counts a failed attempt for an entry that was read before it, and not for one that was read after it', () => {
  const { clock, now, attempt, countSince } = setUp();
  const before = now();
  clock.advance(0.1);
  attempt('failed');
  clock.advance(0.1);

  expect([countSince(before), countSince(now())]).toEqual([1, 0]);
});

it.each<[Ending, number]>([
  ['failed', 1],
  ['never sent', 0],
  ['successful', 0],
])('counts an attempt that was %s %i times', (ending, count) => {
  const { now, attempt, countSince } = setUp();
  const before = now();

  attempt(ending);

  expect(countSince(before)).toBe(count);
});

it('clears failed attempts after a successful one, as the directory does', () => {
  const { now, attempt, countSince } = setUp();
  const before = now();

  attempt('failed');
  attempt('successful');

  expect(countSince(before)).toBe(0);
});

it('counts an attempt whose answer was lost, because the directory may have counted it', () => {
  const { attempts, now, countSince } = setUp();
  const before = now();
  const lose = (): void => {
    using lost = attempts.begin('alice');
    lost.sent();
    throw new Error('the connection broke');
  };

  expect(lose).toThrow('broke');

  expect(countSince(before)).toBe(1);
});

it('clears a failed attempt after 10 s, when no login can have read the entry before it', () => {
  const { clock, now, attempt, countSince } = setUp();
  const before = now();
  attempt('failed');

  clock.advance(9.9);
  const almost = countSince(before);
  clock.advance(0.2);

  expect([almost, countSince(before)]).toEqual([1, 0]);
});

it('reports when the attempts that began earlier are over, and does not wait for later ones', async () => {
  const { attempts } = setUp();
  const events: string[] = [];
  const first = attempts.begin('alice');
  using second = attempts.begin('alice');
  using third = attempts.begin('alice');
  const waiting = second.earlierEnd().then(() => events.push('the second goes on'));

  await Promise.resolve();
  events.push('the first ends');
  first[Symbol.dispose]();
  await waiting;

  expect(events).toEqual(['the first ends', 'the second goes on']);
  expect(third.sinceRead(0)).toBe(2);
});
