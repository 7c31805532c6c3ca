/** Tokens of Fairlead as people paste them, whole or not. */
const WHOLE = `flr_${'Ab0-_'.repeat(8)}xyz`;

export const FAIRLEAD_TOKENS: readonly (readonly [what: string, text: string])[] = [
  ['a whole refresh token', WHOLE],
  ['a refresh token without its last character', WHOLE.slice(0, -1)],
  ['a refresh token without its second half', WHOLE.slice(0, 20)],
  ['a refresh token with one character too many', `${WHOLE}x`],
  ['a refresh token with a space after it', `${WHOLE} `],
  ['a refresh token with a space and a line end before it', ` \n${WHOLE}`],
  ['a refresh token in upper case', WHOLE.toUpperCase()],
  ['a personal token', `flp_${'Ab0-_'.repeat(8)}xyz`],
  ['a truncated personal token with a line end', 'flp_Ab0\n'],
];
