/** Everything of an account ends in one step: refresh tokens and personal tokens, and no others. */
import { describe, expect, it } from 'vitest';
import type { AccountChoice } from '../../../src/core/account.ts';
import type { PersonalToken, TokenOwner } from '../../../src/core/personal-token.ts';
import type { RefreshToken } from '../../../src/core/refresh-token.ts';
import { createEndAccount } from '../../../src/flows/end-account.ts';
import { personalTokenKind } from '../../../src/flows/personal-token/revoke.ts';
import { refreshTokenKind } from '../../../src/flows/refresh-token/revoke.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { fixedClock, recordingAudit } from '../../support/fakes.ts';
import { OWNER } from '../../support/personal-token-world.ts';

const ENDING = { request: { requestId: 'id-1', client: 'x' }, by: 'admin' };
const BOB = { ...OWNER, subject: 'id 2', login: 'bob', username: 'bob' };
const NAMESAKE = { ...OWNER, backend: 'other', subject: 'id 9' };

function personal(owner: TokenOwner): PersonalToken {
  return { owner, name: 'laptop', createdAt: 1, createdBy: 'operator', expiresAt: 2 };
}

function refresh({ backend, subject, login, username }: typeof OWNER): RefreshToken {
  const times = { createdAt: 1, usedAt: 1, expiresAt: 2 };
  return { service: 'r', backend, subject, login, username, client: '', clientId: '', ...times };
}

async function setUp() {
  const audit = recordingAudit();
  const options = { maxEntries: 100, clock: fixedClock() };
  const [refreshTokens, personalTokens] = [memoryStore<RefreshToken>(options), memoryStore<PersonalToken>(options)];
  for (const [at, account] of [OWNER, OWNER, BOB, NAMESAKE].entries()) {
    await refreshTokens.put(`r${at}`, refresh(account), 100);
    await personalTokens.put(`p${at}`, personal(account), 100);
  }
  await personalTokens.put('robot', personal({ kind: 'robot', robot: 'ci', createdBy: OWNER }), 100);
  const kinds = [
    refreshTokenKind({ store: refreshTokens, audit }),
    personalTokenKind({ store: personalTokens, audit }),
  ] as const;
  const left = async () => [
    ...(await refreshTokens.list()).map(({ key }) => key),
    ...(await personalTokens.list()).map(({ key }) => key),
  ];
  return { audit, kinds, left, refreshTokens };
}

describe('the end of an account', () => {
  it.each<[string, AccountChoice, readonly string[]]>([
    ['its id at its backend', { backend: 'corp', subject: 'id 1' }, ['r2', 'r3', 'p2', 'p3', 'robot']],
    ['its name', { user: 'alice' }, ['r2', 'p2', 'robot']],
    ['the name as typed at a login', { user: 'Alice' }, ['r2', 'p2', 'robot']],
    ['its name at one backend', { user: 'alice', backend: 'corp' }, ['r2', 'r3', 'p2', 'p3', 'robot']],
    [
      'the id of nobody',
      { backend: 'corp', subject: 'id 3' },
      ['r0', 'r1', 'r2', 'r3', 'p0', 'p1', 'p2', 'p3', 'robot'],
    ],
  ])('by %s leaves the tokens of others, and those of robots', async (_how, choice, expected) => {
    const { kinds, left } = await setUp();

    await createEndAccount(kinds)(choice, ENDING);

    expect(await left()).toEqual(expected);
  });

  it('says how many have ended, and records each', async () => {
    const { kinds, audit } = await setUp();

    const end = await createEndAccount(kinds)({ backend: 'corp', subject: 'id 1' }, { ...ENDING, cause: 'left' });

    expect(end).toEqual({
      ended: [
        { what: 'refresh tokens', count: 2 },
        { what: 'personal tokens', count: 2 },
      ],
      failed: [],
    });
    const event = { outcome: 'revoked', request: ENDING.request, username: 'alice', backend: 'corp', cause: 'left' };
    expect(audit.events).toEqual([
      { ...event, type: 'refresh-token', id: 'r0', service: 'r' },
      { ...event, type: 'refresh-token', id: 'r1', service: 'r' },
      { ...event, type: 'personal-token', id: 'p0', name: 'laptop', by: 'admin' },
      { ...event, type: 'personal-token', id: 'p1', name: 'laptop', by: 'admin' },
    ]);
  });

  it('goes on when one kind cannot be ended, and names it', async () => {
    const { kinds, left, refreshTokens } = await setUp();
    refreshTokens.removeAll = async () => {
      throw new Error('the disk is gone');
    };

    const end = await createEndAccount(kinds)({ user: 'alice' }, ENDING);

    expect(end.failed).toEqual([{ what: 'refresh tokens', cause: 'the disk is gone' }]);
    expect(await left()).toEqual(['r0', 'r1', 'r2', 'r3', 'p2', 'robot']);
  });
});
