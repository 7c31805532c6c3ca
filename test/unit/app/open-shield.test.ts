import { expect, it } from 'vitest';
import { openShield } from '../../../src/app/open-shield.ts';
import type { BrokerConfig } from '../../../src/config/broker-schema.ts';
import { authenticated, fakeBackend, REFUSED } from '../../support/fake-backend.ts';
import { recordingLog } from '../../support/fakes.ts';
import { logInThrough, word } from '../../support/shielded.ts';

const SETTINGS: BrokerConfig['shield'] = {
  remember: 60,
  staleIfError: 0,
  rememberWrong: 300,
  rememberRefused: 30,
  wrongPasswords: { max: 3, window: 300, maxPerAddress: 1, answer: 429 },
};

it('the shield applies the configured limits, and counts its entries by kind', async () => {
  const deps = { log: recordingLog(), onEnd: () => undefined, revisions: () => ({}), backends: () => [] };
  await using shield = await openShield({ shield: SETTINGS } as BrokerConfig, deps);
  const logIn = async (outcome: typeof REFUSED, password: string) => {
    const { authenticator } = fakeBackend(outcome).chained;
    return logInThrough(shield, authenticator, { password });
  };

  const answers = [
    await logIn(authenticated('alice'), 'correct'),
    await logIn(REFUSED, 'wrong'),
    await logIn(REFUSED, 'another'),
  ];

  expect(answers.map(word)).toEqual([
    'authenticated',
    'wrong-password',
    // One wrong password is the limit of this address.
    'too-many-attempts (address)',
  ]);
  // The account and its site, the name and its network, the address and its /24 are counted. A wrong password ends the trust.
  expect(shield.sizes()).toEqual({ right: 1, wrong: 1, counted: 6, trusted: 1 });
  expect(shield.shared).toBeUndefined();
});
