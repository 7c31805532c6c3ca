/** Which keys are tried for a token, and when the keys are fetched once more. */
import { createSign, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createKeySet } from '../../../../src/backends/oidc/key-set.ts';
import type { KeySet } from '../../../../src/backends/oidc/key-set.ts';
import { signatureFlaw } from '../../../../src/backends/oidc/signature.ts';
import { parseToken } from '../../../../src/backends/oidc/token.ts';
import type { ParsedToken } from '../../../../src/backends/oidc/token.ts';
import { fixedClock, recordingLog } from '../../../support/fakes.ts';

const FOREVER = new AbortController().signal;
const [FIRST, SECOND, FOREIGN] = [newKey(), newKey(), newKey()] as const;

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function publicKey(key: KeyObject, members: JWK = {}): JWK {
  const { kty, crv, x, y } = key.export({ format: 'jwk' });
  return { kty, crv, x, y, ...members } as JWK;
}

function tokenOf(key: KeyObject, header: Readonly<Record<string, unknown>> = {}): ParsedToken {
  const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${segment({ alg: 'ES256', ...header })}.${segment({ sub: 'alice' })}`;
  const signature = createSign('sha256').update(input).sign({ key, dsaEncoding: 'ieee-p1363' }, 'base64url');
  const token = parseToken(`${input}.${signature}`, 4096);
  if (typeof token === 'string') throw new Error(token);
  return token;
}

/** An issuer that publishes other keys at each fetch; the last ones from then on. */
function issuerWith(...published: readonly (readonly JWK[])[]) {
  const clock = fixedClock();
  let fetches = 0;
  const fetchKeys = async (): Promise<readonly JWK[]> => published[Math.min(fetches++, published.length - 1)] ?? [];
  const keySet = createKeySet({ backend: 'sso', fetchKeys, clock, log: recordingLog() });
  return { keySet, clock, fetches: () => fetches };
}

function reasonFor(token: ParsedToken, keySet: KeySet): Promise<string> {
  return signatureFlaw(token, keySet, FOREVER).then((flaw) => flaw?.reason ?? 'verified');
}

describe('the selection of keys', () => {
  it.each<[string, readonly JWK[], ParsedToken]>([
    [
      'the id of the token',
      [publicKey(FIRST, { kid: 'a' }), publicKey(SECOND, { kid: 'b' })],
      tokenOf(SECOND, { kid: 'b' }),
    ],
    [
      'no id, for a token without one',
      [publicKey(FIRST, { kid: 'a' }), publicKey(SECOND, { kid: 'b' })],
      tokenOf(SECOND),
    ],
    [
      'the same id as another key',
      [publicKey(FIRST, { kid: 'a' }), publicKey(SECOND, { kid: 'a' })],
      tokenOf(SECOND, { kid: 'a' }),
    ],
    ['no id, for a token with one', [publicKey(FIRST), publicKey(SECOND)], tokenOf(SECOND, { kid: 'b' })],
    ['the use sig and the algorithm', [publicKey(FIRST, { use: 'sig', alg: 'ES256' })], tokenOf(FIRST)],
    ['a broken key before it', [{ ...publicKey(SECOND), x: 'AA' }, publicKey(FIRST)], tokenOf(FIRST)],
    ['an id of null in the token', [publicKey(FIRST, { kid: 'a' })], tokenOf(FIRST, { kid: null })],
  ])('finds the key with %s', async (_what, keys, token) => {
    expect(await reasonFor(token, issuerWith(keys).keySet)).toBe('verified');
  });

  it.each<[string, readonly JWK[]]>([
    ['another id', [publicKey(FIRST, { kid: 'b' })]],
    ['the use enc', [publicKey(FIRST, { kid: 'a', use: 'enc' })]],
    ['another algorithm', [publicKey(FIRST, { kid: 'a', alg: 'ECDH-ES' })]],
    ['another curve', [{ ...publicKey(FIRST, { kid: 'a' }), crv: 'P-384' }]],
    ['another type', [{ ...publicKey(FIRST, { kid: 'a' }), kty: 'RSA' }]],
  ])('does not try a key with %s', async (_what, keys) => {
    expect(await reasonFor(tokenOf(FIRST, { kid: 'a' }), issuerWith(keys).keySet)).toBe('unknown-key');
  });

  it('refuses a signature of a key that is not published, with the id of a published one', async () => {
    const { keySet } = issuerWith([publicKey(FIRST, { kid: 'a' })]);

    expect(await reasonFor(tokenOf(FOREIGN, { kid: 'a' }), keySet)).toBe('bad-signature');
    expect(await reasonFor(tokenOf(FOREIGN), keySet)).toBe('bad-signature');
  });
});

describe('the keys of an issuer', () => {
  it.each([
    ['under a new id', 'a', 'b'],
    ['under the id of the old one', 'a', 'a'],
    ['without an id', undefined, undefined],
  ])('are fetched once more for a token of a new key %s', async (_what, former, current) => {
    const named = (kid: string | undefined): JWK => (kid === undefined ? {} : { kid });
    const issuer = issuerWith([publicKey(FIRST, named(former))], [publicKey(SECOND, named(current))]);
    await issuer.keySet.current(FOREVER);

    const reasons = await Promise.all(
      Array.from({ length: 5 }, () => reasonFor(tokenOf(SECOND, named(current)), issuer.keySet)),
    );

    expect(new Set(reasons)).toEqual(new Set(['verified']));
    expect(issuer.fetches()).toBe(2);
  });

  it('are fetched at most four times a minute, however many tokens are forged', async () => {
    const issuer = issuerWith([publicKey(FIRST, { kid: 'a' })]);

    for (let count = 0; count < 20; count += 1) {
      await reasonFor(tokenOf(FOREIGN, { kid: count % 2 === 0 ? 'a' : `invented-${count}` }), issuer.keySet);
    }
    const within = issuer.fetches();
    issuer.clock.advance(60);
    await reasonFor(tokenOf(FOREIGN, { kid: 'a' }), issuer.keySet);

    expect([within, issuer.fetches()]).toEqual([4, 5]);
  });

  it('leave a forged signature refused, and an unknown key an open question, while they cannot be fetched', async () => {
    let isDown = false;
    const fetchKeys = async (): Promise<readonly JWK[]> => {
      if (isDown) throw new Error('answered 500');
      return [publicKey(FIRST, { kid: 'a' })];
    };
    const keySet = createKeySet({ backend: 'sso', fetchKeys, clock: fixedClock(), log: recordingLog() });
    await keySet.current(FOREVER);
    isDown = true;

    expect(await reasonFor(tokenOf(FIRST, { kid: 'a' }), keySet)).toBe('verified');
    expect(await reasonFor(tokenOf(FOREIGN, { kid: 'a' }), keySet)).toBe('bad-signature');
    await expect(reasonFor(tokenOf(SECOND, { kid: 'b' }), keySet)).rejects.toMatchObject({
      code: 'backend_unavailable',
    });
  });
});
