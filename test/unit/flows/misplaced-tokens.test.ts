/** No backend is sent a Fairlead token, neither by the token endpoint nor by a look-up. */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/core/identity.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import { lookUpUser } from '../../../src/flows/look-up-user.ts';
import { authenticated, fakeBackend, identity, REFUSED } from '../../support/fake-backend.ts';
import { fixedClock, noShield, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { FAIRLEAD_TOKENS } from '../../support/fairlead-tokens.ts';

const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };
const JWT = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.x`;

function setUp() {
  const backends = [
    fakeBackend(authenticated('job'), { accepts: 'tokens', name: 'ci' }),
    fakeBackend(REFUSED, { name: 'directory' }),
  ];
  const audit = recordingAudit();
  const counted: string[] = [];
  const identify = createIdentify({
    backends: backends.map(({ chained }) => chained),
    clock: fixedClock(),
    timer: noWaiting,
    audit,
    shield: {
      ...noShield,
      begin: (credential, client) => ({
        ...noShield.begin(credential, client),
        ask: async (authenticator, deadline) => {
          counted.push(credential.username);
          return noShield.begin(credential, client).ask(authenticator, deadline);
        },
      }),
    },
  });
  const logIn = (username: string, password: string): Promise<unknown> =>
    identify({ username, password: new Secret(password) }, REQUEST).catch((error: unknown) => error);
  return { logIn, audit, counted, seen: () => backends.flatMap(({ seen }) => seen) };
}

describe('a Fairlead token', () => {
  it.each(FAIRLEAD_TOKENS)('%s is refused as the password, and no backend is asked', async (_what, token) => {
    const { logIn, audit, counted, seen } = setUp();

    const error = await logIn('alice', token);

    expect(error).toMatchObject({ code: 'misplaced_token', message: 'misplaced-token' });
    expect([seen(), audit.events, counted]).toEqual([[], [], []]);
  });

  it.each(FAIRLEAD_TOKENS)('%s is refused as the user name, and no backend is asked', async (_what, token) => {
    const { logIn, seen } = setUp();

    const errors = [await logIn(token, 'a-password'), await logIn(token, JWT)];

    expect(errors).toMatchObject([{ code: 'misplaced_token' }, { code: 'misplaced_token' }]);
    expect(seen()).toEqual([]);
  });

  it('is an exception: a backend sees an ordinary wrong password', async () => {
    const { logIn, seen } = setUp();

    const error = await logIn('alice', 'a-wrong-password');

    expect(error).toMatchObject({ code: 'invalid_credentials' });
    expect(seen()).toEqual(['alice/a-wrong-password']);
  });

  it.each(FAIRLEAD_TOKENS)('%s is not looked up as a user name, and an ordinary name is', async (_what, token) => {
    const names: string[] = [];
    const lookup = async (name: string) => {
      names.push(name);
      return identity(name);
    };
    const chain = { backends: [fakeBackend(REFUSED, { lookup }).chained], clock: fixedClock() };

    expect(await lookUpUser(chain, token)).toEqual({ kind: 'not-found', withoutLookUp: [] });
    expect(await lookUpUser(chain, 'alice')).toMatchObject({ kind: 'found' });
    expect(names).toEqual(['alice']);
  });
});
