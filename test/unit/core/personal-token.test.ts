import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  BASE62,
  isInNetworks,
  isPersonalToken,
  parsePersonalToken,
  PERSONAL_TOKEN_PATTERN,
  personalTokenText,
  tokenNameProblem,
} from '../../../src/core/personal-token.ts';
import { personalTokenSecrets } from '../../../src/platform/personal-token-secrets.ts';
import { refreshTokenSecrets } from '../../../src/platform/refresh-token-secrets.ts';

const RANDOM = '7Qm2'.padEnd(43, 'aZ09');
const WHOLE = personalTokenText(RANDOM);
const RECORD = {
  owner: { kind: 'account', backend: 'corp', subject: 'id 1', login: 'Alice', username: 'alice' },
  name: 'laptop',
  createdAt: 1,
  createdBy: 'operator',
  expiresAt: 2,
};

describe('the text of a personal token', () => {
  it('is the prefix, 43 characters and the CRC-32 of zlib as 6 digits of base62', () => {
    const digits = Array.from(WHOLE.slice(-6), (digit) => BASE62.indexOf(digit));

    expect(WHOLE.slice(0, -6)).toBe(`flp_${RANDOM}`);
    expect(digits.reduce((sum, digit) => sum * 62 + digit, 0)).toBe(crc32(`flp_${RANDOM}`));
  });

  it('is recognized whole', () => {
    expect(WHOLE).toMatch(/^flp_[0-9A-Za-z]{49}$/);
    expect(isPersonalToken(WHOLE)).toBe(true);
  });

  it('is damaged by every change of one character', () => {
    let changes = 0;
    for (let at = 4; at < WHOLE.length; at += 1) {
      for (const other of BASE62) {
        if (other === WHOLE[at]) continue;
        changes += 1;
        expect(isPersonalToken(`${WHOLE.slice(0, at)}${other}${WHOLE.slice(at + 1)}`)).toBe(false);
      }
    }
    expect(changes).toBe(49 * 61);
  });

  it.each([
    ['without its last character', WHOLE.slice(0, -1)],
    ['with one character more', `${WHOLE}a`],
    ['with a space before it', ` ${WHOLE}`],
    ['with a line end after it', `${WHOLE}\n`],
    ['with two characters exchanged', WHOLE.replace('7Q', 'Q7')],
    ['in lower case', WHOLE.toLowerCase()],
    ['with another prefix', WHOLE.replace('flp_', 'flr_')],
  ])('is damaged %s', (_how, text) => {
    expect(isPersonalToken(text)).toBe(false);
  });

  it('uses each character of base62 in each place of new tokens', () => {
    const made = Array.from({ length: 2000 }, () => personalTokenSecrets.make().reveal());

    for (let at = 4; at < 47; at += 1) expect(new Set(made.map((text) => text[at])).size).toBe(62);
    expect(new Set(made).size).toBe(2000);
    expect(made.every(isPersonalToken)).toBe(true);
  });
});

describe('the patterns that config/tokens.md publishes for secret scanners', async () => {
  const page = await readFile(resolve(import.meta.dirname, '../../../config/tokens.md'), 'utf8');
  const [personal, refresh, ...others] = [...page.matchAll(/^regex = '''(.+)'''$/gm)].map(
    ([, text = '']) => new RegExp(text, 'g'),
  );
  const found = (pattern: RegExp | undefined, text: string) => text.match(pattern ?? /$^/g);

  it('are one for each kind of token, and the first stands alone as well', () => {
    expect([personal?.source, refresh?.source, others]).toEqual([
      `\\b${PERSONAL_TOKEN_PATTERN}\\b`,
      expect.stringMatching(/^\\bflr_/),
      [],
    ]);
    expect(page).toContain(`custom patterns: \`${personal?.source}\``);
  });

  it('find each new token in the middle of a text, and nothing of an ordinary text', () => {
    for (let made = 0; made < 200; made += 1) {
      const [one, other] = [personalTokenSecrets.make().reveal(), refreshTokenSecrets.make().reveal()];
      const text = `PASSWORD="${one}"; {"identitytoken":"${other}"} flp_ flr_short https://x/${one}?`;

      expect(found(personal, text)).toEqual([one, one]);
      expect(found(refresh, text)).toEqual([other]);
    }
  });
});

describe('the name of a personal token', () => {
  it.each(['laptop', 'é', 'build of web/shop (prod)', 'x'.repeat(64)])('may be %j', (name) => {
    expect(tokenNameProblem(name)).toBeUndefined();
  });

  it.each(['', ' laptop', 'laptop ', 'a\nb', 'a\u2028b', 'a\u202Eb', 'x'.repeat(65)])('may not be %j', (name) => {
    expect(tokenNameProblem(name)).toMatch(/^expected a name of 1 to 64 characters/);
  });
});

describe('the networks of a personal token', () => {
  it.each([
    [undefined, '203.0.113.9', true],
    [['10.2.0.0/16'], '10.2.3.4', true],
    [['10.2.0.0/16', '2001:db8::/32'], '2001:db8::1', true],
    [['10.2.0.0/16'], '10.3.0.1', false],
    [['10.2.0.0/16'], '', false],
    [[], '10.2.3.4', false],
  ] as const)('%j allow a client at %j: %j', (networks, client, isAllowed) => {
    expect(isInNetworks(networks, client)).toBe(isAllowed);
  });
});

describe('a stored personal token', () => {
  const robot = { kind: 'robot', robot: 'ci', createdBy: RECORD.owner };
  const limits = [{ service: 'r', repositories: ['web/**'], actions: ['pull'] }];

  it.each([
    RECORD,
    { ...RECORD, owner: robot },
    { ...RECORD, limits },
    { ...RECORD, limits: [] },
    { ...RECORD, api: 'read', networks: ['10.0.0.0/8'], usedAt: 3, usedFrom: '' },
  ])('is read as it was written: %j', (record) => {
    expect(parsePersonalToken(structuredClone(record))).toEqual(record);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'flp_'],
    ['no owner', { ...RECORD, owner: undefined }],
    ['an owner of another kind', { ...RECORD, owner: { ...RECORD.owner, kind: 'group' } }],
    ['an owner without a subject', { ...RECORD, owner: { ...RECORD.owner, subject: undefined } }],
    ['a robot without its creator', { ...RECORD, owner: { ...robot, createdBy: undefined } }],
    ['a robot that a robot made', { ...RECORD, owner: { ...robot, createdBy: robot } }],
    ['no name', { ...RECORD, name: undefined }],
    ['no end', { ...RECORD, expiresAt: undefined }],
    ['an end that is no time', { ...RECORD, expiresAt: 'never' }],
    ['limits that are no list', { ...RECORD, limits: {} }],
    ['null for limits', { ...RECORD, limits: null }],
    ['a limit without a service', { ...RECORD, limits: [{ ...limits[0], service: '' }] }],
    ['a limit with an unknown action', { ...RECORD, limits: [{ ...limits[0], actions: ['admin'] }] }],
    ['a limit with an invalid pattern', { ...RECORD, limits: [{ ...limits[0], repositories: ['web//x'] }] }],
    ['a limit with a placeholder', { ...RECORD, limits: [{ ...limits[0], repositories: ['{user}/**'] }] }],
    ['unknown access to the API', { ...RECORD, api: 'all' }],
    ['networks that are none', { ...RECORD, networks: ['everywhere'] }],
    ['a last use that is no time', { ...RECORD, usedAt: 'today' }],
  ])('is not valid with %s', (_what, record) => {
    expect(parsePersonalToken(record)).toBeUndefined();
  });
});
