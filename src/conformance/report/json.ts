/** The report as JSON. */
import { failures } from '../result.ts';
import type { Report } from '../result.ts';

export function jsonReport(report: Report): string {
  const { results, ...about } = report;
  const rows = results.map(({ check: { id, level, title, source, breaks }, outcome, text }) => ({
    id,
    level,
    outcome,
    title,
    ...(text === '' ? {} : { text }),
    source,
    breaks,
  }));
  return `${JSON.stringify({ version: 1, ...about, failures: failures(report), results: rows }, undefined, 2)}\n`;
}
