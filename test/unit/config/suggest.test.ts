import { assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggest } from '../../../src/config/suggest.ts';

const KEYS = ['listen', 'publicUrl', 'trustedProxies', 'services', 'backends', 'policy', 'tls', 'log'];

describe('suggest', () => {
  it.each([
    ['lisen', 'listen'],
    ['publicURL', 'publicUrl'],
    ['service', 'services'],
    ['polciy', 'policy'],
    ['trustedProxy', undefined],
    ['tsl', 'tls'],
    ['x', undefined],
    ['', undefined],
    ['store', undefined],
  ])('corrects %j to %j', (word, meant) => {
    expect(suggest(word, KEYS)).toBe(meant);
  });

  it('corrects a longer word with any one letter missing', () => {
    assert(
      property(constantFrom(...KEYS.filter(({ length }) => length > 4)), nat(), (word, at) => {
        const index = at % word.length;
        expect(suggest(word.slice(0, index) + word.slice(index + 1), KEYS)).toBe(word);
      }),
    );
  });
});
