import { describe, expect, it } from 'vitest';
import { isToken } from '../../../src/core/token-shape.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const RS256 = part({ alg: 'RS256', kid: 'ä€', typ: 'JWT' });
const BODY = part({ sub: 'somebody' });

describe('a credential is a token', () => {
  it.each([
    ['a signed token', `${RS256}.${BODY}.c2lnbmF0dXJl`],
    ['an unsigned token', `${part({ alg: 'none' })}.${BODY}.`],
    ['a token with an algorithm nobody knows', `${part({ alg: 7 })}.${BODY}.x`],
    ['a token with nonsense for claims', `${RS256}.x.x`],
    ['a token without claims', `${RS256}..x`],
    ['an encrypted token', `${part({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
    ['a token with a space and a line break around it', ` ${RS256}.${BODY}.x\n`],
    ['a token with padding', `${Buffer.from('{"alg": "ES256"}').toString('base64url')}==.${BODY}=.x=`],
    ['a token with a header that begins with spaces', `${Buffer.from('\n {"alg":"x"}').toString('base64url')}.a.b`],
    ['a token with a header of 20 KiB', `${part({ alg: 'RS256', x5c: 'x'.repeat(20_000) })}.a.b`],
  ])('when it is %s', (_what, text) => {
    expect(isToken(text)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['words with dots between them', 'correct.horse.battery'],
    ['a token without its signature', `${RS256}.${BODY}`],
    ['a token in four parts', `${RS256}.${BODY}.x.y`],
    ['a token with a space inside', `${RS256}. ${BODY}.x`],
    ['a header that is a list', `${part(['alg'])}.a.b`],
    ['a header that is null', `${part(null)}.a.b`],
    ['a header without an algorithm', `${part({ typ: 'JWT' })}.a.b`],
    ['a header that is cut off', `${RS256.slice(0, -3)}.a.b`],
  ])('unless it is %s', (_what, text) => {
    expect(isToken(text)).toBe(false);
  });

  it('is recognized with a header of any length', () => {
    for (let length = 0; length < 12; length++) {
      expect(isToken(`${part({ alg: 'x'.repeat(length) })}.a.b`)).toBe(true);
    }
  });

  it('takes little time for a long text that is not a token', () => {
    const started = performance.now();
    const results = ['a'.repeat(65_000), 'eyJ.'.repeat(16_000), `${' '.repeat(65_000)}!`].map(isToken);

    expect(results).toEqual([false, false, false]);
    // Going back and forth in such texts takes many seconds; a busy machine may take some time for them all the same.
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
