/** The report in the Test Anything Protocol, version 14. A failed `may` is marked as TODO, which is no failure. */
import type { Report, Result } from '../result.ts';

export function tapReport({ results }: Report): string {
  return ['TAP version 14', `1..${results.length}`, ...results.flatMap(linesOf), ''].join('\n');
}

function linesOf({ check, outcome, text }: Result, index: number): readonly string[] {
  const point = `${index + 1} - ${escapeTap(`${check.id}: ${check.title}`)}`;
  if (outcome === 'pass') return [`ok ${point}`];
  if (outcome === 'skip' || outcome === 'blocked') return [`ok ${point} # SKIP ${escapeTap(text)}`];
  return [
    `not ok ${point}${check.level === 'may' ? ' # TODO may' : ''}`,
    '  ---',
    `  level: ${check.level}`,
    `  found: ${JSON.stringify(text)}`,
    `  breaks: ${JSON.stringify(check.breaks)}`,
    `  source: ${JSON.stringify(check.source)}`,
    '  ...',
  ];
}

function escapeTap(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('#', String.raw`\#`)
    .replaceAll(/[\r\n]+/g, ' ');
}
