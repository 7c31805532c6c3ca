import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { createSemaphore } from '../../../../../src/backends/ldap/servers/semaphore.ts';
import { realClock } from '../../../../support/fakes.ts';

const late = (): Error => new Error('late');
const soon = (milliseconds = 5000) => deadlineIn(realClock, milliseconds);
const nothing = async (): Promise<string> => 'ran';

describe('a semaphore', () => {
  it('runs as much work as it has permits, and work with all permits alone', async () => {
    const semaphore = createSemaphore(2);
    const running: string[] = [];
    const trace: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      running.push(name);
      trace.push(running.join(''));
      await Promise.resolve();
      running.splice(running.indexOf(name), 1);
    };

    await Promise.all([
      semaphore.run(1, soon(), late, work('a')),
      semaphore.run(1, soon(), late, work('b')),
      semaphore.run(2, soon(), late, work('C')),
      semaphore.run(1, soon(), late, work('d')),
    ]);

    expect(trace).toEqual(['a', 'ab', 'C', 'd']);
  });

  it('rejects work whose deadline passes while it waits, and runs the next', async () => {
    const semaphore = createSemaphore(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = semaphore.run(1, soon(), late, () => promise);
    const tooLate = semaphore.run(1, soon(20), late, nothing);
    const third = semaphore.run(1, soon(), late, nothing);

    await expect(tooLate).rejects.toThrow('late');
    resolve();

    await first;
    expect(await third).toBe('ran');
  });

  it('runs work at once when the work before it, which needed more permits, gives up waiting', async () => {
    const semaphore = createSemaphore(2);
    const { promise, resolve } = Promise.withResolvers<void>();
    const holder = semaphore.run(1, soon(), late, () => promise);
    const tooLate = semaphore.run(2, soon(20), late, nothing);
    let hasRun = false;
    const behind = semaphore.run(1, soon(), late, async () => {
      hasRun = true;
    });

    await expect(tooLate).rejects.toThrow('late');
    await new Promise(setImmediate);
    const ranBeforeRelease = hasRun;
    resolve();
    await Promise.all([holder, behind]);

    expect(ranBeforeRelease).toBe(true);
  });

  it('lets no later work overtake work that waits for more permits', async () => {
    const semaphore = createSemaphore(2);
    const { promise, resolve } = Promise.withResolvers<void>();
    const order: string[] = [];
    const first = semaphore.run(1, soon(), late, () => promise);
    const both = semaphore.run(2, soon(), late, async () => void order.push('both'));
    const later = semaphore.run(1, soon(), late, async () => void order.push('later'));

    await new Promise(setImmediate);
    resolve();
    await Promise.all([first, both, later]);

    expect(order).toEqual(['both', 'later']);
  });

  it('frees the permits when work fails', async () => {
    const semaphore = createSemaphore(1);

    await expect(semaphore.run(1, soon(), late, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');

    expect(await semaphore.run(1, soon(), late, nothing)).toBe('ran');
  });

  it('rejects work at once when too much is waiting', async () => {
    const semaphore = createSemaphore(1, 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = semaphore.run(1, soon(), late, () => promise);
    const waiting = semaphore.run(1, soon(), late, nothing);

    await expect(semaphore.run(1, soon(), late, nothing)).rejects.toThrow('late');
    resolve();

    await running;
    expect(await waiting).toBe('ran');
  });

  it('rejects all waiting work on demand, and then goes on', async () => {
    const semaphore = createSemaphore(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = semaphore.run(1, soon(), late, () => promise);
    const waiting = [1, 2].map(() => semaphore.run(1, soon(), late, nothing));

    semaphore.rejectWaiting(new Error('down'));
    const results = await Promise.allSettled(waiting);
    resolve();
    await running;

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await semaphore.run(1, soon(), late, nothing)).toBe('ran');
  });
});
