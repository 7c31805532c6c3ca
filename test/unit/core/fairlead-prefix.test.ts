import { describe, expect, it } from 'vitest';
import { hasFairleadPrefix } from '../../../src/core/fairlead-prefix.ts';
import { Secret } from '../../../src/core/identity.ts';

const WHOLE = `flr_${'Ab0-_'.repeat(8)}xyz`;

describe('the prefix of a Fairlead token', () => {
  it.each([
    ['of a whole refresh token', WHOLE],
    ['of a refresh token without its end', WHOLE.slice(0, -1)],
    ['of a refresh token with more text after it', `${WHOLE} and more`],
    ['alone', 'flr_'],
    ['of a personal token', 'flp_abc'],
    ['in upper case', WHOLE.toUpperCase()],
    ['with a capital letter, as a phone types it', `Flp_abc`],
    ['after spaces', `  ${WHOLE}  `],
    ['after a tab and line ends', `\t\r\n${WHOLE}\r\n`],
    ['after a no-break space', `\u00A0${WHOLE}`],
    ['after a byte order mark', `\uFEFF${WHOLE}`],
    ['after an invisible character', `\u200B${WHOLE}`],
    ['after a NUL', `\0${WHOLE}`],
    ['after a quote', `"${WHOLE}"`],
  ])('is recognized %s', (_where, text) => {
    expect(hasFairleadPrefix(text)).toBe(true);
  });

  it.each([
    ['an ordinary password', 'correct horse battery staple'],
    ['an empty text', ''],
    ['a text with the prefix inside', 'my-flr_password'],
    ['a text without the underscore', 'flr-abc'],
    ['another letter', 'flx_abc'],
    ['the prefix of GitHub', 'ghp_abc'],
  ])('is not found in %s', (_what, text) => {
    expect(hasFairleadPrefix(text)).toBe(false);
  });
});

describe('a secret', () => {
  it.each([
    ['', { isEmpty: true, hasNul: false }],
    ['a', { isEmpty: false, hasNul: false }],
    ['a\0b', { isEmpty: false, hasNul: true }],
  ])('answers questions about %j without revealing it', (text, expected) => {
    const secret = new Secret(text);

    expect({ isEmpty: secret.isEmpty(), hasNul: secret.hasNul() }).toEqual(expected);
    expect(secret.matches((value) => value === text)).toBe(true);
    expect(secret.matches((value) => value !== text)).toBe(false);
  });
});
