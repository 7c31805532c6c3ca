/**
 * What a refusal of the provider is about: the user, the configuration, or the provider itself. Providers differ, so
 * this is a table. A refusal that is not in it means "unavailable" and never "wrong password".
 */
import type { RejectReason } from '../../../core/ports.ts';
import type { Fault } from './fault.ts';

export type Verdict =
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly holdFor?: number }
  /** No login can succeed until an operator changes the configuration, here or at the provider. */
  | { readonly kind: 'misconfigured'; readonly cure: string }
  | { readonly kind: 'unavailable'; readonly retryAfter: number | undefined };

/**
 * Seconds for which other passwords of such an account are not sent: the provider would count them as failures. Reasons
 * that a new password removes are absent.
 */
const HOLDS: Partial<Readonly<Record<RejectReason, number>>> = { 'mfa-required': 600, locked: 60, disabled: 60 };

function rejected(reason: RejectReason): Verdict {
  const holdFor = HOLDS[reason];
  return { kind: 'rejected', reason, ...(holdFor === undefined ? {} : { holdFor }) };
}

const misconfigured = (cure: string): Verdict => ({ kind: 'misconfigured', cure });
const CLIENT = 'check client.id, client.secret and client.authentication against the provider’s';
const SCOPE = 'set scope to scopes the provider offers to this client';
const CONSENT = 'let an administrator consent to this client for all users';

/** RFC 6749, section 5.2, and what providers add: Dex and Okta say access_denied, Auth0 says mfa_required. */
const ERRORS: Readonly<Record<string, Verdict>> = {
  invalid_grant: rejected('wrong-password'),
  access_denied: rejected('wrong-password'),
  mfa_required: rejected('mfa-required'),
  interaction_required: rejected('mfa-required'),
  invalid_client: misconfigured(CLIENT),
  unauthorized_client: misconfigured('allow this client the password grant (“direct access grants”) at the provider'),
  unsupported_grant_type: misconfigured('switch on the password grant at the provider, or use another backend'),
  invalid_scope: misconfigured(SCOPE),
  consent_required: misconfigured(CONSENT),
};

/** Entra ID (AADSTS numbers). They are more exact than the OAuth code in the same answer. */
const ENTRA: Readonly<Record<number, Verdict>> = {
  50034: rejected('wrong-password'),
  50053: rejected('locked'),
  50055: rejected('password-expired'),
  50057: rejected('disabled'),
  50076: rejected('mfa-required'),
  50079: rejected('mfa-required'),
  50126: rejected('wrong-password'),
  50158: rejected('mfa-required'),
  53000: rejected('mfa-required'),
  53003: rejected('mfa-required'),
  65001: misconfigured(CONSENT),
  90033: { kind: 'unavailable', retryAfter: undefined },
  700016: misconfigured(CLIENT),
  7000215: misconfigured(CLIENT),
  7000218: misconfigured(CLIENT),
  9001023: misconfigured('set issuer to the one of your tenant: the password grant has no /common'),
};

/** Descriptions of `invalid_grant` by Keycloak and Okta. They only make the reason in the log more exact. */
const SENTENCES: readonly (readonly [RegExp, RejectReason])[] = [
  [/account (?:is )?disabled/i, 'disabled'],
  [/not fully set up/i, 'must-change-password'],
  [/locked/i, 'locked'],
  [/password (?:has |is )?expired/i, 'password-expired'],
  [/multi-?factor|\bmfa\b|denied by sign on policy/i, 'mfa-required'],
];

/**
 * Descriptions that name a mistake in the configuration better than their code: Keycloak’s of `unauthorized_client` and
 * `invalid_client`, Dex’s of `invalid_request`. None of them means a wrong password.
 */
const SETUP_SENTENCES: readonly (readonly [RegExp, Verdict])[] = [
  [/client credentials/i, misconfigured(CLIENT)],
  [/requires user consent/i, misconfigured(CONSENT)],
  [/unrecognized scope/i, misconfigured(SCOPE)],
];

/** Refusals that only one provider uses. */
export interface RefusalRules {
  /** Statuses that mean a wrong password in an answer without an OAuth error. */
  readonly deniedStatus: readonly number[];
  /** Statuses that mean a wrong configuration in such an answer; a status in both means a wrong password. */
  readonly misconfiguredStatus: readonly number[];
  /** OAuth errors that are about the user at this provider only. */
  readonly errors: Readonly<Record<string, RejectReason>>;
}

/** @param fault of the token endpoint: no other endpoint says anything about a password */
export function judge(fault: Fault, rules: RefusalRules): Verdict {
  if (fault.kind !== 'answer') return { kind: 'unavailable', retryAfter: undefined };
  const { status, error, description = '', codes, retryAfter } = fault;
  if (status < 400 || status >= 500 || status === 429) return { kind: 'unavailable', retryAfter };
  const entra = codes.map((code) => ENTRA[code]).find((verdict) => verdict !== undefined);
  if (entra !== undefined) return entra;
  if (error === undefined) return judgeBareStatus(status, rules) ?? { kind: 'unavailable', retryAfter };
  const own = Object.hasOwn(rules.errors, error) ? rules.errors[error] : undefined;
  if (own !== undefined) return rejected(own);
  const verdict = (Object.hasOwn(ERRORS, error) ? ERRORS[error] : undefined) ?? { kind: 'unavailable', retryAfter };
  if (verdict.kind !== 'rejected') {
    return SETUP_SENTENCES.find(([pattern]) => pattern.test(description))?.[1] ?? verdict;
  }
  if (error !== 'invalid_grant') return verdict;
  const sentence = SENTENCES.find(([pattern]) => pattern.test(description));
  return sentence === undefined ? verdict : rejected(sentence[1]);
}

function judgeBareStatus(status: number, { deniedStatus, misconfiguredStatus }: RefusalRules): Verdict | undefined {
  if (deniedStatus.includes(status)) return rejected('wrong-password');
  return misconfiguredStatus.includes(status) ? misconfigured(CLIENT) : undefined;
}
