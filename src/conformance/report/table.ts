/** The report for people. */
import { failures } from '../result.ts';
import type { Report, Result } from '../result.ts';

const WORDS = { pass: 'ok', fail: 'FAIL', skip: '-', blocked: 'blocked' } as const;

/** @param isWhole whether all checks are listed, and not only those that failed */
export function tableReport(report: Report, isWhole: boolean): string {
  const listed = report.results.filter(({ outcome }) => isWhole || outcome === 'fail');
  const width = Math.max(0, ...listed.map(({ check }) => check.id.length));
  return [
    ...listed.flatMap((result) => linesOf(result, width)),
    ...(isWhole ? [] : blockedLines(report)),
    ...summary(report),
    '',
  ].join('\n');
}

/** One line for each cause: a wrong password blocks nearly all checks. */
function blockedLines({ results }: Report): readonly string[] {
  const blocked = results.filter(({ outcome }) => outcome === 'blocked');
  return [...Map.groupBy(blocked, ({ text }) => text)].map(([text, checks]) => {
    const ids = checks.slice(0, MAX_NAMED).map(({ check }) => check.id);
    const more = checks.length > MAX_NAMED ? ` and ${checks.length - MAX_NAMED} more` : '';
    return `${WORDS.blocked}  ${text}: ${ids.join(', ')}${more}`;
  });
}

const MAX_NAMED = 4;

function linesOf({ check, outcome, text }: Result, width: number): readonly string[] {
  const line = `${WORDS[outcome].padEnd(7)}  ${check.level.padEnd(6)}  ${check.id.padEnd(width)}  ${check.title}`;
  if (outcome !== 'fail') return [text === '' ? line : `${line} (${text})`];
  return [line, `         found: ${text}`, `         breaks: ${check.breaks}`, `         source: ${check.source}`];
}

function summary(report: Report): readonly string[] {
  const { must, should, may } = failures(report);
  const count = (outcome: Result['outcome']): number =>
    report.results.filter((result) => result.outcome === outcome).length;
  const blocked = count('blocked');
  return [
    `${report.name === '' ? report.url : `${report.name} at ${report.url}`}: ` +
      `${count('pass')} passed, ${count('fail')} failed (${must} must, ${should} should, ${may} may), ` +
      `${count('skip')} do not apply${blocked === 0 ? '' : `, ${blocked} blocked by a failure`}`,
    `${report.requests} requests in ${report.seconds} s`,
  ];
}
