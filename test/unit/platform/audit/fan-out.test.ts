import { describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../../src/core/events.ts';
import { fanOut } from '../../../../src/platform/audit/fan-out.ts';
import { recordingAudit, recordingLog } from '../../../support/fakes.ts';

const EVENT: AuditEvent = {
  type: 'token.refused',
  request: { requestId: 'r-1', client: '192.0.2.1' },
  code: 'unknown_service',
  service: 'r',
  cause: 'for the test',
};

describe('an audit over several sinks', () => {
  it('gives each event to every sink', () => {
    const [first, second] = [recordingAudit(), recordingAudit()];

    fanOut([first, second], recordingLog()).record(EVENT);

    expect([first.events, second.events]).toEqual([[EVENT], [EVENT]]);
  });

  it('does not throw when a sink throws, logs why, and gives the event to the sinks after it', () => {
    const log = recordingLog();
    const after = recordingAudit();
    const broken = {
      record: () => {
        throw new Error('the disk is full');
      },
    };

    expect(() => fanOut([broken, after], log).record(EVENT)).not.toThrow();
    expect(after.events).toEqual([EVENT]);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { cause: 'the disk is full' } }]);
  });
});
