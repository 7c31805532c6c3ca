import { describe, expect, it } from 'vitest';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { createGate } from '../../../../../src/backends/ldap/servers/semaphore.ts';
import { realClock } from '../../../../support/fakes.ts';

const late = (): Error => new Error('late');
const soon = (milliseconds = 5000) => deadlineIn(realClock, milliseconds);

describe('a gate', () => {
  it('lets in as many as it has places, and who takes all places alone', async () => {
    const gate = createGate(2);
    const inside: string[] = [];
    const trace: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      inside.push(name);
      trace.push(inside.join(''));
      await Promise.resolve();
      inside.splice(inside.indexOf(name), 1);
    };

    await Promise.all([
      gate.pass(1, soon(), late, work('a')),
      gate.pass(1, soon(), late, work('b')),
      gate.pass(2, soon(), late, work('C')),
      gate.pass(1, soon(), late, work('d')),
    ]);

    expect(trace).toEqual(['a', 'ab', 'C', 'd']);
  });

  it('turns away who waits too long, and goes on with the next', async () => {
    const gate = createGate(1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = gate.pass(1, soon(), late, () => promise);
    const tooLate = gate.pass(1, soon(20), late, async () => 'in');
    const third = gate.pass(1, soon(), late, async () => 'in');

    await expect(tooLate).rejects.toThrow('late');
    resolve();

    await first;
    expect(await third).toBe('in');
  });

  it('gives the place back when the work fails', async () => {
    const gate = createGate(1);

    await expect(gate.pass(1, soon(), late, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');

    expect(await gate.pass(1, soon(), late, async () => 'in')).toBe('in');
  });
});
