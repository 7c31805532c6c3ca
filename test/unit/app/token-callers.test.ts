/** Who stored tokens stand for, as commands find it out. */
import { expect, it } from 'vitest';
import { openRecords } from '../../../src/app/open-records.ts';
import { openTokenCallers } from '../../../src/app/token-callers.ts';
import { tokenStoresIn } from '../../../src/app/token-stores.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { encodeIdentity } from '../../../src/core/identity-record.ts';
import { accountKey } from '../../../src/core/signed-in-account.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { identity } from '../../support/fake-backend.ts';
import { recordingLog } from '../../support/fakes.ts';
import { CONFIG, workspace } from '../cli/workspace.ts';

const SSO = {
  name: 'sso',
  type: 'oidc-sign-in',
  issuer: 'https://login.example.com',
  client: { id: 'fairlead', secret: { file: 'sso.secret' } },
};

it.each([
  ['a minute', 60, { caller: { identity: { username: 'ines' } } }],
  ['a year', 365 * 86_400, { refusal: expect.stringMatching(/^sign-in-due/) }],
])('a token of somebody whose last sign-in is %s ago has the owner that a broker would find', async (_, age, found) => {
  const config = { ...CONFIG, backends: [SSO], console: {}, personalTokens: {} };
  await using files = await workspace({ 'broker.yaml': JSON.stringify(config), 'sso.secret': 'a secret of a client' });
  const loaded = await loadBroker(files.config);
  const log = recordingLog();
  await using records = await openRecords(loaded.config, { clock: systemClock, log });
  const { accounts } = tokenStoresIn(records, systemClock);
  const now = systemClock.now();
  const account = { backend: 'sso', subject: 'id-7' };
  const person = encodeIdentity({ ...identity('ines'), ...account });
  await accounts.put(accountKey(account), { ...account, identity: person, lastSignIn: now - age }, 600);
  await using callers = await openTokenCallers(loaded.config, accounts, log);

  const owner = { kind: 'account', ...account, login: 'ines', username: 'ines' } as const;
  const token = { id: 'abc', owner, name: 'laptop', createdAt: now, createdBy: 'ines', expiresAt: now + 600 };

  expect(await callers.callerOf(token)).toMatchObject(found);
});
