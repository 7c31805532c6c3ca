import { expect, it } from 'vitest';
import { openShield } from '../../../src/app/open-shield.ts';
import type { BrokerConfig } from '../../../src/config/broker-schema.ts';
import { deadlineIn } from '../../../src/core/deadline.ts';
import { Secret } from '../../../src/core/identity.ts';
import { authenticated, fakeBackend, REFUSED } from '../../support/fake-backend.ts';
import { realClock } from '../../support/fakes.ts';

const SETTINGS: BrokerConfig['shield'] = {
  remember: 60,
  staleIfError: 0,
  rememberWrong: 300,
  rememberRefused: 30,
  wrongPasswords: { max: 3, window: 300, maxPerAddress: 1, answer: 429 },
};

it('the shield applies the configured limits, and counts its entries by kind', async () => {
  const shield = openShield({ shield: SETTINGS } as BrokerConfig);
  const logIn = async (outcome: typeof REFUSED, password: string) => {
    const { authenticator } = fakeBackend(outcome).chained;
    const credential = { username: 'alice', password: new Secret(password) };
    return (await shield.authenticate(authenticator, credential, deadlineIn(realClock, 8000), '192.0.2.1')).outcome;
  };

  const answers = [
    await logIn(authenticated('alice'), 'correct'),
    await logIn(REFUSED, 'wrong'),
    await logIn(REFUSED, 'another'),
  ];

  expect(answers.map((answer) => (answer.kind === 'rejected' ? answer.reason : answer.kind))).toEqual([
    'authenticated',
    'wrong-password',
    // One wrong password is the limit of this address.
    'too-many-attempts',
  ]);
  // The wrong password is stored for its user name and for its account; its account and its address are counted.
  expect(shield.sizes()).toEqual({ right: 1, wrong: 2, counted: 2 });
});
