/** What backends log while a command runs, for the output of the command. */
import type { Log } from '../core/ports.ts';

interface BackendRemarks {
  readonly log: Log;
  /** Each warning and error once, without those whose cause is in one of the given texts already. */
  lines(reported?: readonly string[]): readonly string[];
}

interface Remark {
  readonly text: string;
  readonly cause: string | undefined;
}

export function collectRemarks(): BackendRemarks {
  const remarks: Remark[] = [];
  const add = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    remarks.push({ text: sentence(message, fields), cause: text(fields['cause']) });
  };
  return {
    log: { debug: () => undefined, info: () => undefined, warn: add, error: add },
    lines: (reported = []) => {
      const isReported = (cause: string): boolean => reported.some((known) => known.includes(cause));
      const others = remarks.filter(({ cause }) => cause === undefined || !isReported(cause));
      return [...new Set(others.map((remark) => remark.text))];
    },
  };
}

/** `backend corp: unencrypted directory connection: …; server ldap://dc1`. */
function sentence(message: string, { backend, ...fields }: Readonly<Record<string, unknown>>): string {
  const name = text(backend);
  const details = Object.entries(fields).map(([key, value]) => `; ${key} ${text(value) ?? JSON.stringify(value)}`);
  return `${name === undefined ? '' : `backend ${name}: `}${message}${details.join('')}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
