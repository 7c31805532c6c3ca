/** Writes the audit line of each event, to the log or to a file of its own. */
import { BrokerError } from '../../core/errors.ts';
import type { AuditEvent } from '../../core/events.ts';
import type { Audit } from '../../core/ports.ts';
import type { LineWriter } from '../line-writer.ts';
import { logLine } from '../log.ts';
import type { LogLevel } from '../log.ts';
import { auditLines } from './audit-lines.ts';

export interface AuditTrailOptions {
  readonly writer: LineWriter;
  /** The least severe lines that are written. */
  readonly level: LogLevel;
  /** `count`: a line that is lost is counted. `refuse`: a token whose line cannot be written is not issued. */
  readonly onLoss: 'count' | 'refuse';
}

/** Docker waits 15 s for a token; what is not written by then is not written in time. */
const WRITE_MS = 3000;
const SEVERITY: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

export function createAuditTrail({ writer, level, onLoss }: AuditTrailOptions): Audit {
  function linesOf(event: AuditEvent): readonly string[] {
    return auditLines(event)
      .filter((line) => SEVERITY[line.level] <= SEVERITY[level])
      .map((line) => logLine(line.level, line.message, line.fields));
  }

  function record(event: AuditEvent): void {
    for (const line of linesOf(event)) writer.write(line, event.type);
  }

  /**
   * INVARIANT: with `refuse`, a token is issued only after its line is written, and each such line is of a token. The lines
   * of one request are written as one text, so that none is written without the others.
   */
  async function commit(events: readonly AuditEvent[]): Promise<void> {
    const [first] = events;
    if (first === undefined) return;
    if (onLoss === 'count') return events.forEach(record);
    const lines = events.flatMap(auditLines).map(({ level: at, message, fields }) => logLine(at, message, fields));
    const outcome = await writer.writeWithin(lines.join('\n'), first.type, WRITE_MS);
    if (outcome === 'written') return;
    if (outcome === 'unfinished') {
      const cause = 'the audit line was not written in time';
      record({ type: 'token.withheld', request: first.request, cause });
    }
    const cause = writer.failure ?? 'its reader does not read';
    throw new BrokerError('audit_unavailable', `audit line not written: ${cause}`, { retryAfter: 5 });
  }

  return { record, commit };
}
