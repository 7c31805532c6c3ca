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
