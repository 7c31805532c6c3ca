/** What each event adds to the metrics page. */
import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../../src/core/events.ts';
import { ANONYMOUS } from '../../../../src/core/identity.ts';
import { createMetrics } from '../../../../src/platform/audit/metrics.ts';

const REQUEST = { requestId: 'r-1', client: '192.0.2.1' };
const LOGIN = { type: 'login', request: REQUEST, backend: 'corp', username: 'alice', seconds: 0.02 } as const;

/** The samples of Fairlead's own metrics that are not zero. */
async function samples(...events: readonly AuditEvent[]): Promise<readonly string[]> {
  const metrics = createMetrics();
  for (const event of events) metrics.record(event);
  const { text } = await metrics.page();
  return text.split('\n').filter((line) => /^fairlead_(?!login_seconds)/.test(line) && !line.endsWith(' 0'));
}

describe('the metrics', () => {
  it('have no sample before the first event', async () => {
    expect(await samples()).toEqual([]);
  });

  it('count an issued token, and each of its scopes by how much is granted', async () => {
    const asked = (actions: readonly string[]) => ({ type: 'repository', class: undefined, name: 'web/a', actions });
    const grant = (actions: readonly string[], granted: readonly string[]) =>
      ({ asked: asked(actions), granted, because: [] }) as never;

    expect(
      await samples({
        type: 'token.issued',
        request: REQUEST,
        caller: ANONYMOUS,
        service: 'r',
        time: 0,
        grants: [grant(['pull', 'push'], ['pull', 'push']), grant(['pull', 'push'], ['pull']), grant(['pull'], [])],
        attributes: new Map(),
        malformed: [],
        tokenId: 't',
        policyRevision: 'p',
        expiresIn: 300,
      }),
    ).toEqual([
      'fairlead_decisions_total{service="r",outcome="all"} 1',
      'fairlead_decisions_total{service="r",outcome="some"} 1',
      'fairlead_decisions_total{service="r",outcome="none"} 1',
      'fairlead_tokens_total{outcome="issued"} 1',
    ]);
  });

  it('count a refused token request by its error code', async () => {
    const event = {
      type: 'token.refused',
      request: REQUEST,
      code: 'unknown_service',
      service: 'r',
      cause: '',
    } as const;

    expect(await samples(event)).toEqual(['fairlead_tokens_total{outcome="unknown_service"} 1']);
  });

  it('count a refused login by its reason as well', async () => {
    expect(await samples({ ...LOGIN, outcome: 'rejected', reason: 'wrong-password', source: 'backend' })).toEqual([
      'fairlead_logins_total{backend="corp",outcome="rejected",source="backend"} 1',
      'fairlead_logins_refused_total{backend="corp",reason="wrong-password"} 1',
    ]);
  });

  it('have no user, repository or address in a label', async () => {
    const text = (await samples({ ...LOGIN, outcome: 'authenticated', source: 'backend' })).join('\n');

    expect(text).toContain('backend="corp"');
    expect(text).not.toMatch(/alice|192\.0\.2\.1/);
  });
});
