/** The audit line of a token holds what its decisions can be made again by, and is read back as it was written. */
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReplay } from '../../../../src/core/policy/diff/replay.ts';
import type { RecordedRequest, ReplayResult } from '../../../../src/core/policy/diff/replay.ts';
import type { Policy } from '../../../../src/core/policy/policy.ts';
import { parseScopes } from '../../../../src/core/scope.ts';
import { createGrantToken } from '../../../../src/flows/grant-token.ts';
import { createTokenReuse } from '../../../../src/flows/token-reuse.ts';
import { readDecisions } from '../../../../src/platform/audit/recorded-decisions.ts';
import type { LogCounts } from '../../../../src/platform/audit/recorded-decisions.ts';
import { countingIds, fixedClock, loggedAudit, noWaiting, recordingLog } from '../../../support/fakes.ts';
import { callerOf, policyOf } from '../../../support/policy-builder.ts';
import type { Asker } from '../../../support/policy-builder.ts';

const TEAMS = policyOf([{ groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] }]);
const NOTHING = policyOf([]);

/** The line that a broker with this policy writes. */
async function lineOf(policy: Policy, asker: Asker, ...scopes: readonly string[]): Promise<string> {
  const log = recordingLog();
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => policy,
    reuse: createTokenReuse(0),
    signer: { sign: async () => 'signed', endOf: () => Infinity },
    clock: fixedClock(),
    timer: noWaiting,
    ids: countingIds(),
    audit: loggedAudit(log),
  });
  const service = {
    name: asker.service ?? 'r',
    anonymous: 'allow',
    lifetimes: { pull: 300, push: 900 },
  } as const;
  const context = { requestId: 'id', client: asker.client ?? '' };
  await grantToken({ context, service, caller: callerOf(asker), ...parseScopes(scopes) });
  return `${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000Z', ...log.lines[0]?.fields })}\n`;
}

async function read(
  text: string | readonly Buffer[],
): Promise<{ readonly counts: LogCounts; readonly requests: readonly RecordedRequest[] }> {
  const requests: RecordedRequest[] = [];
  const chunks = typeof text === 'string' ? [Buffer.from(text)] : text;
  const counts = await readDecisions(Readable.from(chunks), { onRequest: (request) => void requests.push(request) });
  return { counts, requests };
}

async function replayed(line: string, before: Policy, after: Policy): Promise<ReplayResult> {
  const replay = createReplay(before, after);
  for (const request of (await read(line)).requests) replay.add(request);
  return replay.result();
}

describe('a recorded decision', () => {
  it('is read back with all that a policy decides by', async () => {
    const name = fc.string({ minLength: 1, maxLength: 12 });
    const asker = fc.record({
      user: name,
      groups: fc.array(name, { maxLength: 5 }),
      caseless: fc.boolean(),
      attributes: fc.record({ 'attr:dept': fc.array(name, { maxLength: 3 }) }),
      client: fc.ipV4(),
      service: name,
    });
    const policy = policyOf([{ users: ['*'], repositories: ['{attr:dept}/*'], allow: ['pull'] }]);

    await fc.assert(
      fc.asyncProperty(asker, async (one) => {
        const { requests } = await read(await lineOf(policy, one, 'repository:a/b:pull'));

        const [{ situation } = {}] = requests;
        const { backend, ...known } = identityOf(one);
        expect(situation).toEqual({
          caller: { kind: 'user', identity: { ...known, backend } },
          service: one.service,
          client: one.client,
          time: Date.UTC(2026, 0) / 1000,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is read back with what was asked and what was granted, in whole, in part or not at all', async () => {
    const line = await lineOf(
      TEAMS,
      { user: 'alice', groups: ['team-web'] },
      'repository:web/a:pull,push repository:web/b:pull,delete repository:api/a:pull',
    );

    const { requests } = await read(line);

    expect(requests[0]?.decisions.map(({ asked, granted }) => [asked.name, granted])).toEqual([
      ['web/a', ['pull', 'push']],
      ['web/b', ['pull']],
      ['api/a', []],
    ]);
  });

  it('is decided again as it was, by the policy that decided', async () => {
    const policy = policyOf([
      { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] },
      { users: ['*'], except: { groups: ['Guests'] }, repositories: ['{attr:dept}/{user}'], allow: ['delete'] },
      {
        everyone: true,
        services: ['o*'],
        clients: ['10.0.0.0/8'],
        repositories: ['**'],
        allow: ['pull'],
        catalog: true,
      },
      { users: ['Alice'], repositories: ['web/*'], deny: ['push'] },
    ]);
    const asker = fc.record(
      {
        user: fc.constantFrom('alice', 'Alice', 'bob'),
        groups: fc.subarray(['team-web', 'team-api', 'Guests', 'guests', 'CN=Team-Web,DC=corp']),
        caseless: fc.boolean(),
        attributes: fc.record({ 'attr:dept': fc.subarray(['web', 'api', 'Not A Segment']) }),
        client: fc.constantFrom('10.1.1.1', '192.0.2.1'),
        service: fc.constantFrom('one', 'two'),
      },
      { requiredKeys: ['client', 'service'] },
    );
    const scope = fc.constantFrom(
      'repository:web/a:pull,push',
      'repository:web/alice:*',
      'repository:api/bob:pull,delete,unknown',
      'repository:UPPER:pull',
      'registry:catalog:*',
      'repository::pull',
    );
    let granted = 0;

    await fc.assert(
      fc.asyncProperty(asker, fc.array(scope, { minLength: 1, maxLength: 4 }), async (one, scopes) => {
        const line = await lineOf(policy, one, ...scopes);
        const { changed, decisions, disagreeing } = await replayed(line, policy, policy);

        granted +=
          (await read(line)).requests[0]?.decisions.filter((decided) => decided.granted.length > 0).length ?? 0;
        expect(decisions).toBe(new Set(scopes).size);
        expect([changed, disagreeing.example]).toEqual([[], '']);
      }),
      { numRuns: 500 },
    );
    expect(granted).toBeGreaterThan(100);
  });

  it('of anonymous is read back as one', async () => {
    const { requests } = await read(await lineOf(NOTHING, {}, 'repository:web/a:pull'));

    expect(requests[0]?.situation.caller).toEqual({ kind: 'anonymous' });
  });

  it('holds claims and attributes that the policy names, and no others', async () => {
    const policy = policyOf([{ users: ['*'], repositories: ['{claim:team}/*'], allow: ['pull'] }]);
    const line = await lineOf(policy, { user: 'a', attributes: { 'claim:team': ['web'], 'claim:phone': ['5'] } });

    expect(JSON.parse(line)).toMatchObject({ attributes: { 'claim:team': ['web'] } });
    expect(line).not.toContain('phone');
  });
});

describe('the groups of a line', () => {
  const many = (number: number, length = 8): Asker => ({
    user: 'alice',
    groups: Array.from({ length: number }, (_, index) => `team-${String(index).padStart(length - 5, '0')}`),
  });

  it.each([
    ['number', many(512), many(513), 1],
    ['text', many(128, 256), many(129, 256), 1],
  ])('are bounded by their %s, and the line says how many it has not got', async (_by, most, more, missing) => {
    const [whole, cut] = [await lineOf(TEAMS, most), await lineOf(TEAMS, more)];

    expect(JSON.parse(whole)).not.toHaveProperty('groupsTruncated');
    expect(JSON.parse(cut)).toMatchObject({ groupsTruncated: missing });
    expect(cut.length).toBeLessThan(40_000);
  });

  it('are not judged by when some are missing, and are when none is', async () => {
    const scope = 'repository:001/a:pull';
    const [whole, cut] = [await lineOf(TEAMS, many(512), scope), await lineOf(TEAMS, many(600), scope)];

    expect(await replayed(whole, TEAMS, NOTHING)).toMatchObject({ decisions: 1, withoutGroups: 0 });
    expect((await replayed(whole, TEAMS, NOTHING)).changed).toHaveLength(1);
    expect(await replayed(cut, TEAMS, NOTHING)).toMatchObject({ decisions: 0, withoutGroups: 1, changed: [] });
  });
});

describe('an attribute that was not recorded', () => {
  const named = policyOf([{ users: ['*'], repositories: ['web/{claim:team}'], allow: ['pull'] }]);
  const asker = { user: 'alice', attributes: { 'claim:team': ['a'] } };

  it('leaves a decision open where a rule that may match names it', async () => {
    const line = await lineOf(NOTHING, asker, 'repository:web/a:pull');

    expect(await replayed(line, NOTHING, named)).toMatchObject({ decisions: 0, withoutAttributes: 1, changed: [] });
  });

  it('leaves none open elsewhere', async () => {
    const line = await lineOf(NOTHING, asker, 'repository:api/a:pull');

    expect(await replayed(line, NOTHING, named)).toMatchObject({ decisions: 1, withoutAttributes: 0 });
  });

  it('is no longer missing once a policy has named it', async () => {
    const line = await lineOf(named, asker, 'repository:web/a:pull');

    const { changed, withoutAttributes } = await replayed(line, named, NOTHING);

    expect(withoutAttributes).toBe(0);
    expect(changed).toMatchObject([{ user: 'alice', change: 'lost', actions: ['pull'], times: 1 }]);
  });
});

describe('a log', () => {
  it('is read however it comes in pieces, with names before the lines', async () => {
    const line = `registry-auth-1 | ${await lineOf(TEAMS, { user: 'ålice', groups: ['team-web'] }, 'repository:web/a:pull')}`;
    const bytes = Buffer.from(line.repeat(3));

    const { counts, requests } = await read(Array.from(bytes, (byte) => Buffer.from([byte])));

    expect(counts).toEqual({ recorded: 3, other: 0, unreadable: 0 });
    expect(requests.map(({ situation }) => situation.caller)).toEqual(
      Array.from({ length: 3 }, () => callerOf({ user: 'ålice', groups: ['team-web'] })),
    );
  });

  it('may have lines of any length, and is read on after them', async () => {
    const line = await lineOf(TEAMS, { user: 'alice' }, 'repository:web/a:pull');
    const endless = Buffer.alloc(64 * 1024, 'x');

    const { counts } = await read([...Array.from({ length: 64 }, () => endless), Buffer.from(`\n${line}`)]);

    expect(counts).toEqual({ recorded: 1, other: 0, unreadable: 1 });
  });

  it.each([
    ['cut off', (line: string) => line.slice(0, -30)],
    ['without groups, as older versions wrote them', (line: string) => line.replace('"groups":[],', '')],
  ])('has decisions that are %s, which are counted', async (_what, spoil) => {
    const { counts } = await read(spoil(await lineOf(TEAMS, { user: 'alice' }, 'repository:web/a:pull')));

    expect(counts).toEqual({ recorded: 0, other: 0, unreadable: 1 });
  });
});

function identityOf(asker: Asker) {
  const caller = callerOf(asker);
  if (caller.kind === 'anonymous') throw new Error('expected a user');
  return caller.identity;
}
