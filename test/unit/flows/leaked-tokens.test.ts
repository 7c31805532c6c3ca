import { describe, expect, it } from 'vitest';
import type { RefreshToken } from '../../../src/core/refresh-token.ts';
import { revokeLeakedTokens, tokenCandidates } from '../../../src/flows/leaked-tokens.ts';
import { personalTokenSecrets } from '../../../src/platform/personal-token-secrets.ts';
import { refreshTokenSecrets } from '../../../src/platform/refresh-token-secrets.ts';
import { memoryStore } from '../../../src/platform/store/memory.ts';
import { openTokenWorld, tokenEvents } from '../../support/personal-token-world.ts';

const ENDING = { request: { requestId: 'id-1', client: 'x' }, by: 'operator' };

async function setUp() {
  const { issued, store, clock, audit, refused, logIn } = openTokenWorld();
  const refreshTokens = memoryStore<RefreshToken>({ maxEntries: 100, clock });
  const deps = { personalTokens: store, refreshTokens, digest: personalTokenSecrets.digest, audit };
  /** @param size of the pieces in which the text arrives */
  const check = async (text: string, size = text.length) =>
    revokeLeakedTokens(deps, await tokenCandidates(inPieces(text, Math.max(1, size))), ENDING);
  return { issued, refreshTokens, check, audit, refused, logIn };
}

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

describe('a text that has leaked', () => {
  it.each([
    ['in one piece', 100_000],
    ['in pieces of 64 characters', 64],
    ['in pieces of 7 characters', 7],
    ['character by character', 1],
  ])('has its valid tokens revoked when it is read %s', async (_how, size) => {
    const { issued, check, audit, refused, logIn } = await setUp();
    const [first, second, other] = [await issued(), await issued(), await issued()];
    const unknown = personalTokenSecrets.make().reveal();
    const text = `a\n${first.reveal()},${second.reveal()}${'x'.repeat(100)} flp_${first.reveal()} ${unknown} flp_x`;
    audit.events.length = 0;

    const report = await check(text, size);

    expect(report).toMatchObject({
      whole: 3,
      personalTokens: [{ name: 'laptop' }, { name: 'laptop' }],
      refreshTokens: [],
    });
    expect(await refused(first)).toMatchObject({ code: 'personal_token_refused' });
    expect(await refused(second)).toMatchObject({ code: 'personal_token_refused' });
    expect(await logIn(other)).toMatchObject({ kind: 'user' });
    expect(tokenEvents(audit).slice(0, 2)).toMatchObject([
      { outcome: 'revoked', by: 'operator', cause: 'leaked' },
      { outcome: 'revoked', by: 'operator', cause: 'leaked' },
    ]);
  });

  it('has its refresh tokens revoked as well', async () => {
    const { refreshTokens, check } = await setUp();
    const token = refreshTokenSecrets.make();
    const account = { backend: 'corp', subject: '1', login: 'alice', username: 'alice' };
    const record = { ...account, service: 'r', client: '', clientId: '', createdAt: 1, usedAt: 1, expiresAt: 2 };
    await refreshTokens.put(refreshTokenSecrets.digest(token), record, 100);

    const report = await check(`{"identitytoken":"${token.reveal()}"}`);

    expect(report).toMatchObject({ whole: 1, damaged: 0, refreshTokens: [{ username: 'alice', service: 'r' }] });
    expect(await refreshTokens.list()).toEqual([]);
  });

  it('counts each damaged token once, and revokes nothing for it', async () => {
    const { issued, check, logIn } = await setUp();
    const token = await issued();
    const damaged = `${token.reveal().slice(0, -1)}${token.reveal().endsWith('0') ? '1' : '0'}`;

    const report = await check(`${damaged} ${damaged} flp_short ${damaged.slice(0, -2)}`);

    expect(report).toMatchObject({ whole: 0, damaged: 1, personalTokens: [] });
    expect(await logIn(token)).toMatchObject({ kind: 'user' });
  });
});
