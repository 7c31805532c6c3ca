/** One audit over several sinks. INVARIANT: `record` never throws, so that a sink never fails a request. */
import { describeError } from '../../core/errors.ts';
import type { Audit, EventSink, Log } from '../../core/ports.ts';

export function fanOut(sinks: readonly EventSink[], log: Log): EventSink {
  return {
    record: (event) => {
      for (const sink of sinks) {
        try {
          sink.record(event);
        } catch (error) {
          log.error('audit sink failed', { cause: describeError(error) });
        }
      }
    },
  };
}

/**
 * The audit trail and what follows from it, such as metrics: events that cannot be committed to the trail are not
 * recorded anywhere.
 */
export function auditWith(trail: Audit, sinks: readonly EventSink[], log: Log): Audit {
  const all = fanOut([trail, ...sinks], log);
  const others = fanOut(sinks, log);
  return {
    record: all.record,
    commit: async (events) => {
      await trail.commit(events);
      events.forEach(others.record);
    },
  };
}
