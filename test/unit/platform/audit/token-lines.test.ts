/** The audit line of a login by a token of Fairlead, and its replay: the limits of the token are never lost silently. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { replayLines } from '../../../../src/cli/diff/replay-text.ts';
import { robotIdentity } from '../../../../src/core/robot.ts';
import type { Caller, Via } from '../../../../src/core/identity.ts';
import { createReplay } from '../../../../src/core/policy/diff/replay.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { parseScopes } from '../../../../src/core/scope.ts';
import { limitsOf } from '../../../../src/core/token-limits.ts';
import type { StoredLimit } from '../../../../src/core/token-limits.ts';
import { createGrantToken } from '../../../../src/flows/grant-token.ts';
import { createTokenReuse } from '../../../../src/flows/token-reuse.ts';
import { readDecisions } from '../../../../src/platform/audit/recorded-decisions.ts';
import { countingIds, fixedClock, loggedAudit, noWaiting, recordingLog } from '../../../support/fakes.ts';
import { callerOf, policyOf } from '../../../support/policy-builder.ts';

const POLICY = policyOf([
  { groups: ['team-web'], repositories: ['web/**'], allow: ['pull', 'push'] },
  { users: ['robot:*'], repositories: ['web/**'], allow: ['pull', 'push'] },
]);
const WIDER = policyOf([{ users: ['*', 'robot:*'], repositories: ['**'], allow: ['*'] }]);
const NOTHING = policyOf([]);
const READS: StoredLimit = { service: 'r', repositories: ['web/**', 'api/*'], actions: ['pull'] };
const SCOPE = 'repository:web/shop:pull,push';

const TOKEN: Via = { kind: 'personal-token', id: '1f9a0c3b2d4e', name: 'laptop' };

function by(limits?: readonly StoredLimit[], more: Partial<Via> = {}): Via {
  const parsed = limitsOf(limits);
  return { ...TOKEN, ...(parsed === undefined ? {} : { limits: parsed }), ...more };
}

function alice(via?: Via): Caller {
  const caller = callerOf({ user: 'alice', groups: ['team-web'] });
  if (caller.kind === 'anonymous') throw new Error('alice has a name');
  return { ...caller, ...(via === undefined ? {} : { via }) };
}

/** The line that a broker with this policy writes for a scope. */
async function lineOf(caller: Caller, scope = SCOPE): Promise<Readonly<Record<string, unknown>>> {
  const log = recordingLog();
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => POLICY,
    reuse: createTokenReuse(0),
    signer: { sign: async () => 'signed', endOf: () => Infinity },
    clock: fixedClock(),
    timer: noWaiting,
    ids: countingIds(),
    audit: loggedAudit(log),
  });
  const service = { name: 'r', anonymous: 'allow', lifetimes: { pull: 300, push: 900 } } as const;
  await grantToken({ context: { requestId: 'id', client: '' }, service, caller, ...parseScopes([scope]) });
  return log.lines[0]?.fields ?? {};
}

async function replay(fields: object, before: Policy, after: Policy) {
  const line = `${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000Z', ...fields })}\n`;
  const replaying = createReplay(before, after);
  const counts = await readDecisions(Readable.from([Buffer.from(line)]), { onRequest: replaying.add });
  return { counts, result: replaying.result() };
}

const changes = ({ result }: Awaited<ReturnType<typeof replay>>): readonly string[] =>
  result.changed.map(({ user, change, actions }) => `${user} ${change} ${actions.join()}`);

describe('the audit line of a token', () => {
  it('names the credential and its limits, and what they took away', async () => {
    expect(await lineOf(alice(by([READS])))).toMatchObject({
      user: 'alice',
      via: { ...TOKEN, limits: [READS] },
      granted: ['repository:web/shop:pull'],
      denied: ['repository:web/shop:push'],
      limited: ['repository:web/shop:push'],
      outcome: 'some',
    });
  });

  it('names the user who created the token of a robot', async () => {
    const identity = robotIdentity('web-ci');

    expect(await lineOf({ kind: 'user', identity, via: by(undefined, { createdBy: 'alice' }) })).toMatchObject({
      user: 'robot:web-ci',
      backend: 'robots',
      groups: [],
      via: { ...TOKEN, createdBy: 'alice' },
    });
  });

  it('says nothing of limits or of a credential where there are none', async () => {
    expect(await lineOf(alice(by()))).not.toHaveProperty('limited');
    expect((await lineOf(alice(by())))['via']).toEqual(TOKEN);
    expect(await lineOf(alice())).not.toHaveProperty('via');
  });

  it('leaves out limits that are too long, and says how many', async () => {
    const long = Array.from({ length: 40 }, (_, at): StoredLimit => ({
      ...READS,
      repositories: [`${'x'.repeat(500)}${at}`],
    }));

    const { via } = await lineOf(alice(by(long)));

    expect(via).toEqual({ ...TOKEN, limitsTruncated: 40 });
  });
});

describe('a replay of the line of a token', () => {
  it('decides as it was decided, within the limits', async () => {
    const found = await replay(await lineOf(alice(by([READS]))), POLICY, POLICY);

    expect(found.result).toMatchObject({ decisions: 1, changed: [], disagreeing: { decisions: 0 } });
  });

  it('reports what a policy takes away, and nothing that the limits never allowed', async () => {
    const line = await lineOf(alice(by([READS])));

    expect(changes(await replay(line, POLICY, NOTHING))).toEqual(['alice lost pull']);
    expect(changes(await replay(line, POLICY, WIDER))).toEqual([]);
    expect(changes(await replay(await lineOf(alice(by())), POLICY, NOTHING))).toEqual(['alice lost pull,push']);
  });

  it('reports what a policy gives within the limits', async () => {
    const line = await lineOf(alice(by([READS])), 'repository:api/shop:pull,push');

    expect(changes(await replay(line, POLICY, WIDER))).toEqual(['alice gained pull']);
  });

  it('decides about a robot', async () => {
    const line = await lineOf({ kind: 'user', identity: robotIdentity('web-ci'), via: by([READS]) });

    expect(changes(await replay(line, POLICY, POLICY))).toEqual([]);
    expect(changes(await replay(line, POLICY, NOTHING))).toEqual(['robot:web-ci lost pull']);
  });

  it('judges nothing where the line leaves out the limits, and says so', async () => {
    const line = await lineOf(alice(by([READS])));
    const { limits: _, ...via } = line['via'] as Record<string, unknown>;

    const found = await replay({ ...line, via: { ...via, limitsTruncated: 1 } }, POLICY, NOTHING);

    expect(found.result).toMatchObject({ decisions: 0, withoutLimits: 1, changed: [] });
    const files = [
      { file: 'a', revision: '1' },
      { file: 'b', revision: '2' },
    ] as const;
    expect(replayLines(found, files)).toContain(
      'warning: 1 decision cannot be judged: the token had more limits than a line holds',
    );
  });

  it.each<[string, unknown]>([
    ['a text', 'token'],
    ['an unknown kind', { ...TOKEN, kind: 'passkey' }],
    ['no id', { kind: 'personal-token' }],
    ['limits that are no list', { ...TOKEN, limits: 'all' }],
    ['a limit with a placeholder', { ...TOKEN, limits: [{ ...READS, repositories: ['{user}/**'] }] }],
  ])('is not possible where the credential is %s: the line cannot be read', async (_what, via) => {
    const line = await lineOf(alice());

    const { counts, result } = await replay({ ...line, via }, POLICY, NOTHING);

    expect({ unreadable: counts.unreadable, decisions: result.decisions }).toEqual({ unreadable: 1, decisions: 0 });
  });
});
