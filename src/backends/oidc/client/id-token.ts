/** Verifies the tokens that the provider signs (OpenID Connect Core, section 3.1.3.7). */
import type { Claims } from '../claim-path.ts';
import { forLog } from '../for-log.ts';
import type { KeySet } from '../key-set.ts';
import { signatureFlaw } from '../signature.ts';
import { parseToken } from '../token.ts';

export interface TokenRules {
  /** As the metadata write it. */
  readonly issuer: string;
  readonly clientId: string;
  /** Further audiences that a token may have. */
  readonly additionalAudiences: readonly string[];
  /** Epoch seconds. */
  readonly now: number;
  /** Seconds by which clocks may differ; default 30. */
  readonly clockTolerance?: number;
}

export type IdTokenClaims = Claims & { readonly sub: string };

/** Characters. A user in a thousand groups takes some dozens of KiB. */
const MAX_TOKEN = 256 * 1024;
const DEFAULT_TOLERANCE = 30;

/**
 * @param text as the provider sent it, of any type
 * @param algorithms that the provider announces for such tokens
 * @returns the claims, or a sentence that says what is wrong
 * @throws BrokerError `backend_unavailable` when the keys of the provider are not available
 */
export async function verifySignature(
  text: unknown,
  algorithms: readonly string[],
  keySet: KeySet,
  signal: AbortSignal,
): Promise<Claims | string> {
  if (typeof text !== 'string') return 'it is not a JWT but another type of JSON value';
  const token = parseToken(text, MAX_TOKEN);
  if (typeof token === 'string') return `it is not a signed JWT: ${token}`;
  if (!algorithms.includes(token.algorithm)) {
    const announced = algorithms.length === 0 ? 'none that is supported' : algorithms.join(', ');
    return `its algorithm (alg) is ${forLog(token.algorithm)}, and the provider’s metadata announce ${announced}`;
  }
  const flaw = await signatureFlaw(token, keySet, signal);
  return flaw?.problem ?? token.claims;
}

/** @returns the claims of an ID token, or a sentence that says what is wrong with them */
export function idTokenClaims(claims: Claims, rules: TokenRules): IdTokenClaims | string {
  const problem =
    issuerProblem(claims, rules) ??
    audienceProblem(claims, rules) ??
    partyProblem(claims, rules) ??
    (isPresent(claims['exp']) ? timesProblem(claims, rules) : 'it has no time at which it ends (exp)');
  if (problem !== undefined) return problem;
  return isSubject(claims) ? claims : `its subject (sub) is ${forLog(claims['sub'])}, expected a text`;
}

/** @returns what is wrong with a signed answer of userinfo. It may leave out each of these claims (section 5.3.2). */
export function userinfoProblem(claims: Claims, rules: TokenRules): string | undefined {
  return (
    (isPresent(claims['iss']) ? issuerProblem(claims, rules) : undefined) ??
    (isPresent(claims['aud']) ? audienceProblem(claims, rules) : undefined) ??
    timesProblem(claims, rules)
  );
}

/** Seconds for which a logout token is accepted, so that an old one ends no later session. */
const MAX_LOGOUT_AGE = 300;

/** @returns what is wrong with the claims that a logout token shares with ID tokens (Back-Channel Logout 1.0, section 2.6) */
export function logoutTokenProblem(claims: Claims, rules: TokenRules): string | undefined {
  const { iat } = claims;
  const oldest = rules.now - MAX_LOGOUT_AGE - (rules.clockTolerance ?? DEFAULT_TOLERANCE);
  return (
    issuerProblem(claims, rules) ??
    audienceProblem(claims, rules) ??
    timesProblem(claims, rules) ??
    (typeof iat === 'number' && iat >= oldest ? undefined : `it was issued at ${forLog(iat)} (iat), too long ago`)
  );
}

export function isSubject(claims: Claims): claims is IdTokenClaims {
  return typeof claims['sub'] === 'string' && claims['sub'] !== '';
}

function issuerProblem({ iss }: Claims, { issuer }: TokenRules): string | undefined {
  return iss === issuer ? undefined : `its issuer (iss) is ${forLog(iss)}, expected ${forLog(issuer)}`;
}

function audienceProblem({ aud }: Claims, { clientId }: TokenRules): string | undefined {
  if (audiences(aud).includes(clientId)) return undefined;
  return `its audience (aud) is ${forLog(aud)}, expected client.id, which is ${forLog(clientId)}`;
}

/** Another audience must be expected, or the token must say that it was issued to this client. */
function partyProblem({ aud, azp }: Claims, { clientId, additionalAudiences }: TokenRules): string | undefined {
  const others = audiences(aud).filter((audience) => audience !== clientId);
  if (others.length === 0) return undefined;
  if (isPresent(azp)) {
    if (azp === clientId) return undefined;
    return `its authorized party (azp) is ${forLog(azp)}, expected client.id, which is ${forLog(clientId)}`;
  }
  const unexpected = others.filter(
    (audience) => typeof audience !== 'string' || !additionalAudiences.includes(audience),
  );
  if (unexpected.length === 0) return undefined;
  return (
    `its audience (aud) is ${forLog(aud)}, expected ${forLog([clientId, ...additionalAudiences])}: add ` +
    `${unexpected.map(forLog).join(' and ')} to additionalAudiences if this client shares its tokens with that service`
  );
}

function audiences(aud: unknown): readonly unknown[] {
  return Array.isArray(aud) ? aud : [aud];
}

function timesProblem(
  { exp, nbf }: Claims,
  { now, clockTolerance = DEFAULT_TOLERANCE }: TokenRules,
): string | undefined {
  for (const [name, time] of Object.entries({ exp, nbf })) {
    if (isPresent(time) && (typeof time !== 'number' || !Number.isFinite(time))) {
      return `its ${name} is ${forLog(time)}, expected seconds since 1970`;
    }
  }
  if (typeof exp === 'number' && exp <= now - clockTolerance) {
    return `it ended at ${exp} (exp), and now is ${now}: compare the clocks`;
  }
  if (typeof nbf === 'number' && nbf > now + clockTolerance) {
    return `it begins at ${nbf} (nbf), and now is ${now}: compare the clocks`;
  }
  return undefined;
}

/** Some providers write null for a claim that they do not give. */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
