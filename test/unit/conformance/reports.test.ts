/** Reports: what they count, and that nothing a server sends becomes markup, a new line or a command of the terminal. */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/conformance/checks/index.ts';
import { FORMATS, writeReport } from '../../../src/conformance/report/index.ts';
import { failsAt, failures } from '../../../src/conformance/result.ts';
import type { Outcome, Report } from '../../../src/conformance/result.ts';

const EVIL = `<script>alert("x")</script> & 'quotes' ]]> # SKIP`;

function checkOf(id: string): Report['results'][number]['check'] {
  const found = CHECKS.find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}

const result = (id: string, outcome: Outcome, text = ''): Report['results'][number] => ({
  check: checkOf(id),
  outcome,
  text,
});

const REPORT: Report = {
  url: 'https://auth.example.com/token',
  name: `server ${EVIL}`,
  time: '2026-05-04T09:30:00.000Z',
  requests: 5,
  seconds: 1.5,
  results: [
    result('answer.status', 'pass'),
    result('answer.json', 'fail', EVIL),
    result('answer.no-store', 'fail', 'Cache-Control is ""'),
    result('answer.issued-at-absent', 'fail', 'issued_at is present'),
    result('claims.type', 'blocked', 'not tried, because answer.json failed'),
    result('keys.zot', 'skip', 'the server file does not list this registry'),
  ],
};

describe('a report', () => {
  it('counts failures by level', () => {
    expect(failures(REPORT)).toEqual({ must: 1, should: 1, may: 1 });
  });

  it('fails at a level when a check of it or of a more important one failed', () => {
    const only = (id: string): Report => ({ ...REPORT, results: [result(id, 'fail')] });

    expect(['must', 'should', 'may'].map((level) => failsAt(only('answer.no-store'), level as 'must'))).toEqual([
      false,
      true,
      true,
    ]);
    expect(failsAt({ ...REPORT, results: [result('answer.json', 'blocked')] }, 'may')).toBe(false);
  });

  it('lists in the table what failed with its reason, and the rest on request', () => {
    const short = writeReport(REPORT, 'human', false);

    expect(short).toContain('FAIL     must    answer.json');
    expect(short).toContain('breaks: No client finds the token.');
    expect(short).not.toContain('answer.status');
    expect(short).toContain('blocked  not tried, because answer.json failed: claims.type\n');
    expect(short).toContain('1 passed, 3 failed (1 must, 1 should, 1 may), 1 do not apply, 1 blocked by a failure');
    expect(writeReport(REPORT, 'human', true)).toContain('ok       must    answer.status');
  });

  it('is JSON with the source and the consequence of each check', () => {
    const parsed = JSON.parse(writeReport(REPORT, 'json', false)) as { results: object[] };

    expect(parsed).toMatchObject({ version: 1, failures: { must: 1, should: 1, may: 1 }, requests: 5 });
    expect(parsed.results[1]).toMatchObject({
      id: 'answer.json',
      level: 'must',
      outcome: 'fail',
      text: EVIL,
      source: expect.stringMatching(/./),
      breaks: expect.stringMatching(/./),
    });
  });

  it('is JUnit in which a failed may is no failure', () => {
    const xml = writeReport(REPORT, 'junit', false);

    expect(xml).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="conformance of server &lt;script&gt;/,
    );
    expect(xml).toContain('<testsuite name="answer" tests="4" failures="2" errors="0" skipped="0">');
    expect(xml.match(/<failure /g)).toHaveLength(2);
    expect(xml.match(/<skipped /g)).toHaveLength(2);
    expect(xml).toContain('<system-out>may: issued_at is present</system-out>');
    expect(xml).not.toMatch(/<script|[^&]' quotes|& /);
  });

  it('is TAP in which a failed may is a TODO', () => {
    const lines = writeReport(REPORT, 'tap', false).split('\n');

    expect(lines.slice(0, 3)).toEqual([
      'TAP version 14',
      '1..6',
      'ok 1 - answer.status: A request with correct credentials is answered 200',
    ]);
    expect(lines.filter((line) => line.startsWith('not ok'))).toEqual([
      'not ok 2 - answer.json: The answer is a JSON object',
      'not ok 3 - answer.no-store: The answer must not be cached (Cache-Control: no-store)',
      'not ok 4 - answer.issued-at-absent: `issued_at` is left out # TODO may',
    ]);
    expect(lines.filter((line) => / # SKIP /.test(line) && line.startsWith('ok'))).toHaveLength(2);
  });

  it('is a page without scripts that loads nothing', () => {
    const html = writeReport(REPORT, 'html', false);

    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;quotes&#39;');
    expect(html).not.toMatch(/<script|\bon\w+=|src=|href=|url\(/);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it.each(FORMATS)('has no control characters that XML forbids in %s', (format) => {
    const text = writeReport(
      { ...REPORT, results: [result('answer.json', 'fail', 'a\u0000b\u001b[31m')] },
      format === 'json' ? 'junit' : format,
      true,
    );

    if (format === 'junit' || format === 'html') expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(text).toContain('answer.json');
  });
});
