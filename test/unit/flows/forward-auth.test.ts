/** Decisions for proxies with passwords: what they leave behind, and what stops them. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { ANONYMOUS, Secret } from '../../../src/core/identity.ts';
import type { Caller } from '../../../src/core/identity.ts';
import type { RecordedRequest } from '../../../src/core/policy/diff/replay.ts';
import type { Audit } from '../../../src/core/ports.ts';
import { parseStoredLimits } from '../../../src/core/token-limits.ts';
import type { RegistryRoute } from '../../../src/core/registry-route.ts';
import { createForwardAuth } from '../../../src/flows/forward-auth.ts';
import { compareWithShadow } from '../../../src/flows/shadow.ts';
import { auditWith } from '../../../src/platform/audit/fan-out.ts';
import { readDecisions } from '../../../src/platform/audit/recorded-decisions.ts';
import { fixedClock, loggedAudit, noWaiting, recordingAudit, recordingLog } from '../../support/fakes.ts';
import { callerOf, policyOf } from '../../support/policy-builder.ts';

const POLICY = policyOf([
  { users: ['alice'], repositories: ['web/**'], allow: ['pull'] },
  { users: ['carol'], repositories: ['web/**'], allow: ['pull', 'push'] },
]);
const SERVICE = { name: 'r', anonymous: 'allow', lifetimes: { pull: 300, push: 900 } } as const;
const PUSH: RegistryRoute = {
  kind: 'access',
  needs: [{ type: 'repository', name: 'web/a', actions: ['pull', 'push'] }],
};
const context = { requestId: 'id', client: '192.0.2.1' };

interface Parts {
  readonly caller?: Caller;
  readonly audit?: Audit;
  readonly refreshToken?: Secret;
}

function push({ caller = callerOf({ user: 'alice' }), audit = recordingAudit(), refreshToken }: Parts) {
  const { checkLogin } = createForwardAuth({
    verifier: { verify: () => 'not used' },
    identify: async () => caller,
    exchangeRefreshToken: async () => callerOf({ user: 'bob' }),
    policy: () => POLICY,
    clock: fixedClock(),
    timer: noWaiting,
    audit,
  });
  return checkLogin({ context, service: SERVICE, route: PUSH }, { credential: undefined, refreshToken });
}

describe('a request that a proxy asks about with a password', () => {
  it('needs all of its actions', async () => {
    expect(await push({})).toMatchObject({ kind: 'refused', refusal: 'access_denied', username: 'alice' });
  });

  it('is within the limits of a personal token', async () => {
    const limits = (...repositories: readonly string[]) => {
      const parsed = parseStoredLimits([{ service: 'r', repositories, actions: ['pull', 'push'] }]);
      if (typeof parsed === 'string') throw new Error(parsed);
      return parsed;
    };
    const owner = callerOf({ user: 'carol' });
    const withToken = (...repositories: readonly string[]): Caller =>
      owner.kind === 'user'
        ? { ...owner, via: { kind: 'personal-token', id: 'id-1', limits: limits(...repositories) } }
        : owner;

    expect(await push({ caller: owner })).toEqual({ kind: 'allowed', username: 'carol' });
    expect(await push({ caller: withToken('web/*') })).toEqual({ kind: 'allowed', username: 'carol' });
    expect(await push({ caller: withToken('web/b') })).toMatchObject({ refusal: 'access_denied' });
  });

  it('leaves an audit line that can be decided again by another policy', async () => {
    const log = recordingLog();

    await push({ audit: loggedAudit(log) });

    const [line] = log.lines;
    const requests: RecordedRequest[] = [];
    const text = JSON.stringify({ timestamp: '2026-01-01T00:00:00.000Z', ...line?.fields });
    await readDecisions(Readable.from([Buffer.from(text)]), { onRequest: (one) => void requests.push(one) });
    expect(line).toMatchObject({
      level: 'info',
      message: 'access decided',
      fields: { user: 'alice', outcome: 'some' },
    });
    expect(requests).toMatchObject([
      { decisions: [{ granted: ['pull'] }], situation: { service: 'r', client: '192.0.2.1' } },
    ]);
  });

  it('is compared with the shadow policy', async () => {
    const events = recordingAudit();
    const log = recordingLog();
    const shadow = compareWithShadow({ shadow: () => policyOf([]), clock: fixedClock(), audit: events });

    await push({ audit: auditWith(events, [shadow], log) });

    expect(events.events).toMatchObject([{ type: 'access.decided' }, { type: 'policy.compared', same: 0 }]);
  });

  it('is not allowed when its audit line cannot be written and must be', async () => {
    const audit: Audit = {
      record: () => undefined,
      commit: async () => {
        throw new BrokerError('audit_unavailable', 'the disk is full');
      },
    };

    await expect(push({ audit })).rejects.toMatchObject({ code: 'audit_unavailable' });
  });

  it('asks anonymous to log in for what only others may do', async () => {
    await expect(push({ caller: ANONYMOUS })).rejects.toMatchObject({ code: 'login_required' });
  });

  it('may have a refresh token in place of the password', async () => {
    expect(await push({ refreshToken: new Secret('flr_x') })).toMatchObject({ username: 'bob' });
  });
});
