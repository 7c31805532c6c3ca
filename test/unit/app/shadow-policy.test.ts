import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openShadow } from '../../../src/app/shadow-policy.ts';
import type { UsablePolicy } from '../../../src/config/load.ts';
import { recordingAudit, recordingLog } from '../../support/fakes.ts';
import { policyOf } from '../../support/policy-builder.ts';

/** No file stands there: what is read comes from `load`. */
const FILE = join(import.meta.dirname, 'no-such-policy.yaml');
const policy = (revision: string, failedTests = 0): UsablePolicy => ({
  policy: { ...policyOf([]), revision },
  warnings: failedTests === 0 ? [] : ['policy.yaml:9:5: the test fails'],
  failedTests,
});
const broken = (): Promise<UsablePolicy> => Promise.reject(new Error('bad file'));

/** Shadow mode whose file is read as each of these, in order, and then as the last one again. */
function shadowReading(...loads: readonly (() => Promise<UsablePolicy>)[]) {
  const log = recordingLog();
  const audit = recordingAudit();
  const outcomes: string[] = [];
  let reads = 0;
  const load = (): Promise<UsablePolicy> => loads[Math.min(reads++, loads.length - 1)]?.() ?? broken();
  const shadow = openShadow(FILE, { load, log, audit, onRead: (outcome) => void outcomes.push(outcome) });
  onTestFinished(() => shadow[Symbol.dispose]());
  return { log, audit, outcomes, shadow };
}

describe('the shadow policy', () => {
  it('is stale while its file is bad, and keeps the last good revision', async () => {
    const { shadow, outcomes } = shadowReading(
      async () => policy('old'),
      broken,
      async () => policy('new'),
    );
    await Promise.resolve();
    await Promise.resolve();
    expect(shadow.state()).toEqual({ shadow: { revision: 'old', stale: false } });

    await shadow.reload();
    expect(shadow.state()).toEqual({ shadow: { revision: 'old', stale: true } });

    await shadow.reload();
    expect(shadow.state()).toEqual({ shadow: { revision: 'new', stale: false } });
    expect(outcomes).toEqual(['loaded', 'refused', 'loaded']);
  });

  it('is used although its tests fail, with a warning for each', async () => {
    const { shadow, log } = shadowReading(async () => policy('next', 1));
    await shadow.reload();

    expect(shadow.status()).toEqual({ shadow: { revision: 'next', failedTests: 1 } });
    expect(log.lines.filter(({ level }) => level === 'warn')[0]).toMatchObject({
      message: 'shadow policy warning',
      fields: { warning: 'policy.yaml:9:5: the test fails' },
    });
  });

  it('that cannot be read at the start is logged, and serving goes on', async () => {
    const { shadow, log } = shadowReading(broken);
    await shadow.reload();

    expect(shadow.state()).toEqual({ shadow: { revision: null, stale: true } });
    expect(log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['cause'])).toEqual([
      expect.stringContaining('bad file'),
      expect.stringContaining('bad file'),
    ]);
  });

  it('records each event, and compares the decisions of a token that was issued', async () => {
    const { shadow, audit } = shadowReading(async () => policy('next'));
    await shadow.reload();
    const asked = { type: 'repository', name: 'web/a', actions: ['pull'] } as const;
    const grant = { asked, granted: ['pull'], because: [], caveats: [] } as const;

    shadow.audit.record({
      type: 'token.issued',
      request: { requestId: 'r', client: '192.0.2.1' },
      caller: { kind: 'anonymous' },
      service: 's',
      time: 0,
      grants: [grant],
      attributes: new Map(),
      malformed: [],
      tokenId: 't',
      isReused: false,
      policyRevision: 'now',
      expiresIn: 300,
    });

    expect(audit.events.map(({ type }) => type)).toEqual(['token.issued', 'policy.compared']);
    expect(audit.events[1]).toMatchObject({ shadowRevision: 'next', policyRevision: 'now', same: 0 });
  });

  it('is absent from the state when shadow mode is off', async () => {
    const audit = recordingAudit();
    using shadow = openShadow(undefined, { load: broken, log: recordingLog(), audit, onRead: () => undefined });
    await shadow.reload();

    expect(shadow.state()).toEqual({});
    expect(shadow.audit).toBe(audit);
  });
});
