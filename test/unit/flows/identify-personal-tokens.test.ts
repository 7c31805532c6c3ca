/** What begins as a personal token is looked up in the records, and reaches neither the shield nor a backend. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/identity.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import type { UsePersonalToken } from '../../../src/flows/personal-token/use.ts';
import { personalTokenSecrets } from '../../../src/platform/personal-token-secrets.ts';
import { authenticated, fakeBackend, identity } from '../../support/fake-backend.ts';
import { fixedClock, noShield, noWaiting, recordingAudit } from '../../support/fakes.ts';

const REQUEST = { requestId: 'id-1', client: '192.0.2.1' };
const WHOLE = personalTokenSecrets.make().reveal();
const BY_TOKEN = { kind: 'user', identity: identity('owner'), via: { kind: 'personal-token', id: 'x' } } as const;

/** @param use how a token is answered; undefined: personal tokens are not configured */
function setUp(use: UsePersonalToken | undefined) {
  const backend = fakeBackend(authenticated('alice'));
  const shielded: string[] = [];
  const slept: number[] = [];
  const identify = createIdentify({
    backends: [backend.chained],
    clock: fixedClock(),
    timer: { ...noWaiting, sleep: async (milliseconds) => void slept.push(milliseconds) },
    audit: recordingAudit(),
    usePersonalToken: use,
    shield: {
      ...noShield,
      begin: (credential, client) => {
        shielded.push(credential.username);
        return noShield.begin(credential, client);
      },
    },
  });
  const logIn = (username: string, password: string): Promise<unknown> =>
    identify({ username, password: new Secret(password) }, REQUEST).catch((error: unknown) => error);
  return { logIn, slept, shielded, seen: backend.seen };
}

const refusing =
  (code: ErrorCode): UsePersonalToken =>
  async () => {
    throw new BrokerError(code, 'why');
  };

describe('a password that begins as a personal token', () => {
  it.each([
    ['whole', WHOLE],
    ['cut off', WHOLE.slice(0, 20)],
    ['in upper case', WHOLE.toUpperCase()],
    ['after a space and a quote', ` "${WHOLE}"`],
    ['as the prefix alone', 'flp_'],
  ])('is used as one %s: neither the shield nor a backend sees it', async (_how, password) => {
    const used: string[] = [];
    const { logIn, shielded, seen } = setUp(async (credential) => {
      used.push(credential.password.reveal());
      return BY_TOKEN;
    });

    expect(await logIn('alice', password)).toEqual(BY_TOKEN);
    expect([used, shielded, seen]).toEqual([[password], [], []]);
  });

  it('is refused as a token in the wrong field where personal tokens are not configured', async () => {
    const { logIn, seen } = setUp(undefined);

    expect(await logIn('alice', WHOLE)).toMatchObject({ code: 'misplaced_token' });
    expect(seen).toEqual([]);
  });

  it('is an exception: an ordinary password, and a refresh token, are not used as one', async () => {
    const { logIn, seen } = setUp(async () => BY_TOKEN);

    expect(await logIn('alice', 'flp')).toMatchObject({ identity: { username: 'alice' } });
    expect(await logIn('alice', `flr_${'x'.repeat(43)}`)).toMatchObject({ code: 'misplaced_token' });
    expect(seen).toEqual(['alice/flp']);
  });

  it.each<[ErrorCode, boolean]>([
    ['damaged_token', true],
    ['personal_token_refused', true],
    ['too_many_bad_tokens', true],
    ['backend_unavailable', false],
    ['records_unavailable', false],
  ])('that ends with %s waits as a refused login does: %j', async (code, waits) => {
    const { logIn, slept } = setUp(refusing(code));

    expect(await logIn('alice', WHOLE)).toMatchObject({ code });
    expect(slept).toHaveLength(waits ? 1 : 0);
  });
});
