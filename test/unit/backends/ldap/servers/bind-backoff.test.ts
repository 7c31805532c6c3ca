import { expect, it } from 'vitest';
import { createBindBackoff } from '../../../../../src/backends/ldap/servers/bind-backoff.ts';
import { DirectoryFault } from '../../../../../src/backends/ldap/wire/fault.ts';
import { fixedClock, recordingLog } from '../../../../support/fakes.ts';

const REFUSED = new DirectoryFault('service-refused', 'refused');

function setUp() {
  const [clock, log] = [fixedClock(), recordingLog()];
  return { clock, log, backoff: createBindBackoff({ backend: 'corp', clock, log }) };
}

it('waits 5 s after the first refusal of a password, twice as long after each other, and 60 s at most', () => {
  const { clock, backoff } = setUp();
  const waits: (number | undefined)[] = [];

  for (let n = 0; n < 6; n += 1) {
    const { retryAfter = 0 } = backoff.refused('secret', REFUSED);
    waits.push(retryAfter);
    clock.advance(retryAfter - 0.1);
    expect(() => backoff.check('secret')).toThrow(expect.objectContaining({ kind: 'service-refused', retryAfter: 1 }));
    clock.advance(0.1);
    expect(() => backoff.check('secret')).not.toThrow();
  }

  expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
});

it('counts refusals of binds that were under way together once', () => {
  const { clock, log, backoff } = setUp();

  backoff.refused('secret', REFUSED);
  clock.advance(2);
  const second = backoff.refused('secret', REFUSED);

  expect(second.retryAfter).toBe(3);
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

it('allows another password at once', () => {
  const { backoff } = setUp();
  backoff.refused('secret', REFUSED);

  expect(() => backoff.check('secret')).toThrow('not tried again');
  expect(() => backoff.check('corrected')).not.toThrow();
});

it('clears the refusal when the password is accepted, and logs it', () => {
  const { clock, log, backoff } = setUp();
  backoff.refused('secret', REFUSED);
  clock.advance(5);

  backoff.accepted('secret');

  expect(backoff.isProven('secret')).toBe(true);
  expect(backoff.refused('secret', REFUSED).retryAfter).toBe(5);
  expect(backoff.isProven('secret')).toBe(false);
  expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info', 'error']);
});
