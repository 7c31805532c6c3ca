/** What `check --login`, `check --token` and `check --connect` report. */
import { describe, expect, it } from 'vitest';
import { checkToken } from '../../../src/cli/walk-token.ts';
import { checkLogin, probeAll, stepLine } from '../../../src/cli/walk.ts';
import { BrokerError } from '../../../src/core/errors.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { Authenticator, AuthnOutcome, Step } from '../../../src/core/ports.ts';
import type { ChainedBackend } from '../../../src/flows/chain.ts';
import { createIdentify } from '../../../src/flows/identify.ts';
import { FAIRLEAD_TOKENS } from '../../support/fairlead-tokens.ts';
import { authenticated, fakeBackend, REFUSED, UNKNOWN } from '../../support/fake-backend.ts';
import { fixedClock, noShield, noWaiting, recordingAudit } from '../../support/fakes.ts';

const JWT = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from(
  '{"sub":"job","exp":1700000060,"note":"\\u001b[31mred"}',
).toString('base64url')}.x`;

const lines = (steps: readonly Step[]): readonly string[] => steps.map(stepLine);

async function login(backends: readonly ChainedBackend[], password = 'a-password', username = 'alice') {
  return lines(await checkLogin({ backends, clock: fixedClock() }, { username, password: new Secret(password) }));
}

/** A backend that examines logins and tokens step by step. */
function examining(more: Partial<Authenticator>): ChainedBackend {
  return {
    ...fakeBackend(UNKNOWN).chained,
    authenticator: { ...fakeBackend(UNKNOWN, { name: 'corp' }).chained.authenticator, ...more },
  };
}

describe('a login check', () => {
  it('reports each backend that is not asked, and each answer', async () => {
    const steps = await login([
      fakeBackend(UNKNOWN, { name: 'ci', accepts: 'tokens' }).chained,
      fakeBackend(UNKNOWN, { name: 'partners', usernames: ['*@partner'] }).chained,
      fakeBackend(UNKNOWN, { name: 'staff' }).chained,
      fakeBackend(authenticated('alice', 'corp'), { name: 'corp' }).chained,
    ]);

    expect(steps).toEqual([
      'ok: backend ci is not asked: it accepts tokens, and the credential is a password',
      'ok: backend partners is not asked: no pattern of usernames matches',
      'ok: backend staff does not know this user; the next one is asked',
      'warning: backend corp authenticates alice, no group: no rule for groups applies',
    ]);
  });

  it.each<[string, AuthnOutcome | 'down', readonly string[]]>([
    ['a refusal', REFUSED, ['FAILED: backend corp rejects the login: wrong-password']],
    [
      'a refusal with details',
      { kind: 'rejected', reason: 'locked', detail: 'until noon' },
      ['FAILED: backend corp rejects the login: locked: until noon'],
    ],
    ['an outage', 'down', ['FAILED: backend corp failed: corp is down']],
    [
      'an unknown user',
      UNKNOWN,
      ['ok: backend corp does not know this user; the next one is asked', 'FAILED: no backend knows the user alice'],
    ],
  ])('ends with %s', async (_what, outcome, expected) => {
    expect(await login([fakeBackend(outcome, { name: 'corp' }).chained])).toEqual(expected);
  });

  it.each([
    ['an empty password', '', 'alice', /an empty password is refused/],
    ['an empty user name', 'a-password', '', /an empty user name is refused/],
  ])('refuses %s before any backend is asked, as the token endpoint does', async (_what, password, username, text) => {
    const backend = fakeBackend(authenticated('alice'));

    const steps = await login([backend.chained], password, username);

    expect(steps).toEqual([expect.stringMatching(text)]);
    expect(backend.seen).toEqual([]);
  });

  it.each(FAIRLEAD_TOKENS)('sends no backend %s, and sends one a wrong password', async (_what, token) => {
    const backend = fakeBackend(REFUSED, { name: 'corp' });

    const asPassword = await login([backend.chained], token);
    const asName = await login([backend.chained], 'a-password', token);
    const seenBefore = [...backend.seen];
    await login([backend.chained], 'a-wrong-password');

    for (const steps of [asPassword, asName])
      expect(steps).toEqual([expect.stringMatching(/^FAILED: a Fairlead token/)]);
    expect([seenBefore, backend.seen]).toEqual([[], ['alice/a-wrong-password']]);
  });

  it('refuses a user whose name belongs to an earlier backend', async () => {
    const steps = await login([
      fakeBackend(UNKNOWN, { name: 'file', usersNamed: () => ['alice'] }).chained,
      fakeBackend(authenticated('Alice', 'corp'), { name: 'corp' }).chained,
    ]);

    expect(steps.at(-1)).toBe('FAILED: the login is refused: ambiguous: Alice is a user of file, which precedes corp');
  });

  it('reports the steps of a backend that has some, and uses its outcome', async () => {
    const backend = examining({
      diagnose: async (_credential, _deadline, report) => {
        report({ ok: true, text: 'found cn=alice' });
        return REFUSED;
      },
    });

    expect(await login([backend])).toEqual([
      'ok: backend corp: found cn=alice',
      'FAILED: backend corp rejects the login: wrong-password',
    ]);
  });

  it('succeeds exactly when a login at the token endpoint does', async () => {
    const outcomes: readonly AuthnOutcome[] = [authenticated('alice'), REFUSED, UNKNOWN];
    for (const first of outcomes) {
      for (const second of outcomes) {
        for (const password of ['a-password', '', 'flr_x', JWT]) {
          const backends = [first, second].map((outcome) => fakeBackend(outcome).chained);
          const steps = await login(backends, password);
          const isCaller = await isAccepted(backends, password);

          expect([password, steps.some((line) => line.startsWith('FAILED'))]).toEqual([password, !isCaller]);
        }
      }
    }
  });
});

function isAccepted(backends: readonly ChainedBackend[], password: string): Promise<boolean> {
  const identify = createIdentify({
    backends,
    clock: fixedClock(),
    timer: noWaiting,
    audit: recordingAudit(),
    shield: noShield,
  });
  return identify({ username: 'alice', password: new Secret(password) }, { requestId: 'id', client: '' }).then(
    () => true,
    () => false,
  );
}

describe('a token check', () => {
  const check = (backends: readonly ChainedBackend[], token: string) =>
    checkToken({ backends, clock: fixedClock() }, token);
  const explaining = (isOwn: boolean, name: string): ChainedBackend =>
    examining({
      name,
      accepts: 'tokens',
      explainToken: async () => ({ isOwn, steps: [{ ok: isOwn, text: `issuer checked by ${name}` }] }),
    });

  it('lists header and claims, without control characters and without the signature', async () => {
    const { lines: claims } = await check([explaining(true, 'ci')], JWT);

    expect(claims).toEqual([
      `token: ${JWT.length} characters; its signature is not shown`,
      'header alg: "RS256"',
      'claim sub: "job"',
      'claim exp: 1700000060 (2023-11-14T22:14:20.000Z, in 60 s)',
      'claim note: "\\u001b[31mred"',
    ]);
  });

  it('ends at the backend that the token belongs to', async () => {
    const { steps } = await check([explaining(false, 'one'), explaining(true, 'two'), explaining(true, 'three')], JWT);

    expect(lines(steps)).toEqual([
      'FAILED: backend one: issuer checked by one',
      'ok: backend two: issuer checked by two',
    ]);
  });

  it('fails when no backend accepts tokens of the issuer', async () => {
    const { steps } = await check([explaining(false, 'one')], JWT);

    expect(lines(steps).at(-1)).toBe('FAILED: unlisted-issuer: no backend accepts tokens of this issuer');
  });

  it('fails with the backend and the cause of an outage', async () => {
    const down = examining({
      accepts: 'tokens',
      explainToken: async () => {
        throw new BrokerError('backend_unavailable', 'no key set');
      },
    });

    expect(lines((await check([down], JWT)).steps)).toEqual(['FAILED: backend corp failed: no key set']);
  });

  it.each([
    ['a password', 'a-password', /not a token/],
    ['a Fairlead token', 'flr_x', /a Fairlead token is not an ID token/],
  ])('refuses %s, and asks no backend', async (_what, text, message) => {
    const asked: string[] = [];
    const backend = examining({
      accepts: 'tokens',
      explainToken: async (token) => {
        asked.push(token.reveal());
        return { isOwn: true, steps: [] };
      },
    });

    const refused = await check([backend], text);
    await check([backend], JWT);

    expect(lines(refused.steps)).toEqual([expect.stringMatching(message)]);
    expect(asked).toEqual([JWT]);
  });
});

describe('a connection check', () => {
  it.each<[string, Partial<Authenticator>, readonly string[]]>([
    ['a backend that answers', {}, ['ok: backend corp answers']],
    [
      'a backend that is down, with the cause',
      { probe: async () => ({ state: 'down', detail: 'refused' }) },
      ['FAILED: backend corp is down: refused'],
    ],
    [
      'the step that failed, and the cause only once',
      {
        diagnose: async (_credential, _deadline, report) => {
          report({ ok: false, text: 'no TLS: refused' });
          return undefined;
        },
        probe: async () => ({ state: 'down', detail: 'refused' }),
      },
      ['FAILED: backend corp: no TLS: refused', 'FAILED: backend corp is down'],
    ],
    [
      'a step that works and should be changed as a warning',
      {
        diagnose: async (_credential, _deadline, report) => {
          report({ ok: true, isWarning: true, text: 'set preset: openldap' });
          return undefined;
        },
      },
      ['warning: backend corp: set preset: openldap', 'ok: backend corp answers'],
    ],
    [
      'no answer after a step that failed, which would read as success',
      {
        diagnose: async (_credential, _deadline, report) => {
          report({ ok: false, text: 'no user under ou=x' });
          return undefined;
        },
      },
      ['FAILED: backend corp: no user under ou=x'],
    ],
    [
      'a diagnosis that throws',
      {
        diagnose: async () => {
          throw new TypeError('x is undefined');
        },
      },
      ['FAILED: backend corp: TypeError: x is undefined'],
    ],
  ])('reports %s', async (_what, more, expected) => {
    expect(lines(await probeAll([examining(more)], fixedClock()))).toEqual(expected);
  });
});
