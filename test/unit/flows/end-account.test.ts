/** Everything of an account ends in one step, and nothing of others. */
import { describe, expect, it } from 'vitest';
import type { AccountChoice } from '../../../src/core/account.ts';
import type { PersonalToken, TokenOwner } from '../../../src/core/personal-token.ts';
import type { RefreshToken } from '../../../src/core/refresh-token.ts';
import { HELPER_CLIENT } from '../../../src/core/approval.ts';
import { endableApprovals } from '../../../src/flows/approval.ts';
import { createEndAccount } from '../../../src/flows/end-account.ts';
import { endablePersonalTokens } from '../../../src/flows/personal-token/revoke.ts';
import { endableRefreshTokens } from '../../../src/flows/refresh-token/revoke.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { codeOf, from, openApprovals, signedIn } from '../../support/approval-world.ts';
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
    endableRefreshTokens({ store: refreshTokens, audit }),
    endablePersonalTokens({ store: personalTokens, audit }),
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

describe('the end of an account whose name is another one by now', () => {
  it('ends what was issued under earlier names and other spellings', async () => {
    const { kinds, left } = await setUp();
    const asked: unknown[] = [];
    const find = async (name: string, backend: string | undefined) => {
      asked.push([name, backend]);
      return { backend: 'corp', subject: 'id 1' };
    };

    const end = await createEndAccount(kinds, find)({ user: 'ALICE.SMITH', backend: 'corp' }, ENDING);

    expect(asked).toEqual([['ALICE.SMITH', 'corp']]);
    expect(end).toEqual({
      ended: [
        { what: 'refresh tokens', count: 2 },
        { what: 'personal tokens', count: 2 },
      ],
      failed: [],
    });
    expect(await left()).toEqual(['r2', 'r3', 'p2', 'p3', 'robot']);
  });

  it('ends what has the name before it asks a backend, and says when that does not answer', async () => {
    const { kinds, left } = await setUp();
    const find = async () => {
      expect(await left()).toEqual(['r2', 'p2', 'robot']);
      throw new Error('the directory is down');
    };

    const end = await createEndAccount(kinds, find)({ user: 'alice' }, ENDING);

    expect(end.ended.map(({ count }) => count)).toEqual([3, 3]);
    expect(end.failed).toEqual([{ what: 'what the account has under other names', cause: 'the directory is down' }]);
  });

  it('reports a kind that could not be ended under one of the names', async () => {
    const { kinds, refreshTokens } = await setUp();
    let calls = 0;
    const { list } = refreshTokens;
    refreshTokens.list = async () => {
      if ((calls += 1) === 1) throw new Error('busy');
      return list();
    };

    const end = await createEndAccount(kinds, async () => ({ backend: 'corp', subject: 'id 1' }))(
      { user: 'alice' },
      ENDING,
    );

    expect(end).toEqual({
      ended: [{ what: 'personal tokens', count: 3 }],
      failed: [{ what: 'refresh tokens', cause: 'busy' }],
    });
  });
});

describe('a login of a program that a person has allowed', () => {
  const CLIENT = from('192.0.2.7');

  async function allowed() {
    const flows = openApprovals();
    const opened = await flows.request('r', CLIENT);
    const found = await flows.device.find(opened.userCode, signedIn(), CLIENT);
    if (found === undefined) throw new Error('no request waits');
    await flows.device.answer(found, 'approved', signedIn(), CLIENT);
    const asked = { service: 'r', redirectUri: 'http://127.0.0.1:1/callback', challenge: 'x'.repeat(43) };
    const code = await flows.approve(asked, signedIn(), CLIENT);
    const poll = { deviceCode: opened.deviceCode, clientId: HELPER_CLIENT, service: 'r' };
    const redemption = { ...asked, code, verifier: code, clientId: HELPER_CLIENT };
    const kinds = [endableApprovals(flows)];
    const redeemed = async () => [
      await codeOf(flows.poll(poll, CLIENT)),
      // The verifier is wrong, so that only a code that still exists is used up by it.
      await codeOf(flows.redeem(redemption, CLIENT)),
    ];
    return { flows, kinds, redeemed };
  }

  it('ends with the account before the program has redeemed it', async () => {
    const { flows, kinds, redeemed } = await allowed();

    const end = await createEndAccount(kinds)({ user: 'alice' }, ENDING);

    expect(end).toEqual({ ended: [{ what: 'allowed logins of programs', count: 2 }], failed: [] });
    expect(await redeemed()).toEqual(['device_code_expired', 'code_refused']);
    expect(await flows.codes.list()).toEqual([]);
    const about = { type: 'helper-login', outcome: 'refused', cause: 'ended by admin', username: 'alice' };
    expect(flows.audit.events).toContainEqual(expect.objectContaining({ ...about, method: 'browser' }));
    expect(flows.audit.events).toContainEqual(expect.objectContaining({ ...about, method: 'device' }));
  });

  it('stays when another account ends', async () => {
    const { flows, kinds, redeemed } = await allowed();

    const end = await createEndAccount(kinds)({ user: 'bob' }, ENDING);

    expect(end.ended).toEqual([{ what: 'allowed logins of programs', count: 0 }]);
    expect(await flows.codes.list()).toHaveLength(1);
    expect(await redeemed()).toEqual(['none', 'code_refused']);
  });
});

it('the kinds of an account end one after the other, so that none makes another that has already ended', async () => {
  const order: string[] = [];
  const kind = (what: string) => ({
    what,
    endOf: async () => {
      order.push(`${what} begins`);
      await Promise.resolve();
      order.push(`${what} ends`);
      return 0;
    },
  });

  await createEndAccount([kind('sessions'), kind('tokens')])({ user: 'alice' }, ENDING);

  expect(order).toEqual(['sessions begins', 'sessions ends', 'tokens begins', 'tokens ends']);
});
