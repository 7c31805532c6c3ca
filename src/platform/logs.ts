/** The log on standard error and the audit trail, which is a part of it or a file of its own. */
import type { Audit, Log } from '../core/ports.ts';
import { createAuditTrail } from './audit/audit-trail.ts';
import type { AuditTrailOptions } from './audit/audit-trail.ts';
import { LineWriter } from './line-writer.ts';
import { createLog, lossLine, recoveryLine } from './log.ts';
import type { LogLevel } from './log.ts';

interface LogsOptions {
  readonly level: LogLevel;
  /** The descriptor of the log. 2 is standard error. */
  readonly fd: number;
  /** The path of the audit file; undefined: audit lines go to the log. */
  readonly auditFile: string | undefined;
  readonly onLoss: AuditTrailOptions['onLoss'];
}

/** Lines dropped so far, by target: `log`, and `audit` where it is a file of its own. */
type DroppedLines = Readonly<Record<string, number>>;

export interface Logs {
  readonly log: Log;
  readonly trail: Audit;
  /** For metrics. */
  dropped(): DroppedLines;
  /**
   * `failing`: audit lines cannot be written at the moment. `refusing`: they cannot, and so no token is issued.
   */
  auditState(): 'ok' | 'failing' | 'refusing';
  /** Opens the audit file again, after a rotation. */
  reopen(): void;
  /** Waits for lines that are not written yet, at most a second. */
  close(): Promise<void>;
}

const CLOSE_MS = 1000;

export function openLogs({ level, fd, auditFile, onLoss }: LogsOptions): Logs {
  const dropped: Record<string, number> = {};
  const countAs = (target: string) => (): void => {
    dropped[target] = (dropped[target] ?? 0) + 1;
  };
  const main = new LineWriter({ fd }, { lossLine, recoveryLine, onDrop: countAs('log') });
  const log = createLog(level, main);
  const audit = auditFile === undefined ? main : auditWriter(auditFile, log, countAs('audit'));
  return {
    log,
    trail: createAuditTrail({ writer: audit, level, onLoss }),
    dropped: () => ({ log: 0, ...(auditFile === undefined ? {} : { audit: 0 }), ...dropped }),
    auditState: () => {
      if (audit.failure === undefined && !audit.isBlocked) return 'ok';
      return onLoss === 'refuse' ? 'refusing' : 'failing';
    },
    reopen: () => audit.reopen(),
    close: async () => {
      // The audit file may report its last failure to the log.
      if (audit !== main) await audit.close(CLOSE_MS);
      await main.close(CLOSE_MS);
    },
  };
}

function auditWriter(path: string, log: Log, onDrop: () => void): LineWriter {
  return new LineWriter(
    { path },
    {
      lossLine,
      recoveryLine,
      onDrop,
      onFailure: (cause) => {
        if (cause === undefined) log.info('audit file works again', { path });
        else log.error('audit file cannot be written', { path, cause });
      },
    },
  );
}
