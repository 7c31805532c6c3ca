/** What a browser brings back from the provider (RFC 6749, section 4.1.2; RFC 9207), before its code is redeemed. */
import type { SignInAnswer, SignInOutcome } from '../../core/sign-in.ts';
import { forLog } from '../oidc/for-log.ts';
import type { ProviderMetadata } from '../oidc/client/metadata.ts';

type Problem = Exclude<SignInOutcome, { kind: 'signed-in' }> | { readonly kind: 'outage'; readonly detail: string };

/** The person, or a rule about the person, ended the sign-in (OpenID Connect Core, section 3.1.2.6). */
const CANCELLED: ReadonlySet<string> = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
]);

const SINGLE = ['code', 'state', 'iss', 'error'] as const;

/** @returns undefined when the code may be redeemed */
export function answerProblem(
  { query, transaction }: Pick<SignInAnswer, 'query' | 'transaction'>,
  { issuer, namesIssuer }: Pick<ProviderMetadata, 'issuer' | 'namesIssuer'>,
): Problem | undefined {
  const parameters = new URLSearchParams(query);
  for (const name of SINGLE) {
    if (parameters.getAll(name).length > 1) return invalid(`the answer has several parameters ${name}`);
  }
  const [code, state, iss, error] = SINGLE.map((name) => parameters.get(name) ?? undefined);
  if (state !== transaction.state) return invalid('the state is that of another sign-in');
  // An answer of another provider, to which the code must not be shown (RFC 9700, section 4.4).
  if (iss === undefined ? namesIssuer : iss !== issuer) {
    return invalid(`the issuer (iss) of the answer is ${forLog(iss)}, expected ${forLog(issuer)}`);
  }
  if (error !== undefined) return refusal(error);
  return code === undefined || code === '' ? invalid('the answer has no code') : undefined;
}

function refusal(error: string): Problem {
  const detail = `the provider answered ${forLog(error)}`;
  if (CANCELLED.has(error)) return { kind: 'cancelled', detail };
  return { kind: 'outage', detail: `${detail}: compare client.id, scope and the redirect URI with the provider’s` };
}

function invalid(detail: string): Problem {
  return { kind: 'invalid', detail };
}
