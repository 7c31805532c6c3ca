/** The report in the format of JUnit, which CI systems show. A failed `may` is not a failure there. */
import type { Report, Result } from '../result.ts';
import { escapeMarkup } from './escape.ts';

export function junitReport(report: Report): string {
  const groups = Map.groupBy(report.results, ({ check }) => check.id.split('.', 1)[0] ?? '');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="conformance of ${escapeMarkup(report.name || report.url)}" time="${report.seconds}">`,
    ...[...groups].flatMap(([group, results]) => suite(group, results)),
    '</testsuites>',
    '',
  ].join('\n');
}

const isFailure = ({ outcome, check }: Result): boolean => outcome === 'fail' && check.level !== 'may';

function suite(group: string, results: readonly Result[]): readonly string[] {
  const failed = results.filter(isFailure).length;
  const skipped = results.filter(({ outcome }) => outcome === 'skip' || outcome === 'blocked').length;
  return [
    `  <testsuite name="${escapeMarkup(group)}" tests="${results.length}" failures="${failed}" errors="0" skipped="${skipped}">`,
    ...results.flatMap(testCase),
    '  </testsuite>',
  ];
}

function testCase(result: Result): readonly string[] {
  const { check, outcome, text } = result;
  const open = `    <testcase classname="${escapeMarkup(check.level)}" name="${escapeMarkup(`${check.id}: ${check.title}`)}"`;
  const close = '    </testcase>';
  if (outcome === 'pass') return [`${open}/>`];
  if (isFailure(result)) {
    const body = `breaks: ${check.breaks}\nsource: ${check.source}`;
    return [`${open}>`, `      <failure message="${escapeMarkup(text)}">${escapeMarkup(body)}</failure>`, close];
  }
  if (outcome === 'fail') return [`${open}>`, `      <system-out>may: ${escapeMarkup(text)}</system-out>`, close];
  return [`${open}>`, `      <skipped message="${escapeMarkup(text)}"/>`, close];
}
