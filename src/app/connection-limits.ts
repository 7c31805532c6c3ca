/** How many connections each listener may have open, so that the process never runs out of file descriptors. */
import { readFileSync } from 'node:fs';

interface ConnectionCounts {
  readonly main: number;
  readonly admin: number;
}

/** File descriptors for everything else: configuration files, the store, logs, connections to backends. */
const RESERVED = 96;
const ADMIN = 32;
/** A TLS connection takes some 50 KB of memory: 200 MB for all. */
const DEFAULT_MAX = 4096;
/** Few, but a broker with a very low limit still serves. */
const LEAST = 16;

/**
 * @param openFiles the limit of the process on open files (RLIMIT_NOFILE)
 * @param configured `maxConnections` of the configuration
 */
export function connectionCounts(openFiles: number, configured: number | undefined): ConnectionCounts {
  const available = Math.max(LEAST, openFiles - RESERVED - ADMIN);
  return { main: Math.min(configured ?? DEFAULT_MAX, available), admin: ADMIN };
}

/** The soft limit of this process on open files. Node raises it to the hard limit when it starts. */
export function openFileLimit(): number {
  return limitOfLinux() ?? limitInReport() ?? Infinity;
}

/** To read it from Linux takes a tenth of the time of a report. */
function limitOfLinux(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

function limitInReport(): number | undefined {
  // The report would look up the names of all peers otherwise.
  Reflect.set(process.report, 'excludeNetwork', true);
  const report: unknown = process.report.getReport();
  return softLimitIn(report);
}

function softLimitIn(report: unknown): number | undefined {
  const soft = ['userLimits', 'open_files', 'soft'].reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    report,
  );
  return typeof soft === 'number' ? soft : typeof soft === 'string' && /^\d+$/.test(soft) ? Number(soft) : undefined;
}
