import { describe, expect, it } from 'vitest';
import { judge } from '../../../../../src/backends/oidc/client/verdict.ts';
import type { RefusalRules, Verdict } from '../../../../../src/backends/oidc/client/verdict.ts';

const PLAIN: RefusalRules = { deniedStatus: [], misconfiguredStatus: [], errors: {} };
const BARE: RefusalRules = { ...PLAIN, deniedStatus: [401, 403], misconfiguredStatus: [400, 401] };

interface Said {
  readonly status?: number;
  readonly error?: string;
  readonly description?: string;
  readonly codes?: readonly number[];
}

function verdict({ status = 400, error, description, codes = [] }: Said, rules = PLAIN): Verdict {
  return judge({ kind: 'answer', status, error, description, codes, retryAfter: undefined }, rules);
}

const entra = (code: number, error = 'invalid_grant'): Verdict => verdict({ error, codes: [code] });

describe('what an OpenID provider means', () => {
  it.each([
    ['invalid_grant', 'wrong-password'],
    ['access_denied', 'wrong-password'],
    ['mfa_required', 'mfa-required'],
    ['interaction_required', 'mfa-required'],
  ])('by %s is the user’s: %s', (error, reason) => {
    expect(verdict({ error })).toMatchObject({ kind: 'rejected', reason });
  });

  it.each([
    ['Account disabled', 'disabled'],
    ['Account is not fully set up', 'must-change-password'],
    ['User account is locked', 'locked'],
    ['Password has expired', 'password-expired'],
    ['Resource owner password credentials authentication denied by sign on policy.', 'mfa-required'],
    ['Invalid user credentials', 'wrong-password'],
  ])('by invalid_grant with “%s” is %s', (description, reason) => {
    expect(verdict({ error: 'invalid_grant', description })).toMatchObject({ kind: 'rejected', reason });
  });

  it.each([
    [50_126, 'wrong-password'],
    [50_034, 'wrong-password'],
    [50_053, 'locked'],
    [50_055, 'password-expired'],
    [50_057, 'disabled'],
    [50_076, 'mfa-required'],
    [50_079, 'mfa-required'],
    [50_158, 'mfa-required'],
    [53_000, 'mfa-required'],
    [53_003, 'mfa-required'],
  ])('by AADSTS%i is the user’s: %s', (code, reason) => {
    expect(entra(code)).toMatchObject({ kind: 'rejected', reason });
  });

  it.each([65_001, 700_016, 7_000_215, 7_000_218, 9_001_023])(
    'by AADSTS%i is a wrong configuration, with any OAuth error',
    (code) => {
      expect([entra(code).kind, entra(code, 'invalid_client').kind]).toEqual(['misconfigured', 'misconfigured']);
    },
  );

  it.each(['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope', 'consent_required'])(
    'by %s is the set-up',
    (error) => {
      expect(verdict({ error }).kind).toBe('misconfigured');
    },
  );

  it.each([
    ['Dex’s invalid_request', { error: 'invalid_request', description: 'Could not login user' }],
    ['server_error', { error: 'server_error' }],
    ['temporarily_unavailable', { error: 'temporarily_unavailable' }],
    ['slow_down', { error: 'slow_down' }],
    ['AADSTS90033', { error: 'invalid_grant', codes: [90_033] }],
    ['a name that objects have', { error: 'constructor' }],
    ['invalid_grant with 500', { status: 500, error: 'invalid_grant' }],
    ['invalid_grant with 429', { status: 429, error: 'invalid_grant' }],
    ['invalid_grant with 200', { status: 200, error: 'invalid_grant' }],
    ['invalid_grant with 302', { status: 302, error: 'invalid_grant' }],
  ])('by %s is an outage', (_what, said) => {
    expect(verdict(said).kind).toBe('unavailable');
    expect(verdict(said, BARE).kind).toBe('unavailable');
  });

  it('without an error is what the preset says of the status, and an outage where it says nothing', () => {
    const kinds = (rules: RefusalRules) => [400, 401, 403, 404, 500].map((status) => verdict({ status }, rules).kind);

    expect(kinds(PLAIN)).toEqual(['unavailable', 'unavailable', 'unavailable', 'unavailable', 'unavailable']);
    expect(kinds(BARE)).toEqual(['misconfigured', 'rejected', 'rejected', 'unavailable', 'unavailable']);
  });

  it('never makes a wrong password of silence or of an answer that proves nothing', () => {
    const faults = [
      { kind: 'unreachable', detail: 'ECONNREFUSED' },
      { kind: 'unusable', detail: 'no JSON' },
    ] as const;

    expect(faults.map((fault) => judge(fault, BARE).kind)).toEqual(['unavailable', 'unavailable']);
  });

  it('holds the account where no other password helps, and not where a new one does', () => {
    const holds = [50_076, 50_053, 50_057, 50_055, 50_126].map((code) => {
      const found = entra(code);
      return found.kind === 'rejected' ? found.holdFor : 'not rejected';
    });

    expect(holds).toEqual([600, 60, 60, undefined, undefined]);
  });
});
