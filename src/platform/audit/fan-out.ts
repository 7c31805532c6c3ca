/** One audit over several sinks. INVARIANT: recording never throws, so that an audit can never fail a request. */
import { describeError } from '../../core/errors.ts';
import type { Audit, Log } from '../../core/ports.ts';

export function fanOut(sinks: readonly Audit[], log: Log): Audit {
  return {
    record: (event) => {
      for (const sink of sinks) {
        try {
          sink.record(event);
        } catch (error) {
          log.error('an audit sink failed', { cause: describeError(error) });
        }
      }
    },
  };
}
