/**
 * Caches the last refused password of the service account. It is not tried again for some seconds, so that the
 * directory does not lock the account.
 */
import type { Clock, Log } from '../../../core/ports.ts';
import { DirectoryFault } from '../wire/fault.ts';

export interface BindBackoffDeps {
  /** The name of the backend, for the log. */
  readonly backend: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface BindBackoff {
  /** @throws DirectoryFault while this password must not be tried again */
  check(password: string): void;
  /** Whether the directory accepted this password, and has not refused it since. */
  isProven(password: string): boolean;
  accepted(password: string): void;
  /** @returns the fault to throw, with the seconds until the next attempt */
  refused(password: string, fault: DirectoryFault): DirectoryFault;
}

interface Refusal {
  readonly password: string;
  /** `Clock.monotonic` time. */
  readonly until: number;
  readonly milliseconds: number;
  readonly cause: string;
}

const FIRST_WAIT_MS = 5000;
const LAST_WAIT_MS = 60_000;

export function createBindBackoff({ backend, clock, log }: BindBackoffDeps): BindBackoff {
  let proven: string | undefined;
  let last: Refusal | undefined;
  /** Another password is tried at once: somebody may have corrected it. */
  const refusalOf = (password: string): Refusal | undefined => (last?.password === password ? last : undefined);
  const millisecondsLeft = ({ until }: Refusal): number => until - clock.monotonic();

  return {
    check: (password) => {
      const refusal = refusalOf(password);
      if (refusal === undefined || millisecondsLeft(refusal) <= 0) return;
      const message = `${refusal.cause}; not tried again for some seconds, so that the account is not locked`;
      throw new DirectoryFault('service-refused', message, { retryAfter: inSeconds(millisecondsLeft(refusal)) });
    },
    isProven: (password) => proven === password,
    accepted: (password) => {
      if (last !== undefined) log.info('service account accepted', { backend });
      [proven, last] = [password, undefined];
    },
    refused: (password, fault) => {
      const before = refusalOf(password);
      // Several binds were under way; the first refusal counts.
      if (before !== undefined && millisecondsLeft(before) > 0) {
        return fault.with({ retryAfter: inSeconds(millisecondsLeft(before)) });
      }
      const milliseconds = before === undefined ? FIRST_WAIT_MS : Math.min(LAST_WAIT_MS, before.milliseconds * 2);
      last = { password, until: clock.monotonic() + milliseconds, milliseconds, cause: fault.message };
      if (proven === password) proven = undefined;
      log.error('service account refused: nobody can log in; correct bind.dn and bind.password', {
        backend,
        cause: fault.message,
        retryInSeconds: milliseconds / 1000,
      });
      return fault.with({ retryAfter: inSeconds(milliseconds) });
    },
  };
}

function inSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}
