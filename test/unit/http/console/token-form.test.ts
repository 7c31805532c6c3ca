import { describe, expect, it } from 'vitest';
import { emptyForm, orderOf, readTokenForm } from '../../../../src/http/console/token-form.ts';
import type { TokenForm } from '../../../../src/pages/create-token.ts';

const NOW = Date.parse('2026-05-04T09:30:00Z') / 1000;
const DAY = 86_400;
const SERVICES = ['a.example.com', 'b.example.com'];
const FORM: TokenForm = {
  ...emptyForm(SERVICES, 90 * DAY, false),
  name: 'laptop',
};
const LIMIT = { service: 'a.example.com', repositories: 'web/**\r\npublic/app', actions: ['pull', 'push'] };

function problemsOf(form: Partial<TokenForm>): Readonly<Record<string, string>> {
  const result = orderOf({ ...FORM, ...form }, NOW);
  return result.kind === 'problems' ? Object.fromEntries(result.problems) : {};
}

describe('the form of a token', () => {
  it('asks for a token without limits unless the configuration requires them', () => {
    expect(orderOf(FORM, NOW)).toEqual({
      kind: 'order',
      order: { name: 'laptop', limits: undefined, networks: undefined, lifetime: 90 * DAY },
    });
    expect(emptyForm(SERVICES, 90 * DAY, true).rights).toBe('limited');
  });

  it('asks for limits, networks and an end at a date', () => {
    expect(
      orderOf(
        {
          ...FORM,
          rights: 'limited',
          limits: [LIMIT],
          networks: '10.0.0.0/8, 192.0.2.1',
          ends: 'date',
          date: '2026-05-05',
        },
        NOW,
      ),
    ).toEqual({
      kind: 'order',
      order: {
        name: 'laptop',
        limits: [{ service: 'a.example.com', repositories: ['web/**', 'public/app'], actions: ['pull', 'push'] }],
        networks: ['10.0.0.0/8', '192.0.2.1'],
        lifetime: Date.parse('2026-05-05T23:59:59Z') / 1000 - NOW,
      },
    });
  });

  it.each([
    ['name', { name: '' }],
    ['name', { name: 'a\u202eb' }],
    ['ends', { ends: '' }],
    ['ends', { ends: '-1' }],
    ['ends', { ends: '1.5' }],
    ['date', { ends: 'date', date: '2026-05-03' }],
    ['date', { ends: 'date', date: 'tomorrow' }],
    ['networks', { networks: '10.2' }],
    ['limits.0.repositories', { rights: 'limited', limits: [{ ...LIMIT, repositories: ' ' }] }],
    ['limits.0.repositories', { rights: 'limited', limits: [{ ...LIMIT, repositories: 'Web/**' }] }],
    ['limits.0.repositories', { rights: 'limited', limits: [{ ...LIMIT, repositories: '{user}/**' }] }],
    ['limits.0.actions', { rights: 'limited', limits: [{ ...LIMIT, actions: ['fly'] }] }],
  ] as const)('says at the field %s what is wrong with %j', (field, form) => {
    expect(Object.keys(problemsOf(form))).toEqual([field]);
    expect(problemsOf(form)[field]).toMatch(/^[A-Z"\d{].*\.$/);
  });

  it('counts what is not chosen as limited, so that a damaged form makes no token without limits', () => {
    expect(readTokenForm(new URLSearchParams({ name: 'x' }), SERVICES).rights).toBe('limited');
  });

  it('keeps the values that were sent, and adds a limit where that was asked for', () => {
    const sent = new URLSearchParams([
      ['name', 'laptop'],
      ['rights', 'limited'],
      ['limits.0.service', 'b.example.com'],
      ['limits.0.repositories', 'web/**'],
      ['limits.0.actions', 'pull'],
      ['limits.0.actions', 'push'],
      ['do', 'add-limit'],
    ]);

    expect(readTokenForm(sent, SERVICES).limits).toEqual([
      { service: 'b.example.com', repositories: 'web/**', actions: ['pull', 'push'] },
      { service: 'a.example.com', repositories: '', actions: ['pull'] },
    ]);
  });

  it('has at most ten limits, whatever is sent', () => {
    const many = Array.from({ length: 100 }, (_, index): [string, string] => [`limits.${index}.service`, 'a']);

    expect(readTokenForm(new URLSearchParams([...many, ['do', 'add-limit']]), SERVICES).limits).toHaveLength(10);
  });
});
