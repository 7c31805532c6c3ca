import { expect, it } from 'vitest';
import { timesFlaw } from '../../../../src/backends/oidc-token/times.ts';

const NOW = 1_700_000_000;
const DAY = 86_400;
const reason = (claims: Readonly<Record<string, unknown>>) => timesFlaw(claims, NOW, DAY)?.reason;

it.each([
  ['for an hour', { exp: NOW + 3600, nbf: NOW - 5, iat: NOW - 5 }],
  ['when it has an end only', { exp: NOW + 10 }],
  ['when the issuer’s clock is ahead a little', { exp: NOW + 300, nbf: NOW + 30, iat: NOW + 30 }],
  ['for exactly the longest lifetime', { exp: NOW + DAY - 60, iat: NOW - 60 }],
  ['with fractions of seconds', { exp: NOW + 10.9, iat: NOW - 0.5 }],
])('a token is in force %s', (_what, claims) => {
  expect(timesFlaw(claims, NOW, DAY)).toBeUndefined();
});

it.each([
  ['ended a minute ago', { exp: NOW - 60 }, 'token-expired'],
  ['ended this second', { exp: NOW }, 'token-expired'],
  ['ends in nine seconds', { exp: NOW + 9.9 }, 'token-expired'],
  ['begins in 31 seconds', { exp: NOW + 300, nbf: NOW + 31 }, 'token-not-yet-valid'],
  ['is from the future', { exp: NOW + 300, iat: NOW + 31 }, 'token-not-yet-valid'],
  ['lives longer than allowed', { exp: NOW + 300, iat: NOW + 300 - DAY - 1 }, 'token-lifetime-too-long'],
  ['ends too far in the future, without iat', { exp: NOW + DAY + 1 }, 'token-lifetime-too-long'],
  ['never ends', { iat: NOW }, 'unusable-claims'],
  ['ends in words', { exp: 'tomorrow' }, 'unusable-claims'],
  ['ends at a time in a text', { exp: String(NOW + 300) }, 'unusable-claims'],
  ['ends after Infinity', { exp: Number.POSITIVE_INFINITY }, 'unusable-claims'],
  ['begins at null', { exp: NOW + 300, nbf: null }, 'unusable-claims'],
])('a token is refused that %s', (_what, claims, expected) => {
  expect(reason(claims)).toBe(expected);
});
