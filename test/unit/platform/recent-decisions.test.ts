import { describe, expect, it } from 'vitest';
import type { Grant } from '../../../src/core/access.ts';
import type { AuditEvent } from '../../../src/core/events.ts';
import { ANONYMOUS } from '../../../src/core/identity.ts';
import type { Caller } from '../../../src/core/identity.ts';
import { whoText } from '../../../src/core/recent-decision.ts';
import { parseStoredLimits } from '../../../src/core/token-limits.ts';
import { recordDecisions } from '../../../src/platform/recent-decisions.ts';
import { fixedClock } from '../../support/fakes.ts';
import { callerOf } from '../../support/policy-builder.ts';

const user = (name: string): Caller => callerOf({ user: name });

const ALL = { person: '', repository: '', isRefusedOnly: false };

function issued(requestId: string, caller: Caller, grants: readonly Partial<Grant>[] = [], time = 0): AuditEvent {
  return {
    type: 'token.issued',
    request: { requestId, client: '10.1.4.7' },
    caller,
    service: 'registry.example.com',
    time,
    grants: grants.map((grant) => ({
      asked: { type: 'repository', name: 'web/shop', actions: ['pull'] },
      granted: ['pull'],
      because: [],
      ...grant,
    })),
    attributes: new Map(),
    malformed: [],
    tokenId: 't',
    isReused: false,
    policyRevision: 'r',
    expiresIn: 300,
  };
}

function refused(requestId: string, username: string): Extract<AuditEvent, { type: 'token.refused' }> {
  return {
    type: 'token.refused',
    request: { requestId, client: '10.1.4.7' },
    code: 'invalid_credentials',
    service: 'registry.example.com',
    username,
    cause: 'wrong password',
  };
}

const idsOf = (memory: ReturnType<typeof recordDecisions>, filter = ALL): readonly string[] =>
  memory.find(filter, 100).found.map(({ requestId }) => requestId);

describe('recent decisions', () => {
  it('are the last ones, the latest first, and count from the oldest that is known', () => {
    const clock = fixedClock(1000);
    const memory = recordDecisions(3, clock);
    for (const id of ['a', 'b', 'c', 'd']) {
      clock.advance(10);
      memory.record(issued(id, user('alice'), [], clock.now()));
    }

    expect(idsOf(memory)).toEqual(['d', 'c', 'b']);
    expect([memory.count(), memory.since()]).toEqual([3, 1020]);
    expect(memory.byRequest('b')?.username).toBe('alice');
    expect(memory.byRequest('a')).toBe(undefined);
  });

  it('before it is full, are known since the start', () => {
    const clock = fixedClock(1000);
    const memory = recordDecisions(3, clock);
    clock.advance(10);
    memory.record(issued('a', ANONYMOUS));

    expect([memory.count(), memory.since(), idsOf(memory)]).toEqual([1, 1000, ['a']]);
  });

  describe('of users who were authenticated', () => {
    const flooded = (flood: (id: string) => AuditEvent) => {
      const clock = fixedClock(1000);
      const memory = recordDecisions(100, clock);
      for (const name of ['alice', 'bob']) {
        clock.advance(1);
        memory.record(issued(name, user(name), [{ granted: [] }], clock.now()));
      }
      for (let count = 0; count < 1000; count += 1) {
        clock.advance(1);
        memory.record(flood(`flood-${count}`));
      }
      return memory;
    };

    it.each([
      ['refused logins', (id: string) => refused(id, 'nobody')],
      ['anonymous requests', (id: string) => issued(id, ANONYMOUS, [], 2000)],
      ['requests that are refused without a user name', (id: string) => refused(id, '')],
    ])('stay, however many %s come after them', (_what, flood) => {
      const memory = flooded(flood);

      expect(idsOf(memory).slice(-2)).toEqual(['bob', 'alice']);
      expect(memory.byRequest('alice')).toMatchObject({ username: 'alice', scopes: [{ granted: [] }] });
      expect(memory.count()).toBe(100);
      expect([memory.since(['user']), memory.since() > 1500]).toEqual([1000, true]);
    });

    it('give way to others of users', () => {
      const memory = flooded((id) => issued(id, user('carol')));

      expect([memory.byRequest('alice'), memory.count()]).toEqual([undefined, 100]);
    });
  });

  it('of refused logins stay, however many anonymous requests come after them', () => {
    const memory = recordDecisions(100, fixedClock());
    for (let count = 0; count < 25; count += 1) memory.record(refused(`guess-${count}`, 'alice'));
    for (let count = 0; count < 1000; count += 1) memory.record(issued(`flood-${count}`, ANONYMOUS));

    expect(memory.find({ ...ALL, person: 'alice' }, 100).found).toHaveLength(25);
  });

  it('are found by a part of a name, whatever its case, and by what was refused', () => {
    const memory = recordDecisions(10, fixedClock());
    const ops = {
      asked: { type: 'repository', name: 'ops/secret', actions: ['pull', 'push'] },
      granted: ['pull'],
    } as const;
    memory.record(issued('granted', user('Alice'), [{}]));
    memory.record(issued('partly', user('alice'), [{}, ops]));
    memory.record(refused('wrong', 'bob'));
    memory.record(issued('anonymous', ANONYMOUS, [{}]));

    expect(idsOf(memory, { ...ALL, person: 'ALI' })).toEqual(['partly', 'granted']);
    expect(idsOf(memory, { ...ALL, person: 'anonymous' })).toEqual(['anonymous']);
    expect(idsOf(memory, { ...ALL, repository: 'secret' })).toEqual(['partly']);
    expect(idsOf(memory, { ...ALL, isRefusedOnly: true })).toEqual(['wrong', 'partly']);
    expect(memory.find(ALL, 1)).toMatchObject({ found: [{ requestId: 'anonymous' }], more: 3 });
  });

  it('have a refused refresh token under the account that it was issued for, or as unknown, and never as anonymous', () => {
    const memory = recordDecisions(10, fixedClock());
    const { username: _, ...refusal } = refused('anonymous', '');
    memory.record({ ...refusal, code: 'login_required', isAnonymous: true });
    const token = { ...refusal, code: 'refresh_token_refused' } as const;
    memory.record({ ...token, request: { ...token.request, requestId: 'gone' } });
    const disabled = { ...token.request, requestId: 'disabled' };
    memory.record({ ...token, request: disabled, owner: 'alice', backend: 'corp' });

    expect(idsOf(memory, { ...ALL, person: 'anonymous' })).toEqual(['anonymous']);
    expect(idsOf(memory, { ...ALL, person: 'unknown' })).toEqual(['gone']);
    expect(idsOf(memory, { ...ALL, person: 'alice' })).toEqual(['disabled']);
    const via = { kind: 'refresh-token' };
    expect(memory.byRequest('gone')).toMatchObject({ nobody: 'unknown', via });
    expect(memory.byRequest('disabled')).toMatchObject({ username: 'alice', backend: 'corp', via });
  });

  it('have no token that somebody typed as a user name', () => {
    const memory = recordDecisions(10, fixedClock());
    memory.record(refused('a', `flp_${'a'.repeat(49)}`));

    expect(JSON.stringify(memory.find(ALL, 1))).not.toContain('flp_');
  });

  it('list a few scopes of a request with many, and count the others', () => {
    const memory = recordDecisions(10, fixedClock());
    memory.record(
      issued(
        'a',
        user('alice'),
        Array.from({ length: 500 }, () => ({})),
      ),
    );

    expect(memory.byRequest('a')).toMatchObject({ unlisted: 492, scopes: { length: 8 } });
  });

  it('name the token by which a user logged in', () => {
    const memory = recordDecisions(10, fixedClock());
    const caller = { ...user('alice'), via: { kind: 'personal-token', id: '1', name: 'laptop' } } as Caller;
    memory.record(issued('a', caller));

    expect(memory.byRequest('a')?.via).toEqual({ kind: 'personal-token', name: 'laptop' });
  });

  describe('of requests that a proxy asked about', () => {
    const needs = [{ type: 'repository', name: 'web/shop', actions: ['pull', 'push'] }];
    const checked = (
      requestId: string,
      about: Partial<Extract<AuditEvent, { type: 'access.checked' }>>,
    ): AuditEvent => ({
      type: 'access.checked',
      request: { requestId, client: '10.1.4.7' },
      service: 'registry.example.com',
      outcome: 'allowed',
      needs,
      ...about,
    });
    const decided = (requestId: string, caller: Caller, grant: Partial<Grant>): AuditEvent =>
      ({ ...issued(requestId, caller, [grant]), type: 'access.decided' }) as never;

    it('are those that were denied, so that a push leaves the place to others', () => {
      const memory = recordDecisions(20, fixedClock());
      memory.record(decided('granted', user('alice'), {}));
      memory.record(decided('denied', user('alice'), { granted: [] }));
      memory.record(decided('anonymous', ANONYMOUS, { granted: [] }));
      for (const outcome of ['allowed', 'token_required', 'login_required', 'access_denied'] as const)
        memory.record(checked(outcome, { outcome }));
      for (const outcome of ['untrusted_proxy', 'unclear_request'] as const)
        memory.record(checked(outcome, { outcome }));
      for (const outcome of ['token_invalid', 'unknown_route', 'invalid_credentials'] as const)
        memory.record(checked(outcome, { outcome, username: 'alice' }));

      expect(idsOf(memory)).toEqual(['invalid_credentials', 'unknown_route', 'token_invalid', 'denied']);
      expect(memory.byRequest('denied')).toMatchObject({ endpoint: 'forward-auth', username: 'alice' });
    });

    it('are anonymous only where the registry token is of an anonymous caller', () => {
      const memory = recordDecisions(20, fixedClock());
      memory.record(checked('damaged', { outcome: 'token_invalid' }));
      memory.record(
        checked('of nobody', { outcome: 'insufficient_scope', username: '', tokenId: 't', missing: needs }),
      );
      memory.record(checked('stored login', { outcome: 'refresh_token_refused', owner: 'alice', backend: 'corp' }));

      const who = ['damaged', 'of nobody', 'stored login'].map((id) => whoText(memory.byRequest(id) ?? {}));
      expect(who).toEqual(['unknown', 'anonymous', 'alice']);
    });

    it('have what the registry token grants of what was needed, and lead to its request', () => {
      const memory = recordDecisions(20, fixedClock());
      memory.record(issued('token', user('alice')));
      const missing = [{ type: 'repository', name: 'web/shop', actions: ['push'] }];
      memory.record(checked('b', { outcome: 'insufficient_scope', username: 'alice', tokenId: 't', missing }));

      const found = memory.byRequest('b');

      expect(found).toMatchObject({ tokenId: 't', scopes: [{ asked: needs[0], granted: ['pull'] }] });
      expect(memory.byToken('t')?.requestId).toBe('token');
      expect(memory.byToken('other')).toBeUndefined();
    });

    it('have the backend that has refused a login', () => {
      const memory = recordDecisions(20, fixedClock());
      memory.record(checked('a', { outcome: 'invalid_credentials', username: 'alice', backend: 'corp' }));
      memory.record(checked('b', { outcome: 'invalid_credentials', username: 'alice' }));

      expect(memory.byRequest('a')?.refusal?.backend).toBe('corp');
      expect(memory.byRequest('b')?.refusal).not.toHaveProperty('backend');
    });

    it('stay like those of other users where a token did not grant enough', () => {
      const memory = recordDecisions(100, fixedClock());
      memory.record(checked('b', { outcome: 'insufficient_scope', username: 'alice', tokenId: 't', missing: [] }));
      for (let count = 0; count < 1000; count += 1) memory.record(refused(`flood-${count}`, 'alice'));

      expect(memory.byRequest('b')?.username).toBe('alice');
    });
  });
});

describe('recent decisions that can be made again', () => {
  const idsAndCallers = (memory: ReturnType<typeof recordDecisions>) =>
    memory.repeatable().map(({ text, caller }) => [(JSON.parse(text) as { requestId: string }).requestId, caller]);

  it('have the identity of each user without a copy, and the time of the decision', () => {
    const memory = recordDecisions(10, fixedClock());
    const alice = callerOf({ user: 'alice', groups: ['team-web'] });
    memory.record(issued('a', alice, [{}], 1_780_000_000));
    memory.record(refused('b', 'bob'));
    memory.record(issued('c', ANONYMOUS, [{}]));

    const [anonymous, first] = memory.repeatable();

    expect(idsAndCallers(memory).map(([id]) => id)).toEqual(['c', 'a']);
    expect(anonymous?.caller).toEqual({});
    expect(first?.caller?.identity).toBe((alice as Extract<Caller, { kind: 'user' }>).identity);
    expect(JSON.parse(first?.text ?? '')).toMatchObject({ at: 1_780_000_000, policyRevision: 'r' });
  });

  it('have the limits of the token that was used, as they are stored', () => {
    const memory = recordDecisions(10, fixedClock());
    const stored = [{ service: 'registry.example.com', repositories: ['web/**'], actions: ['pull'] }];
    const limits = parseStoredLimits(stored);
    const caller = { ...user('alice'), via: { kind: 'personal-token', id: '1', limits } } as Caller;
    memory.record(issued('a', caller));

    expect(memory.repeatable()[0]?.caller?.limits).toEqual(stored);
  });

  it('have no caller whose groups find no room, until there is room again', () => {
    const groups = Array.from({ length: 20 }, (_, index) => `group-${index}`);
    const large = (name: string): Caller => callerOf({ user: name, groups });
    const memory = recordDecisions(3, fixedClock(), 1000);
    const [alice, bob] = [large('alice'), large('bob')];
    memory.record(issued('a', alice));
    memory.record(issued('b', bob));
    memory.record(issued('c', alice));
    const full = idsAndCallers(memory).map(([id, caller]) => [id, caller !== undefined]);

    for (const id of ['d', 'e', 'f']) memory.record(issued(id, bob));

    expect(full).toEqual([
      ['c', true],
      ['b', false],
      ['a', true],
    ]);
    // The place of `c` was free only when it was overwritten.
    expect(idsAndCallers(memory).map(([id, caller]) => [id, caller !== undefined])).toEqual([
      ['f', true],
      ['e', false],
      ['d', false],
    ]);
  });
});
