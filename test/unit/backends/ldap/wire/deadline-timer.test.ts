import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DeadlineTimer } from '../../../../../src/backends/ldap/wire/deadline-timer.ts';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { realClock } from '../../../../support/fakes.ts';

const soon = () => deadlineIn(realClock, 10);
const later = () => deadlineIn(realClock, 60_000);

describe('a timer for many deadlines', () => {
  it('calls what is late, also when work with a later deadline was there first', async () => {
    const timer = new DeadlineTimer();
    const calls: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = timer.start(later(), () => calls.push('later'));

    timer.start(soon(), resolve);

    await promise;
    timer.stop(first);
    expect(calls).toEqual([]);
  });

  it('calls what becomes late after other work, each once', async () => {
    const timer = new DeadlineTimer();
    const calls: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    timer.start(soon(), () => calls.push('first'));
    timer.start(deadlineIn(realClock, 30), () => {
      calls.push('second');
      resolve();
    });

    await promise;
    await delay(20);

    expect(calls).toEqual(['first', 'second']);
  });

  it('does not call work that was done in time', async () => {
    const timer = new DeadlineTimer();
    const done = timer.start(soon(), () => expect.unreachable('it was done in time'));
    const { promise, resolve } = Promise.withResolvers<void>();
    timer.start(deadlineIn(realClock, 20), resolve);

    timer.stop(done);

    await promise;
  });
});
