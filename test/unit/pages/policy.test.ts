/** Parts of the pages about the policy that the sample pages do not show. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { shadowPage } from '../../../src/pages/admin/shadow.ts';
import { SCRIPT, STYLE } from '../../../src/pages/assets.ts';
import type { Page } from '../../../src/pages/page.ts';
import { clockTime } from '../../../src/pages/parts/time.ts';
import { sourceExcerpt, sourceText } from '../../../src/pages/parts/policy-text.ts';
import { urlsUnder } from '../../../src/pages/template/url.ts';

const LONG = Array.from({ length: 1000 }, (_, index) => `line ${index + 1}`).join('\n');
const warning = (line: number) => ({ line, severity: 'warning' as const, message: 'a finding' });

/** Each item of the list, as `number: text`. */
function itemsOf(list: string): readonly string[] {
  let number = 0;
  return [...list.matchAll(/<li\s+(?:value="(\d+)")?\s*>\s*<code>([^<]*)<\/code>/g)].map(([, value, text = '']) => {
    number = value === undefined ? number + 1 : Number(value);
    return `${number}: ${text}`;
  });
}

describe('an excerpt of a policy', () => {
  it('of a long text has the lines around its findings, with their numbers', () => {
    const items = itemsOf(sourceExcerpt(LONG, [warning(2), warning(500), warning(503)])?.toString() ?? '');

    expect(items.map((item) => item.replace(/: .*/, ''))).toEqual(
      [1, 2, 3, 4, 5, 497, 498, 499, 500, 501, 502, 503, 504, 505, 506].map(String),
    );
    expect(items.every((item) => item.replace(': line', '').split(' ')[0] === item.split(' ').at(-1))).toBe(true);
  });

  it('has a finding about the text as a whole in its first line, and one after its end in its last', () => {
    const list = sourceExcerpt(LONG, [warning(0), warning(1001)])?.toString() ?? '';

    expect(list.match(/a finding/g)).toHaveLength(2);
    expect(itemsOf(list).at(-1)).toBe('1000: line 1000');
  });

  it('of a long text without findings is nothing, and of a short text is all', () => {
    expect(sourceExcerpt(LONG, [])).toBe(undefined);
    expect(itemsOf(sourceExcerpt('a\nb', [])?.toString() ?? '')).toEqual(['1: a', '2: b']);
  });

  it('is not what the page of the policy shows: that has every line', () => {
    expect(itemsOf(sourceText(LONG, [warning(2)]).toString())).toHaveLength(1000);
  });
});

it('a time of an earlier day has its date', () => {
  const now = Date.parse('2026-05-04T09:30:00Z') / 1000;

  expect(clockTime(now - 60, now).toString()).toContain('>09:29:00<');
  expect(clockTime(now - 86_400, now).toString()).toContain('>3 May 09:30:00<');
});

it('the page of the shadow policy with as many differences as it shows is at most 20 KB with style and script, compressed', () => {
  const url = urlsUnder('');
  const site = { url, style: url`/style.css`, script: url`/app.js`, version: '1.4.0' };
  const page: Page = { site, now: 1_780_000_000, requestId: 'r-1' };
  const rows = Array.from({ length: 100 }, (_, index) => ({
    requestId: `01JZ4R8T6QF${(index * 7919 * 104_729) % 999_999_937}`,
    at: page.now - index * 977,
    username: `person-${(index * 7919) % 1000}`,
    name: `team-${(index * 31) % 17}/service-${(index * 7793) % 997}`,
    asked: ['pull', 'push'],
    service: 'registry.example.com',
    from: `10.${index % 7}.${(index * 37) % 251}.${(index * 101) % 253}`,
    before: {
      granted: ['pull', 'push'],
      rules: [{ rule: 'teams own', place: 'policy.yaml:7', effect: 'allow' as const }],
    },
    after: { granted: ['pull'], rules: [{ rule: 'freeze', place: `next.yaml:${index}`, effect: 'deny' as const }] },
  }));
  const shadow = { revision: '99aa88bb77cc', isStale: false, same: 1, differing: 2000, since: page.now };
  const filter = { person: '', repository: '', change: '' };

  const text = shadowPage(page, { shadow, rows, hidden: 900, capacity: 1000, filter }).toString();

  expect(text.match(/01JZ4R8T6QF\d/g)).toHaveLength(100);
  expect(gzipSync(text).length + gzipSync(STYLE).length + gzipSync(SCRIPT).length).toBeLessThan(20 * 1024);
});
