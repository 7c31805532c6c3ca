import { expect, it } from 'vitest';
import { csvLine } from '../../../../src/http/console/csv.ts';

it('a field with a comma, a quote or a line end is quoted', () => {
  expect(csvLine(['a', 'b,c', 'd"e', 'f\ng'])).toBe('a,"b,c","d""e","f\ng"\r\n');
});

it.each(['=HYPERLINK("x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])(
  'the field %j is a text for a spreadsheet, and no formula',
  (value) => {
    expect(csvLine([value])).toMatch(/^"?'/);
  },
);

it.each([
  ['alice;=HYPERLINK("http://evil.example")', `alice;'=HYPERLINK`],
  ['alice;"=1+1"', `alice;'""=1+1""`],
  ['alice\n@SUM(A1)', `alice\n'@SUM`],
  ['alice\t+1', `alice\t'+1`],
  ['\uFF1D1+1', `'\uFF1D1`],
])('%j has no formula where a spreadsheet splits lines at semicolons or line ends', (value, text) => {
  expect(csvLine([value])).toContain(text);
});

it('a semicolon, a date and an address stay as they are', () => {
  expect(csvLine(['a; b', '2026-11-28', '10.0.0.1'])).toBe('a; b,2026-11-28,10.0.0.1\r\n');
});
