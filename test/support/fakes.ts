/** Fakes for clocks and ids, and recorders for logs. */
import type { AuditEvent } from '../../src/core/events.ts';
import type { Audit, Clock, Ids, Log, Timer } from '../../src/core/ports.ts';
import type { Shield } from '../../src/flows/shield/shield.ts';
import { auditLines } from '../../src/platform/audit/audit-lines.ts';
import type { Logs } from '../../src/platform/logs.ts';

export interface FixedClock extends Clock {
  advance(seconds: number): void;
}

export function fixedClock(start = 1_700_000_000): FixedClock {
  let seconds = start;
  return {
    now: () => Math.floor(seconds),
    monotonic: () => seconds * 1000,
    advance: (by) => {
      seconds += by;
    },
  };
}

/** The clock of this machine, for tests that wait for real servers. */
export const realClock: Clock = { now: () => Math.floor(Date.now() / 1000), monotonic: () => performance.now() };

export function countingIds(): Ids {
  let count = 0;
  return { next: () => `id-${++count}` };
}

export function recordingAudit(): Audit & { readonly events: AuditEvent[] } {
  const events: AuditEvent[] = [];
  const record = (event: AuditEvent): void => void events.push(event);
  return { events, record, commit: async (committed) => committed.forEach(record) };
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export function recordingLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      void lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** An audit trail whose lines go to a log. */
export function loggedAudit(log: Log): Audit {
  const record = (event: AuditEvent): void => {
    for (const { level, message, fields } of auditLines(event)) log[level](message, fields);
  };
  return { record, commit: async (committed) => committed.forEach(record) };
}

/** What a broker writes to, kept in memory. */
export function recordingLogs(log: Log = recordingLog()): Logs {
  return {
    log,
    trail: loggedAudit(log),
    dropped: () => ({}),
    auditState: () => 'ok',
    reopen: () => undefined,
    close: async () => undefined,
  };
}

/** A shield that lets everything through, for tests of what stands behind it. */
export const noShield: Shield = {
  begin: (credential) => ({
    ask: async (authenticator, deadline) => ({
      outcome: await authenticator.authenticate(credential, deadline),
      source: 'backend',
    }),
    end: async () => undefined,
  }),
  flush: async () => undefined,
  endAnswers: async () => undefined,
};

/** A timer under which no time passes. */
export const noWaiting: Timer = {
  sleep: async () => undefined,
  turn: async () => undefined,
  within: (work) => work,
};
