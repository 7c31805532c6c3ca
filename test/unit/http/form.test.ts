/** The fields of forms and queries. */
import { describe, expect, it } from 'vitest';
import { singleValue } from '../../../src/http/form.ts';

describe('a parameter with a single value', () => {
  it.each([
    ['is absent', 'b=1', undefined],
    ['is empty', 'a=', ''],
    ['is there once', 'a=1&b=2', '1'],
    ['is there twice with the same value', 'a=1&a=1', '1'],
  ])('%s', (_what, form, value) => {
    expect(singleValue(new URLSearchParams(form), 'a')).toBe(value);
  });

  it('is refused with several values, of which two readers could take different ones', () => {
    expect(() => singleValue(new URLSearchParams('a=1&a=2'), 'a')).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: 'the parameter a has several values' }),
    );
  });
});
