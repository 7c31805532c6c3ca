/** What audit lines show of texts that clients choose. */
import { describe, expect, it } from 'vitest';
import { auditLines } from '../../../../src/platform/audit/audit-lines.ts';
import { FAIRLEAD_TOKENS } from '../../../support/fairlead-tokens.ts';

const request = { requestId: 'id-1', client: '192.0.2.1' };

function fieldsOf(text: string) {
  const [line] = auditLines({
    type: 'token.refused',
    request,
    code: 'invalid_credentials',
    service: text,
    username: text,
    cause: 'a cause',
  });
  return line?.fields;
}

it.each(FAIRLEAD_TOKENS)('an audit line masks %s that was sent as a user name or service', (_what, token) => {
  expect(fieldsOf(token)).toMatchObject({ user: '[token]', service: '[token]' });
});

it('an audit line shows an ordinary user name, and cuts a long one', () => {
  expect(fieldsOf('alice')).toMatchObject({ user: 'alice', service: 'alice' });
  expect(fieldsOf('a'.repeat(300))).toMatchObject({ user: `${'a'.repeat(256)}…` });
});

it('an audit line hides a password that a broken form joined to the name', () => {
  expect(fieldsOf('alice)password=Winter2026!')).toMatchObject({ user: 'alice)password=[hidden]' });
});

it('the audit line of a refused token request has the backend, the reason and the limit', () => {
  const [line] = auditLines({
    type: 'token.refused',
    request,
    code: 'too_many_attempts',
    service: 'r',
    backend: 'corp',
    reason: 'too-many-attempts',
    limit: 'address',
    cause: 'too-many-attempts',
  });

  expect(line?.fields).toMatchObject({ backend: 'corp', reason: 'too-many-attempts', limit: 'address' });
});

it.each([
  ['without a credential', { isAnonymous: true }, { user: '', anonymous: true }],
  ['with a refresh token of alice', { owner: 'alice', backend: 'corp' }, { user: 'alice', backend: 'corp' }],
  ['with a credential that nobody knows', {}, {}],
])('the audit line of a refused token request %s says whose it was', (_what, about, expected) => {
  const refused = { type: 'token.refused', request, code: 'refresh_token_refused', service: 'r', cause: 'c' } as const;

  const { user, backend, anonymous } = auditLines({ ...refused, ...about })[0]?.fields ?? {};

  expect({ user, backend, anonymous }).toEqual(expected);
});

it('the audit line of a refused request at a proxy has the account of its refresh token', () => {
  const about = { outcome: 'refresh_token_refused', owner: 'alice', backend: 'corp', cause: 'c' } as const;

  const [line] = auditLines({ type: 'access.checked', request, service: 'r', needs: [], ...about });

  expect(line?.fields).toMatchObject({ user: 'alice', backend: 'corp' });
});

it('an audit line says that nothing is granted when the only scope cannot be parsed', () => {
  const [line] = auditLines({
    type: 'token.issued',
    request,
    time: 0,
    caller: { kind: 'anonymous' },
    service: 'r',
    grants: [],
    attributes: new Map(),
    malformed: ['web/shop:push'],
    tokenId: 'id-2',
    isReused: false,
    policyRevision: 'r1',
    expiresIn: 300,
  });

  expect(line?.fields).toMatchObject({ outcome: 'none', malformed: ['web/shop:push'] });
});

it.each([
  ['doctor_probe', 'info'],
  ['internal', 'error'],
  ['invalid_credentials', 'warn'],
] as const)('a refused token request with the code %s is logged as %s', (code, level) => {
  const lines = auditLines({ type: 'token.refused', request, code, service: 'r', cause: 'a cause' });

  expect(lines.map((line) => line.level)).toEqual([level]);
});

describe('the line of an operation of the API', () => {
  const operation = { type: 'api', request: { requestId: 'id-1', client: '192.0.2.7' }, operation: 'flush' } as const;

  it('has the owner and the id of the token, and whether it was done', () => {
    expect(
      auditLines({ ...operation, via: 'personal-token', outcome: 'done', username: 'alice', token: 'abc' }),
    ).toEqual([
      {
        level: 'info',
        message: 'API operation done',
        fields: {
          event: 'api',
          requestId: 'id-1',
          client: '192.0.2.7',
          operation: 'flush',
          outcome: 'done',
          via: 'personal-token',
          user: 'alice',
          personalToken: 'abc',
        },
      },
    ]);
  });

  it.each(['failed', 'refused'] as const)('is a warning when it was %s', (outcome) => {
    expect(auditLines({ ...operation, via: 'socket', outcome })).toMatchObject([{ level: 'warn' }]);
  });
});

const checked = {
  type: 'access.checked',
  request,
  service: 'r',
  needs: [{ type: 'repository', name: 'web/a', actions: ['pull'] }],
} as const;

it.each([
  'allowed',
  'token_required',
  'access_denied',
  'untrusted_proxy',
  'unclear_request',
  'login_required',
] as const)('a request that a proxy asks about has no line of its own with the outcome %s', (outcome) => {
  expect(auditLines({ ...checked, outcome })).toEqual([]);
});

it.each([
  ['insufficient_scope', 'info'],
  ['token_invalid', 'info'],
  ['unknown_route', 'warn'],
  ['invalid_credentials', 'warn'],
  ['backend_unavailable', 'warn'],
  ['internal', 'error'],
] as const)('a request that a proxy asks about and that ends with %s is logged as %s', (outcome, level) => {
  const [line] = auditLines({ ...checked, outcome, username: `flr_${'x'.repeat(43)}`, cause: 'a cause' });

  expect(line).toMatchObject({
    level,
    message: 'access refused',
    fields: { code: outcome, user: '[token]', asked: ['repository:web/a:pull'], cause: 'a cause' },
  });
});
