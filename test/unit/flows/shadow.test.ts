/** A shadow policy never changes what the policy in force decides. */
import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { parseScopes } from '../../../src/core/scope.ts';
import { createGrantToken } from '../../../src/flows/grant-token.ts';
import { createTokenReuse } from '../../../src/flows/token-reuse.ts';
import { compareWithShadow } from '../../../src/flows/shadow.ts';
import { auditWith } from '../../../src/platform/audit/fan-out.ts';
import { countingIds, fixedClock, loggedAudit, noWaiting, recordingAudit, recordingLog } from '../../support/fakes.ts';
import { callerOf, conditionWhere, policyOf } from '../../support/policy-builder.ts';

const PULL = policyOf([{ users: ['*'], repositories: ['**'], allow: ['pull'] }]);
const NOTHING = policyOf([]);
const THROWING = policyOf(
  [
    {
      users: ['*'],
      repositories: ['**'],
      allow: ['pull'],
      match: conditionWhere(() => {
        throw new Error('a mistake in a condition');
      }),
    },
  ],
  {},
  'first-match',
);

async function serve(shadow: Policy | undefined, scopes: string, policy = PULL) {
  const log = recordingLog();
  const events = recordingAudit();
  const recorded = auditWith(loggedAudit(log), [events], log);
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => policy,
    reuse: createTokenReuse(0),
    signer: { sign: async () => 'signed', endOf: () => Infinity },
    clock: fixedClock(),
    timer: noWaiting,
    ids: countingIds(),
    audit: auditWith(
      recorded,
      [compareWithShadow({ shadow: () => shadow, clock: fixedClock(), audit: recorded })],
      log,
    ),
  });
  const service = { name: 'r', anonymous: 'deny', lifetimes: { pull: 300, push: 900 } } as const;
  const { token } = await grantToken({
    context: { requestId: 'id', client: '' },
    service,
    caller: callerOf({ user: 'alice' }),
    ...parseScopes([scopes]),
  });
  return { token, lines: log.lines, events: events.events.map(({ type }) => type) };
}

describe('shadow mode', () => {
  it('a decision stands when the shadow policy throws, and the log has the cause', async () => {
    const { token, lines, events } = await serve(THROWING, 'repository:a:pull');

    expect(token).toBe('signed');
    expect(events).toEqual(['token.issued']);
    expect(lines).toMatchObject([
      { message: 'token issued' },
      { level: 'error', fields: { cause: expect.stringMatching(/a mistake in a condition/) } },
    ]);
  });

  it('a decision is compared as soon as there is a shadow policy', async () => {
    expect((await serve(undefined, 'repository:a:pull')).events).toEqual(['token.issued']);
    expect((await serve(NOTHING, 'repository:a:pull')).events).toEqual(['token.issued', 'policy.compared']);
  });
});

it('a shadow policy decides at the time of the request', async () => {
  const times: number[] = [];
  const timed = policyOf([
    {
      users: ['*'],
      repositories: ['**'],
      allow: ['pull'],
      match: conditionWhere(({ time }) => times.push(time) > 0),
    },
  ]);

  await serve(timed, 'repository:a:pull', timed);

  expect(times).toEqual([1_700_000_000, 1_700_000_000]);
});

it('a request for many scopes leaves a bounded number of lines, the last of which says how many are missing', async () => {
  const scopes = Array.from({ length: 120 }, (_, at) => `repository:r${at}:pull`).join(' ');

  const { lines } = await serve(NOTHING, scopes);

  const differing = lines.filter(({ message }) => message === 'policies differ');
  expect(differing).toHaveLength(50);
  expect(differing.filter(({ fields }) => 'unlogged' in fields)).toEqual([differing[49]]);
  expect(differing[49]?.fields).toMatchObject({ unlogged: 70, asked: 'repository:r49:pull' });
});
