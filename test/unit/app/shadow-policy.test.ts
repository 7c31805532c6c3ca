import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openShadow } from '../../../src/app/shadow-policy.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { recordingAudit, recordingLog } from '../../support/fakes.ts';
import { policyOf } from '../../support/policy-builder.ts';

/** No file stands there: what is read comes from `load`. */
const FILE = join(import.meta.dirname, 'no-such-policy.yaml');
const policy = (revision: string): Policy => ({ ...policyOf([]), revision });
const broken = (): Promise<Policy> => Promise.reject(new Error('bad file'));

/** Shadow mode whose file is read as each of these, in order, and then as the last one again. */
function shadowReading(...loads: readonly (() => Promise<Policy>)[]) {
  const log = recordingLog();
  const audit = recordingAudit();
  let reads = 0;
  const load = (): Promise<Policy> => loads[Math.min(reads++, loads.length - 1)]?.() ?? broken();
  const shadow = openShadow(FILE, { load, log, audit });
  onTestFinished(() => shadow[Symbol.dispose]());
  return { log, audit, shadow };
}

describe('the shadow policy', () => {
  it('is stale while its file is bad, and keeps the last good revision', async () => {
    const { shadow } = shadowReading(
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
      policyRevision: 'now',
      expiresIn: 300,
    });

    expect(audit.events.map(({ type }) => type)).toEqual(['token.issued', 'policy.compared']);
    expect(audit.events[1]).toMatchObject({ shadowRevision: 'next', policyRevision: 'now', same: 0 });
  });

  it('is absent from the state when shadow mode is off', async () => {
    const audit = recordingAudit();
    using shadow = openShadow(undefined, { load: broken, log: recordingLog(), audit });
    await shadow.reload();

    expect(shadow.state()).toEqual({});
    expect(shadow.audit).toBe(audit);
  });
});
