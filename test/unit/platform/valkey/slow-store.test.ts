/** A store that is slow but answers: it must not delay a login by the sum of all commands. */
import { describe, expect, it } from 'vitest';
import type { Settlement } from '../../../../src/core/ledger.ts';
import { authenticated, fakeBackend } from '../../../support/fake-backend.ts';
import { logInThrough, testShield, word } from '../../../support/shielded.ts';
import { slowStore } from '../../../support/slow-store.ts';

const LIMIT_MS = 400;
/** The limit, and a tick of the timer. */
const MOST_MS = 500;
const REPLY_MS = 150;

function setUp(limitMs?: number, replyMs = REPLY_MS) {
  const store = slowStore({ replyMs, ...(limitMs === undefined ? {} : { limitMs }) });
  const { ledger, clock, finish } = store;
  const shield = testShield({ ledger, clock });
  const backend = fakeBackend(authenticated('alice')).chained.authenticator;
  const logIn = (username = 'alice') => finish(logInThrough(shield, backend, { username, password: 'correct' }, clock));
  return { ...store, logIn };
}

describe('a login at a store that takes 150 ms for each command', () => {
  it('waits for the sum of five commands where nothing limits it', async () => {
    const { logIn, record } = setUp();

    const { milliseconds } = await logIn();

    expect(milliseconds).toBe(5 * REPLY_MS);
    expect(record.commands).toEqual(['recall', 'reserve', 'reserve', 'settle', 'settle']);
  });

  it('waits half a second at most, and gets its answer', async () => {
    const { logIn, usedUp } = setUp(LIMIT_MS);

    const { result, milliseconds } = await logIn();

    expect(milliseconds).toBeLessThanOrEqual(MOST_MS);
    expect([word(result), usedUp()]).toEqual(['authenticated', 1]);
  });

  it('has as much time as any other login, however much others have used', async () => {
    const { logIn, record } = setUp(LIMIT_MS);
    await logIn('first');
    record.commands.length = 0;

    await logIn('second');

    expect(record.commands.slice(0, 3)).toEqual(['recall', 'reserve', 'reserve']);
  });

  it('gives the store its outcome, also when its time is used up before', async () => {
    const { logIn, record } = setUp(LIMIT_MS);

    await logIn();

    expect(record.settlements.map(({ outcome }) => outcome)).toContain('success');
  });

  it('leaves no flight in the store when it did not wait for the reply', async () => {
    const { logIn, ledger, finish, record } = setUp(LIMIT_MS, 10_000);
    await logIn();
    const flights = (): readonly Settlement[] => record.settlements.filter(({ flight }) => flight !== undefined);
    const before = flights().length;

    await finish(ledger.catchUp());

    expect([before, flights().length]).toEqual([0, 1]);
  });

  it('does not ask the store again when its time is used up, except to settle', async () => {
    const { logIn, record } = setUp(LIMIT_MS, 10_000);

    const { milliseconds } = await logIn();

    expect(milliseconds).toBeLessThanOrEqual(MOST_MS);
    expect(record.commands.filter((name) => name !== 'settle')).toEqual(['recall']);
  });
});

describe('a login that asks a slow store again and again', () => {
  const QUESTIONS = 20;

  it('has its time for the store when another login, for which it waited, has ended', async () => {
    const { ledger, finish, usedUp } = setUp(LIMIT_MS);
    const login = ledger.forLogin?.() ?? ledger;
    const question = (id: string) => ({ backend: 'corp', login: 'alice', id });
    await finish(ledger.recall(question('leader')));
    for (let n = 0; n < QUESTIONS; n += 1) await finish(login.recall(question(`${n}`)));

    expect(usedUp()).toBe(0);
  });

  it('has its time for the store when other attempts, for which it waited, have ended', async () => {
    const { ledger, finish, usedUp } = setUp(LIMIT_MS);
    const login = ledger.forLogin?.() ?? ledger;
    const budget = { kind: 'account', key: 'alice', limit: 1, window: 300 } as const;
    const budgets = [{ ...budget, isClearedBySuccess: true, countsRefused: false }];
    const attempt = (id: string) => ({ id, password: id, budgets, trust: { password: '-' } });
    await finish(ledger.reserve(attempt('first')));
    const kinds = new Set<string>();
    for (let n = 0; n < QUESTIONS; n += 1) kinds.add((await finish(login.reserve(attempt(`${n}`)))).result.kind);

    expect([usedUp(), [...kinds]]).toEqual([0, ['busy']]);
  });
});

describe('a login that takes long at the directory', () => {
  const question = (login: string) => ({ backend: 'corp', login, id: login });

  it('keeps its flight in the store until it ends, so that no other broker asks as well', async () => {
    const { ledger, clock, finish, record } = setUp();
    const { result: long } = await finish(ledger.recall(question('long')));
    clock.advance(1);
    await finish(ledger.recall(question('short')));
    await finish(ledger.renewFlights());
    if (long.kind === 'lead') await finish(ledger.settle({ outcome: 'none', flight: long.flight }));
    clock.advance(1);
    await finish(ledger.renewFlights());

    expect(record.renewed).toEqual([['long'], ['short']]);
  });
});
