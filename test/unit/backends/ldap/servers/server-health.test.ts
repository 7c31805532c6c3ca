/** What is known of a server of a directory, and since when. */
import { expect, it } from 'vitest';
import { createServerHealth } from '../../../../../src/backends/ldap/servers/server-health.ts';
import { DirectoryFault } from '../../../../../src/backends/ldap/wire/fault.ts';
import { fixedClock, recordingLog } from '../../../../support/fakes.ts';

const URL = 'ldaps://dc1.corp.example';

it('a server is unused at first, and then works or fails since the change', () => {
  const clock = fixedClock(1000);
  using health = createServerHealth({
    backend: 'corp',
    server: URL,
    clock,
    log: recordingLog(),
    probe: () => Promise.reject(new Error('not probed in this test')),
  });
  const fault = new DirectoryFault('unreachable', `${URL}: cannot connect`);
  const states = [health.state()];
  const after = (change: () => void): void => {
    clock.advance(60);
    change();
    states.push(health.state());
  };

  after(health.recordSuccess);
  after(health.recordSuccess);
  after(() => health.recordFault(fault));
  after(() => health.recordFault(fault));
  after(health.recordSuccess);

  expect(states).toEqual([
    { url: URL, state: 'unused' },
    { url: URL, state: 'up', since: 1060 },
    { url: URL, state: 'up', since: 1060 },
    { url: URL, state: 'down', since: 1180, problem: expect.stringContaining('cannot connect') },
    { url: URL, state: 'down', since: 1180, problem: expect.stringContaining('cannot connect') },
    { url: URL, state: 'up', since: 1300 },
  ]);
});
