import type { AttemptGuard } from '../../../core/ports.ts';

/** Each question counts as an attempt, and a login that goes on with another server is still the same one. */
export function askedOnce(guard: AttemptGuard | undefined): AttemptGuard {
  let asked: string | undefined;
  return {
    beforeAttempt: async (subject, counted) => {
      if (guard === undefined || asked === subject) return undefined;
      asked = subject;
      return guard.beforeAttempt(subject, counted);
    },
  };
}
