/** How long flows wait for a backend, by a timer that records what it is asked for. */
import { expect, it } from 'vitest';
import { Secret } from '../../../src/core/identity.ts';
import type { Timer } from '../../../src/core/ports.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import { authenticated, fakeBackend, UNKNOWN } from '../../support/fake-backend.ts';
import type { FakeBackend } from '../../support/fake-backend.ts';
import { fixedClock, noShield, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { open, REQUEST, SERVICE } from '../../support/refresh-token-world.ts';

function recordingTimer() {
  const waits: number[] = [];
  const timer: Timer = {
    ...noWaiting,
    within: (work, milliseconds) => {
      waits.push(milliseconds);
      return work;
    },
  };
  return { timer, waits };
}

it('a login waits for each backend until the deadline of all and 200 ms more', async () => {
  const clock = fixedClock();
  const { timer, waits } = recordingTimer();
  const slow = (backend: FakeBackend) => ({
    ...backend.chained,
    authenticator: {
      ...backend.chained.authenticator,
      authenticate: async () => {
        await noWaiting.turn();
        clock.advance(3);
        return UNKNOWN;
      },
    },
  });
  const identify = createIdentify({
    backends: [slow(fakeBackend(UNKNOWN)), slow(fakeBackend(UNKNOWN)), fakeBackend(authenticated('alice')).chained],
    clock,
    timer,
    audit: recordingAudit(),
    shield: noShield,
  });

  await identify({ username: 'alice', password: new Secret('a-password') }, REQUEST);

  expect(waits).toEqual([8200, 5200, 2200]);
});

it('the exchange of a refresh token waits for the backend for 8 s and 200 ms more', async () => {
  const { timer, waits } = recordingTimer();
  const { issued, exchange } = open({}, timer);

  await exchange(await issued(), SERVICE, REQUEST);

  expect(waits).toEqual([8200]);
});
