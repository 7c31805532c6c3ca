import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../../src/core/errors.ts';
import { ANONYMOUS } from '../../../../src/core/identity.ts';
import type { Caller, Identity, Via } from '../../../../src/core/identity.ts';
import { isPersonalToken } from '../../../../src/core/personal-token.ts';
import type { TokenCreator, TokenOrder } from '../../../../src/flows/personal-token/issue.ts';
import { alice, DAY, openTokenWorld, OWNER, SERVICE, tokenEvents } from '../../../support/personal-token-world.ts';
import type { TokenWorldOptions } from '../../../support/personal-token-world.ts';

const ALL = [{ service: SERVICE, repositories: ['**'], actions: ['*'] }] as const;
const by = (caller: Caller): TokenCreator => ({ kind: 'caller', caller });
const user = (via?: Via['kind']): Caller => ({
  kind: 'user',
  identity: alice(),
  ...(via === undefined ? {} : { via: { kind: via, id: 'x' } }),
});

describe('a new personal token', () => {
  it('is stored as a digest, with its owner, limits, networks and end', async () => {
    const { order, store, clock } = openTokenWorld();

    const made = await order({ limits: ALL, networks: ['10.0.0.0/8'], api: 'read', lifetime: DAY });

    if (made.kind !== 'issued') throw new Error(made.problem);
    const entries = await store.list();
    expect(isPersonalToken(made.token.reveal())).toBe(true);
    expect(entries.map(({ value }) => value)).toEqual([
      {
        owner: OWNER,
        name: 'laptop',
        limits: ALL,
        api: 'read',
        networks: ['10.0.0.0/8'],
        createdAt: clock.now(),
        createdBy: 'operator',
        expiresAt: clock.now() + DAY,
      },
    ]);
    expect(entries[0]?.key.startsWith(made.id)).toBe(true);
    expect(inspect(entries)).not.toContain(made.token.reveal().slice(4));
  });

  it('is valid for the default lifetime of the configuration when none is named', async () => {
    const { order, clock } = openTokenWorld({ settings: { lifetime: 7 * DAY } });

    expect(await order()).toMatchObject({ record: { expiresAt: clock.now() + 7 * DAY } });
  });

  it('is valid for the longest lifetime where that is shorter than the default', async () => {
    const { order, clock } = openTokenWorld({ settings: { maxLifetime: 30 * DAY } });

    expect(await order()).toMatchObject({ record: { expiresAt: clock.now() + 30 * DAY } });
  });

  it.each<[string, Partial<Identity>]>([
    ['another account with the same name', { subject: 'id 2' }],
    ['an account of another backend with the same name', { backend: 'other' }],
  ])('is not made by %s, neither for the account nor for a robot of it', async (_who, more) => {
    const { order, store } = openTokenWorld();
    const creator = by({ kind: 'user', identity: alice(more), via: { kind: 'session', id: 'x' } });

    const problem = 'a user makes tokens for the own account and for robots that it owns';
    expect(await order({ creator })).toEqual({ kind: 'refused', problem });
    const robot = { kind: 'robot', robot: 'ci', createdBy: OWNER } as const;
    expect(await order({ creator, owner: robot })).toEqual({ kind: 'refused', problem });
    expect(await store.list()).toEqual([]);
    expect(await order({ creator: by(user('session')) })).toMatchObject({ kind: 'issued' });
  });

  it('does not stay when the session of its creator ends while it is made', async () => {
    const { order, store, audit, world } = openTokenWorld();
    world.hasSession = false;

    const made = await order({ creator: by(user('session')) });

    expect(made).toMatchObject({ kind: 'refused', problem: expect.stringContaining('the session ended') });
    expect(await store.list()).toEqual([]);
    expect(tokenEvents(audit).map(({ outcome }) => outcome)).toEqual(['created', 'withheld']);
    // No session stands for the operator.
    expect(await order()).toMatchObject({ kind: 'issued' });
  });

  it('is recorded in the audit trail before it is stored, with its creator', async () => {
    const { order, audit, store } = openTokenWorld();
    const atStore: number[] = [];
    const { put } = store;
    store.put = async (...entry) => {
      atStore.push(audit.events.length);
      return put(...entry);
    };

    await order({ creator: by(user('session')) });

    expect(atStore).toEqual([1]);
    expect(tokenEvents(audit)).toMatchObject([
      { outcome: 'created', name: 'laptop', username: 'alice', backend: 'corp', by: 'alice' },
    ]);
  });

  it('is not stored when the audit trail cannot have it, and withheld when it cannot be stored', async () => {
    const first = openTokenWorld();
    first.audit.commit = async () => {
      throw new BrokerError('audit_unavailable', 'the disk is full');
    };
    const second = openTokenWorld();
    second.store.put = async () => {
      throw new BrokerError('records_unavailable', 'the disk is full');
    };

    await expect(first.order()).rejects.toMatchObject({ code: 'audit_unavailable' });
    await expect(second.order()).rejects.toMatchObject({ code: 'records_unavailable' });

    expect(await first.store.list()).toEqual([]);
    expect(tokenEvents(second.audit).map(({ outcome }) => outcome)).toEqual(['created', 'withheld']);
  });

  it.each<[string, Partial<TokenOrder>, TokenWorldOptions['settings'], RegExp]>([
    ['an empty name', { name: '' }, {}, /^expected a name of 1 to 64/],
    ['a lifetime over the longest', { lifetime: 366 * DAY }, {}, /^expected a lifetime of at most 365 days/],
    ['a lifetime of nothing', { lifetime: 0 }, {}, /^expected a lifetime of at most 365 days/],
    ['no limits where they are required', {}, { requireLimits: true }, /^expected limits/],
    ['a limit for an unknown registry', { limits: [{ ...ALL[0], service: 'x' }] }, {}, /^the service "x" is not/],
    ['a limit with a placeholder', { limits: [{ ...ALL[0], repositories: ['{user}'] }] }, {}, /has a placeholder/],
    ['a network that is none', { networks: ['home'] }, {}, /^home: expected an address or a CIDR/],
    ['a list of no networks', { networks: [] }, {}, /^expected 1 to 32 networks/],
    ['an anonymous creator', { creator: by(ANONYMOUS) }, {}, /^a token is made by a user who has signed in/],
    ['a creator with a personal token', { creator: by(user('personal-token')) }, {}, /^a token cannot make tokens/],
    ['a creator with a refresh token', { creator: by(user('refresh-token')) }, {}, /^a token cannot make tokens/],
    [
      'a creator whose backend is down',
      { creator: by({ kind: 'user', identity: alice(), stale: true }) },
      {},
      /backend of the account is down$/,
    ],
  ])('is refused with %s', async (_what, order, settings, problem) => {
    const world = openTokenWorld({ settings: settings ?? {} });

    const made = await world.order(order);

    expect(made).toEqual({ kind: 'refused', problem: expect.stringMatching(problem) });
    expect([await world.store.list(), world.audit.events]).toEqual([[], []]);
  });

  it.each<[string, TokenCreator]>([
    ['the operator', { kind: 'operator' }],
    ['a user with a session', by(user('session'))],
    ['a user with a password', by(user())],
  ])('may be made by %s', async (_who, creator) => {
    expect(await openTokenWorld().order({ creator })).toMatchObject({ kind: 'issued' });
  });

  it('is refused for an account that may not log in, and an outage is not a refusal', async () => {
    const { order, world } = openTokenWorld();

    world.outcome = { kind: 'rejected', reason: 'disabled' };
    const disabled = await order();
    world.outcome = 'down';

    expect(disabled).toEqual({ kind: 'refused', problem: 'no token can be made for alice: disabled' });
    await expect(order()).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  it('is refused beyond the most that one owner may have; expired ones and those of others do not count', async () => {
    const { order, store, clock } = openTokenWorld();
    await order({ lifetime: DAY });
    for (let made = 0; made < 2; made += 1) await order();
    const [entry] = await store.list();
    if (entry === undefined) throw new Error('nothing is stored');
    await store.put('other', { ...entry.value, owner: { ...OWNER, subject: 'id 2' } }, DAY);

    const fourth = await order();
    clock.advance(DAY);

    expect(fourth).toMatchObject({ kind: 'refused', problem: expect.stringMatching(/^alice has 3 tokens, and may/) });
    expect(await order()).toMatchObject({ kind: 'issued' });
  });

  it('is withheld when orders at the same time make too many together, and the next order is not', async () => {
    const { order, store, audit } = openTokenWorld({ settings: { maxPerUser: 2 } });
    await order();

    const made = await Promise.all([order(), order(), order()]);

    const issued = made.filter(({ kind }) => kind === 'issued');
    expect(await store.list()).toHaveLength(1 + issued.length);
    expect(issued.length).toBeLessThan(2);
    expect(made).toContainEqual({ kind: 'refused', problem: expect.stringContaining('were ordered at once') });
    expect(tokenEvents(audit).filter(({ outcome }) => outcome === 'withheld')).toHaveLength(3 - issued.length);
    expect(await order()).toMatchObject({ kind: issued.length === 0 ? 'issued' : 'refused' });
  });
});
