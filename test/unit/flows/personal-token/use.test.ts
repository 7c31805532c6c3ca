import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../../src/core/errors.ts';
import { groupName } from '../../../../src/core/groups.ts';
import { username } from '../../../../src/core/identity.ts';
import type { AuthnOutcome } from '../../../../src/core/ports.ts';
import { limitsOf } from '../../../../src/core/token-limits.ts';
import { createCountBadToken } from '../../../../src/flows/personal-token/bad-tokens.ts';
import { createFingerprint } from '../../../../src/platform/fingerprint.ts';
import { personalTokenSecrets } from '../../../../src/platform/personal-token-secrets.ts';
import { countingIds } from '../../../support/fakes.ts';
import {
  again,
  alice,
  DAY,
  openTokenWorld,
  OWNER,
  REQUEST,
  SERVICE,
  tokenEvents,
} from '../../../support/personal-token-world.ts';

const REFUSED = { name: 'BrokerError', code: 'personal_token_refused' };
const ID = expect.stringMatching(/^[0-9a-f]{12}$/);

describe('a login with a personal token', () => {
  it('returns its owner as the backend has it now, with the token and its limits', async () => {
    const groups = new Set([groupName('team-api', { lowercase: true })]);
    const { issued, logIn, asked, world, clock } = openTokenWorld();
    const limits = [{ service: SERVICE, repositories: ['web/**'], actions: ['pull'] }] as const;
    const token = await issued({ limits });
    world.outcome = again({ groups });

    const caller = await logIn(token);

    expect(caller).toEqual({
      kind: 'user',
      identity: alice({ groups }),
      via: {
        kind: 'personal-token',
        id: ID,
        name: 'laptop',
        limits: limitsOf(limits),
        expiresAt: clock.now() + 90 * DAY,
      },
    });
    expect(asked.at(-1)).toMatchObject({ login: 'Alice', subject: 'id 1' });
  });

  it('asks the backend each time', async () => {
    const { issued, logIn, asked } = openTokenWorld();
    const token = await issued();
    asked.length = 0;

    for (let use = 0; use < 3; use += 1) await logIn(token);

    expect(asked).toHaveLength(3);
  });

  it('shares the look-up with equal logins at the same time, and not with later ones', async () => {
    const { issued, logIn, refused, asked, world, audit } = openTokenWorld();
    const token = await issued();
    asked.length = 0;
    audit.events.length = 0;

    const callers = await Promise.all(Array.from({ length: 20 }, () => logIn(token)));
    const askedTogether = asked.length;
    world.outcome = { kind: 'rejected', reason: 'disabled' };
    const later = await refused(token);

    expect(callers).toHaveLength(20);
    expect([askedTogether, asked.length]).toEqual([1, 2]);
    expect(later).toMatchObject(REFUSED);
    expect(tokenEvents(audit).filter(({ outcome }) => outcome === 'used')).toHaveLength(20);
  });

  it('asks for a sign-in with a browser while the account is asleep, and never counts it as a guess', async () => {
    const { issued, refused, logIn, world } = openTokenWorld();
    const token = await issued();

    world.outcome = { kind: 'rejected', reason: 'sign-in-due' };
    const answers = [];
    for (let use = 0; use < 200; use += 1) answers.push(await refused(token));
    world.outcome = again();

    expect(new Set(answers.map((answer) => (answer instanceof BrokerError ? answer.code : 'accepted')))).toEqual(
      new Set(['sign_in_due']),
    );
    expect(await logIn(token)).toMatchObject({ kind: 'user' });
  });

  it('does not share a look-up that has failed with later logins', async () => {
    const { issued, logIn, refused, world } = openTokenWorld();
    const token = await issued();

    world.outcome = 'down';
    const down = await Promise.all(Array.from({ length: 3 }, () => refused(token)));
    world.outcome = again();

    expect(down).toMatchObject(down.map(() => ({ code: 'backend_unavailable' })));
    expect(await logIn(token)).toMatchObject({ kind: 'user' });
  });

  it('ignores the user name next to the token, and records one that is not that of the owner', async () => {
    const { issued, logIn, audit } = openTokenWorld();
    const token = await issued();
    audit.events.length = 0;

    for (const typed of ['', 'alice', 'Alice', 'bob']) await logIn(token, typed);

    const used = { outcome: 'used', id: ID, name: 'laptop', username: 'alice', backend: 'corp' };
    expect(tokenEvents(audit)).toEqual([used, used, used, { ...used, typed: 'bob' }]);
  });

  it.each<[string, AuthnOutcome]>([
    ['does not exist any more', { kind: 'unknown-user' }],
    ['is disabled', { kind: 'rejected', reason: 'disabled' }],
    ['is locked', { kind: 'rejected', reason: 'locked' }],
    ['is another account with the same name', again({ subject: 'id 2' })],
  ])('is refused while the account %s, and accepted again after that', async (_what, outcome) => {
    const { issued, refused, logIn, world } = openTokenWorld();
    const token = await issued();

    world.outcome = outcome;
    const answer = await refused(token);
    world.outcome = again();

    expect(answer).toMatchObject(REFUSED);
    expect(await logIn(token)).toMatchObject({ kind: 'user' });
  });

  it('is answered with one sentence for every refusal, and the cause goes to the log', async () => {
    const { issued, refused, audit, clock, store } = openTokenWorld();
    const [revoked, elsewhere, old] = [
      await issued(),
      await issued({ networks: ['10.0.0.0/8'] }),
      await issued({ lifetime: DAY }),
    ];
    await store.remove(personalTokenSecrets.digest(revoked));
    audit.events.length = 0;

    const answers = [await refused(personalTokenSecrets.make()), await refused(revoked), await refused(elsewhere)];
    clock.advance(DAY);
    answers.push(await refused(old));

    for (const answer of answers) expect(answer).toMatchObject(REFUSED);
    expect(tokenEvents(audit).map(({ outcome, cause }) => `${outcome}: ${cause}`)).toEqual([
      'refused: never issued, expired, or revoked',
      'refused: never issued, expired, or revoked',
      'refused: it may not be used from this address',
      'refused: never issued, expired, or revoked',
    ]);
  });

  it('is accepted from its networks only', async () => {
    const { issued, refused, logIn } = openTokenWorld();
    const token = await issued({ networks: ['10.0.0.0/8', '2001:db8::/32'] });

    expect(await logIn(token, 'alice', '10.9.8.7')).toMatchObject({ kind: 'user' });
    expect(await logIn(token, 'alice', '2001:db8::5')).toMatchObject({ kind: 'user' });
    expect(await refused(token, 'alice', '192.0.2.1')).toMatchObject(REFUSED);
    expect(await refused(token, 'alice', '')).toMatchObject(REFUSED);
  });

  it('ends at the second of its expiry, also where the store still has it', async () => {
    const { issued, refused, logIn, store, clock } = openTokenWorld();
    const token = await issued({ lifetime: DAY });
    const [entry] = await store.list();
    if (entry === undefined) throw new Error('nothing is stored');
    await store.put(entry.key, entry.value, 10 * DAY);
    clock.advance(DAY - 1);

    expect(await logIn(token)).toMatchObject({ kind: 'user' });
    await store.put(entry.key, entry.value, 10 * DAY);
    clock.advance(1);
    expect(await refused(token)).toMatchObject({ ...REFUSED, message: 'expired' });
  });

  it('ends earlier when the longest lifetime of the configuration has become shorter', async () => {
    const before = openTokenWorld();
    const token = await before.issued({ lifetime: 300 * DAY });
    const after = openTokenWorld({ ...before, settings: { maxLifetime: 30 * DAY } });

    before.clock.advance(30 * DAY - 1);
    const caller = await after.logIn(token);
    before.clock.advance(1);

    expect(caller).toMatchObject({ via: { expiresAt: before.clock.now() } });
    expect(await after.refused(token)).toMatchObject({ ...REFUSED, message: 'expired' });
    expect(await before.logIn(token)).toMatchObject({ kind: 'user' });
  });

  it('says that a damaged token is not whole, without a look-up', async () => {
    const { issued, refused, asked, audit } = openTokenWorld();
    const text = (await issued()).reveal();
    asked.length = 0;
    audit.events.length = 0;

    const answers = [];
    for (const damaged of [text.slice(0, -1), `${text}\n`, `${text}x`, text.toUpperCase(), 'flp_', `"${text}"`])
      answers.push(await refused(damaged));

    for (const answer of answers) expect(answer).toMatchObject({ code: 'damaged_token' });
    expect(asked).toEqual([]);
    expect(inspect(audit.events)).not.toContain(text.slice(4, 20));
  });

  it('is answered with an outage while the backend is down, and the token stays valid', async () => {
    const { issued, refused, logIn, world, audit } = openTokenWorld();
    const token = await issued();

    world.outcome = 'down';
    const outage = await refused(token);
    world.outcome = new TypeError('x is undefined');
    const defect = await refused(token);
    world.outcome = again();

    expect([outage, defect]).toMatchObject([{ code: 'backend_unavailable' }, { code: 'backend_unavailable' }]);
    expect(await logIn(token)).toMatchObject({ kind: 'user' });
    expect(tokenEvents(audit).map(({ outcome }) => outcome)).toEqual(['created', 'failed', 'failed', 'used']);
  });

  it('is answered with an outage while the store is down', async () => {
    const { issued, refused, store, logIn } = openTokenWorld();
    const token = await issued();
    const { get } = store;

    store.get = async () => {
      throw new BrokerError('records_unavailable', 'the disk is gone');
    };
    const outage = await refused(token);
    store.get = get;

    expect(outage).toMatchObject({ code: 'records_unavailable' });
    expect(await logIn(token)).toMatchObject({ kind: 'user' });
  });

  it('is refused when the token is revoked while the backend is asked', async () => {
    const { issued, refused, store, world } = openTokenWorld();
    const token = await issued();
    const digest = personalTokenSecrets.digest(token);
    const { get } = store;
    store.get = async (key) => {
      const found = await get(key);
      await store.remove(digest);
      return found;
    };

    expect(await refused(token)).toMatchObject({ ...REFUSED, message: 'just revoked' });
    expect(world.outcome).toEqual(again());
  });

  it('records the last use once a minute for all brokers together, with the address and the name now', async () => {
    const first = openTokenWorld();
    const second = openTokenWorld(first);
    const token = await first.issued();
    let writes = 0;
    const { replaceIf } = first.store;
    first.store.replaceIf = async (...call) => {
      writes += 1;
      return replaceIf(...call);
    };
    const record = async () => (await first.store.list())[0]?.value;
    second.world.outcome = again({ username: username('alice2') });

    await first.logIn(token);
    for (let use = 0; use < 5; use += 1) await second.logIn(token);
    const early = await record();
    first.clock.advance(60);
    await second.logIn(token, 'alice', '192.0.2.99');

    expect(writes).toBe(2);
    expect(early).toMatchObject({ usedAt: first.clock.now() - 60, usedFrom: '192.0.2.1' });
    expect(await record()).toMatchObject({
      usedAt: first.clock.now(),
      usedFrom: '192.0.2.99',
      owner: { ...OWNER, username: 'alice2' },
    });
  });

  it('is accepted when its use cannot be written, and the log says so', async () => {
    const { issued, logIn, store, audit } = openTokenWorld();
    const token = await issued();
    store.replaceIf = async () => {
      throw new BrokerError('records_unavailable', 'the disk is full');
    };

    expect(await logIn(token)).toMatchObject({ kind: 'user' });
    expect(tokenEvents(audit).at(-1)).toMatchObject({
      outcome: 'used',
      cause: 'its use is not recorded: the disk is full',
    });
  });

  it('is refused for a robot that is not configured', async () => {
    const { store, issued, refused } = openTokenWorld();
    const token = await issued();
    const digest = personalTokenSecrets.digest(token);
    const record = await store.get(digest);
    if (record === undefined) throw new Error('nothing is stored');
    await store.put(digest, { ...record, owner: { kind: 'robot', robot: 'ci', createdBy: OWNER } }, DAY);

    expect(await refused(token)).toMatchObject({ ...REFUSED, message: 'the robot ci is not configured' });
  });
});

describe('refused personal tokens', () => {
  it('are counted by the network of the client: the 61st in a minute is answered with 429', async () => {
    const { refused, clock } = openTokenWorld();
    const bad = personalTokenSecrets.make();
    const codes: unknown[] = [];

    for (let at = 0; at < 62; at += 1) {
      const error = await refused(at % 2 === 0 ? bad : 'flp_damaged');
      codes.push(error instanceof BrokerError ? error.code : error);
    }
    const other = await refused(bad, 'alice', '198.51.100.7');
    const late = await refused(bad);
    clock.advance(61);

    expect(codes.slice(0, 60)).not.toContain('too_many_bad_tokens');
    expect(codes.slice(60)).toEqual(['too_many_bad_tokens', 'too_many_bad_tokens']);
    expect(late).toMatchObject({ code: 'too_many_bad_tokens', retryAfter: expect.any(Number) });
    expect(other).toMatchObject(REFUSED);
    expect(await refused(bad)).toMatchObject(REFUSED);
  });

  it('never refuse a valid token of the same network', async () => {
    const { issued, refused, logIn } = openTokenWorld();
    const token = await issued();

    for (let at = 0; at < 100; at += 1) await refused('flp_damaged');

    expect(await logIn(token)).toMatchObject({ kind: 'user' });
  });

  it('are counted by brokers together that share their counts', async () => {
    const first = openTokenWorld();
    const shared = { ledger: first.ledger, fingerprint: createFingerprint(), ids: countingIds() };
    const counts = [createCountBadToken(shared), createCountBadToken(shared)] as const;
    const answers: (number | undefined)[] = [];

    for (let at = 0; at < 61; at += 1) answers.push(await counts[at % 2 === 0 ? 0 : 1](REQUEST.client));

    expect(answers.slice(0, 60).every((answer) => answer === undefined)).toBe(true);
    expect(answers[60]).toBeGreaterThan(0);
  });

  it('are not counted behind a proxy on this machine, where all clients have one address', async () => {
    const { refused } = openTokenWorld();

    for (let at = 0; at < 100; at += 1) await refused('flp_damaged', 'alice', '127.0.0.1');

    expect(await refused('flp_damaged', 'alice', '127.0.0.1')).toMatchObject({ code: 'damaged_token' });
  });
});
