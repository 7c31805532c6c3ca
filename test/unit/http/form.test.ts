/** The fields of forms and queries. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { parseForm, queryOf, singleValue } from '../../../src/http/form.ts';
import { openHttpApp } from '../../support/http-app.ts';

const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' };
const FORM_TEXT = 'grant_type=password&service=registry.example.com&username=alice&password=secret';

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

describe('the form of a POST', () => {
  it.each([
    ['of a known length', {}, FORM_TEXT],
    ['of an unknown length', { 'transfer-encoding': 'chunked' }, FORM_TEXT],
  ])('%s is read', async (_what, headers, body) => {
    await using app = await openHttpApp();

    const { status } = await app.send('/token', { method: 'POST', headers: { ...FORM_HEADERS, ...headers }, body });

    expect([status, app.credentials]).toEqual([200, [['alice', 'secret']]]);
  });
});

describe('a form', () => {
  it('of the largest size has its fields', () => {
    const policy = `a&b${'\n'.repeat(1_000_000)}`;

    const fields = parseForm(`policy=${encodeURIComponent(policy)}&other=1`);

    expect([fields.get('policy') === policy, fields.get('other')]).toEqual([true, '1']);
  });
});

describe.each([
  ['a form', (text: string) => parseForm(text)],
  ['a query', (text: string) => queryOf({ url: `/token?${text}` })],
])('%s', (_what, parse) => {
  it.each([
    [1000, 'none'],
    [1001, 'too_many_fields'],
    // Without the limit, this one blocks the event loop for a second.
    [200_000, 'too_many_fields'],
  ])('with %i fields: %s', (count, code) => {
    const read = (): string => {
      try {
        parse(Array(count).fill('a').join('&'));
        return 'none';
      } catch (error) {
        return error instanceof BrokerError ? error.code : 'another error';
      }
    };

    expect(read()).toBe(code);
  });
});
