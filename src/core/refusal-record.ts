/** A refusal as plain JSON, for stores outside this process, which brokers of other versions may have written. */
import type { AuthnOutcome, RejectReason } from './outcome.ts';

const REASONS = {
  'wrong-password': true,
  'empty-password': true,
  'invalid-name': true,
  ambiguous: true,
  locked: true,
  disabled: true,
  expired: true,
  'password-expired': true,
  'must-change-password': true,
  'not-now': true,
  'not-allowed': true,
  'mfa-required': true,
  'sign-in-due': true,
  'malformed-token': true,
  'unsigned-token': true,
  'unlisted-issuer': true,
  'algorithm-not-allowed': true,
  'unknown-key': true,
  'bad-signature': true,
  'wrong-audience': true,
  'token-expired': true,
  'token-not-yet-valid': true,
  'token-lifetime-too-long': true,
  'claim-not-bound': true,
  'unusable-claims': true,
  'misplaced-token': true,
  held: true,
  'too-many-attempts': true,
} as const satisfies Record<RejectReason, true>;

/** @returns undefined when the value is not a refusal that this version can answer with */
export function parseRefusal(value: unknown): AuthnOutcome | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  if (value.kind === 'unknown-user') return { kind: 'unknown-user' };
  if (value.kind !== 'rejected' || !('reason' in value) || !isReason(value.reason)) return undefined;
  return { kind: 'rejected', reason: value.reason };
}

function isReason(value: unknown): value is RejectReason {
  return typeof value === 'string' && Object.hasOwn(REASONS, value);
}
