import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { groupName } from '../../../src/core/groups.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { AuthnOutcome, ListableStore } from '../../../src/core/ports.ts';
import type { RefreshToken } from '../../../src/core/refresh-token.ts';
import type { Service } from '../../../src/flows/grant-token.ts';
import { refreshTokenSecrets } from '../../../src/platform/refresh-token-secrets.ts';
import { noWaiting } from '../../support/fakes.ts';
import {
  again,
  alice,
  DAY,
  HOUR,
  open,
  OTHER,
  REFUSED,
  REQUEST,
  SERVICE,
  user,
} from '../../support/refresh-token-world.ts';

const OF_ALICE = { owner: 'alice', backend: 'corp' };

/** Brokers with the same clock and the same records. */
function sharingOneStore(count: number) {
  const first = open();
  const others = Array.from({ length: count - 1 }, () => open({}, noWaiting, first));
  return [first, ...others] as const;
}

/** Counts the replacements from now on, with or without a condition. */
function countWrites(store: ListableStore<RefreshToken>) {
  const counts = { replaced: 0, changed: 0, missing: 0 };
  const { replace, replaceIf } = store;
  store.replaceIf = async (...call) => {
    const answer = await replaceIf(...call);
    counts[answer] += 1;
    return answer;
  };
  store.replace = async (...call) => {
    const isReplaced = await replace(...call);
    counts[isReplaced ? 'replaced' : 'missing'] += 1;
    return isReplaced;
  };
  return () => counts;
}

describe('the exchange of a refresh token', () => {
  it('returns the caller as the backend knows it now, found by the typed name and the subject of the login', async () => {
    const groups = new Set([groupName('team-api', { lowercase: true })]);
    const { issued, exchange, asked } = open({ outcome: again({ groups }) });

    const caller = await exchange(await issued(), SERVICE, REQUEST);

    expect(caller).toMatchObject({ kind: 'user', via: { kind: 'refresh-token' }, identity: alice({ groups }) });
    expect(asked).toMatchObject([{ login: 'Alice', subject: 'id 1' }]);
  });

  it('accepts the same token repeatedly, and checks the account each time', async () => {
    const { issued, exchange, asked } = open();
    const token = await issued();

    for (let use = 0; use < 3; use += 1) await exchange(token, SERVICE, REQUEST);

    expect(asked).toHaveLength(3);
  });

  it.each<[string, AuthnOutcome]>([
    ['does not exist any more', { kind: 'unknown-user' }],
    ['is disabled', { kind: 'rejected', reason: 'disabled' }],
    ['is locked', { kind: 'rejected', reason: 'locked' }],
    ['must change its password', { kind: 'rejected', reason: 'must-change-password' }],
    ['is another account with the same name', again({ subject: 'id 2' })],
  ])('is refused while the account %s', async (_what, outcome) => {
    const { issued, refused, world, exchange } = open();
    const token = await issued();

    world.outcome = outcome;
    const answer = await refused(token);
    world.outcome = again();

    expect(answer).toMatchObject(REFUSED);
    expect(answer).toMatchObject({ about: OF_ALICE });
    expect(await exchange(token, SERVICE, REQUEST)).toMatchObject({ kind: 'user' });
  });

  it('asks for a sign-in with a browser while the account is asleep, and accepts the token after that', async () => {
    const { issued, refused, world, exchange } = open();
    const token = await issued();

    world.outcome = { kind: 'rejected', reason: 'sign-in-due' };
    const answer = await refused(token);
    world.outcome = again();

    expect(answer).toMatchObject({ code: 'sign_in_due' });
    expect(await exchange(token, SERVICE, REQUEST)).toMatchObject({ kind: 'user' });
  });

  it('is refused when the backend no longer serves this user name', async () => {
    const { issued, refused } = open({ usernames: ['b*'] });

    expect(await refused(await issued())).toMatchObject(REFUSED);
  });

  it('is refused when an earlier backend has a user of that name', async () => {
    const { issued, refused } = open({ before: ['alice'] });

    expect(await refused(await issued())).toMatchObject(REFUSED);
  });

  it('answers every invalid token with the same error, and logs the reason', async () => {
    const { issued, refused, audit, clock, store } = open();
    const [own, old, revoked] = [await issued(), await issued(), await issued()];
    await store.remove(refreshTokenSecrets.digest(revoked));
    audit.events.length = 0;

    const answers = [
      await refused(new Secret('nonsense')),
      await refused(refreshTokenSecrets.make()),
      await refused(revoked),
      await refused(own, OTHER),
    ];
    clock.advance(30 * DAY);
    answers.push(await refused(old));

    for (const answer of answers) expect(answer).toMatchObject(REFUSED);
    // Only a record says whose a token is.
    expect(answers.map((answer) => (answer as BrokerError).about)).toEqual([{}, {}, {}, OF_ALICE, {}]);
    const gone = 'never issued, expired, revoked, or replaced by newer ones';
    expect(audit.events.map((event) => 'cause' in event && event.cause)).toEqual([
      'it does not have the form of a refresh token of this server',
      gone,
      gone,
      'it was issued for another service',
      gone,
    ]);
  });

  it.each<[string, AuthnOutcome | 'down' | Error]>([
    ['is down', 'down'],
    ['has a defect', new TypeError('undefined is not a function')],
  ])('fails with an outage while the backend %s, and the token stays valid', async (_what, outcome) => {
    const { issued, refused, world, exchange, store, audit } = open();
    const token = await issued();
    const before = await store.list();

    world.outcome = outcome;
    const answer = await refused(token);
    const after = await store.list();
    world.outcome = again();

    expect(answer).toMatchObject({ name: 'BrokerError', code: 'backend_unavailable', about: OF_ALICE });
    expect(after).toEqual(before);
    expect(audit.events.at(-1)).toMatchObject({ type: 'refresh-token', outcome: 'failed', username: 'alice' });
    expect(await exchange(token, SERVICE, REQUEST)).toMatchObject({ kind: 'user' });
  });

  it('extends the life of a token that is used, up to its absolute limit', async () => {
    const { issued, exchange, refused, clock } = open();
    const token = await issued();

    for (let day = 0; day < 80; day += 20) {
      clock.advance(20 * DAY);
      await exchange(token, SERVICE, REQUEST);
    }
    clock.advance(10 * DAY - 1);
    await exchange(token, SERVICE, REQUEST);
    clock.advance(1);

    expect(await refused(token)).toMatchObject(REFUSED);
  });

  it('applies the current limits to tokens that were issued under other limits', async () => {
    const { issued, refused, exchange, clock } = open();
    const token = await issued();
    clock.advance(2 * DAY);

    const shorter: Service = { ...SERVICE, refreshTokens: { idle: DAY, absolute: DAY, maxPerUser: 3 } };

    expect(await refused(token, shorter)).toMatchObject(REFUSED);
    expect(await exchange(token, SERVICE, REQUEST)).toMatchObject({ kind: 'user' });
  });

  it('records the time of the last use, accurate to the minute', async () => {
    const { issued, exchange, clock, store } = open();
    const token = await issued();
    const usedAt = async (): Promise<number | undefined> => (await store.list())[0]?.value.usedAt;
    const start = clock.now();

    clock.advance(59);
    await exchange(token, SERVICE, REQUEST);
    const within = await usedAt();
    clock.advance(1);
    await exchange(token, SERVICE, REQUEST);

    expect([within, await usedAt()]).toEqual([start, start + 60]);
    expect((await store.list())[0]?.value.expiresAt).toBe(start + 60 + 30 * DAY);
  });

  it('succeeds when the use cannot be recorded, and logs the cause', async () => {
    const { issued, exchange, clock, store, audit } = open();
    const token = await issued();
    clock.advance(HOUR);
    store.replaceIf = async () => {
      throw new BrokerError('records_unavailable', 'the disk is full');
    };

    expect(await exchange(token, SERVICE, REQUEST)).toMatchObject({ kind: 'user' });
    expect(audit.events.at(-1)).toMatchObject({
      outcome: 'accepted',
      cause: 'its use is not recorded: the disk is full',
    });
  });

  it('fails with an outage when the store does not answer a write, and asks it nothing else', async () => {
    const { issued, refused, clock, store } = open();
    const token = await issued();
    clock.advance(HOUR);
    const questions: string[] = [];
    store.replaceIf = async () => {
      clock.advance(1);
      questions.push('replaceIf');
      const { get } = store;
      store.get = (key) => {
        questions.push('get');
        return get(key);
      };
      throw new BrokerError('records_unavailable', 'no answer within 500 ms');
    };

    expect(await refused(token)).toMatchObject({ code: 'records_unavailable' });
    expect(questions).toEqual(['replaceIf']);
  });

  it('fails with an outage while the records cannot be read, and accepts the token after that', async () => {
    const { issued, exchange, refused, store } = open();
    const token = await issued();
    const { get } = store;
    store.get = async () => {
      throw new BrokerError('records_unavailable', 'the database is down');
    };

    const during = await refused(token);
    store.get = get;

    expect(during).toMatchObject({ name: 'BrokerError', code: 'records_unavailable' });
    expect(await exchange(token, SERVICE, REQUEST)).toMatchObject({ kind: 'user' });
  });

  it('fails with an outage when it cannot be found out whether the token was revoked in the meantime', async () => {
    const { issued, refused, clock, store, world } = open();
    const token = await issued();
    clock.advance(HOUR);
    Object.defineProperty(world, 'outcome', {
      get: () => {
        store.get = store.replaceIf = async () => {
          throw new BrokerError('records_unavailable', 'the database is down');
        };
        return again();
      },
    });

    expect(await refused(token)).toMatchObject({ name: 'BrokerError', code: 'records_unavailable' });
  });

  it('writes the last use of a token once, when many uses of several brokers come at the same moment', async () => {
    const brokers = sharingOneStore(3);
    const { clock, store, issued } = brokers[0];
    const token = await issued();
    const writes = countWrites(store);
    clock.advance(60);

    const uses = Array.from({ length: 7 }, () => brokers.map(({ exchange }) => exchange(token, SERVICE, REQUEST)));
    const callers = await Promise.all(uses.flat());

    expect(callers).toHaveLength(21);
    expect(writes()).toEqual({ replaced: 1, changed: 2, missing: 0 });
  });

  it('writes the last use of a token at most once a minute', async () => {
    const brokers = sharingOneStore(3);
    const { clock, store, issued } = brokers[0];
    const token = await issued();
    const writes = countWrites(store);

    for (let second = 0; second < 180; second += 1) {
      clock.advance(1);
      await Promise.all(brokers.map(({ exchange }) => exchange(token, SERVICE, REQUEST)));
    }

    expect(writes().replaced).toBe(3);
  });

  it.each([
    ['an hour', HOUR],
    ['a second', 1],
  ])('refuses a token that is revoked while the account is checked, %s after its last use', async (_what, seconds) => {
    const { issued, refused, clock, store, world } = open();
    const token = await issued();
    clock.advance(seconds);

    Object.defineProperty(world, 'outcome', {
      get: () => {
        void store.remove(refreshTokenSecrets.digest(token));
        return again();
      },
    });

    expect(await refused(token)).toMatchObject(REFUSED);
    expect(await store.list()).toEqual([]);
  });

  it('removes the least recently used token when an account has too many for a service', async () => {
    const { issued, refused, exchange, clock } = open();
    const first = await issued();
    const second = await issued();
    const elsewhere = await issued(user(alice()), OTHER);
    await issued();
    clock.advance(HOUR);
    await exchange(first, SERVICE, REQUEST);

    await issued();

    expect(await refused(second)).toMatchObject(REFUSED);
    expect(await exchange(first, SERVICE, REQUEST)).toMatchObject({ kind: 'user' });
    expect(await exchange(elsewhere, OTHER, REQUEST)).toMatchObject({ kind: 'user' });
  });

  it('logs an id that is no part of the token, and never the token', async () => {
    const { issued, exchange, refused, audit, store } = open();
    const token = await issued();
    await exchange(token, SERVICE, REQUEST);
    await refused(token, OTHER);
    const id = (await store.list())[0]?.key.slice(0, 12);

    expect(audit.events).toMatchObject([
      { type: 'refresh-token', outcome: 'issued', id, username: 'alice', backend: 'corp' },
      { type: 'refresh-token', outcome: 'accepted', id, username: 'alice', backend: 'corp' },
      { type: 'refresh-token', outcome: 'refused', id, username: 'alice', backend: 'corp' },
    ]);
    expect(inspect(audit.events, { depth: Infinity })).not.toContain(token.reveal().slice(4, 20));
  });
});
