/** How registries verify the claims of a token whose signature they have accepted. */
import type { Registry } from './registries.ts';
import { isAccessEntry } from './token.ts';
import type { Token } from './token.ts';

interface Expected {
  readonly issuer: string;
  readonly service: string;
}

/** What registries allow for clocks that differ. */
export const LEEWAY_S = 60;
const TEXTS = ['iss', 'sub', 'jti'] as const;
export const TIMES = ['exp', 'nbf', 'iat'] as const;

/**
 * @param now seconds since 1970
 * @returns undefined when the registry accepts the claims; else a sentence that says why it does not
 */
export function claimsProblem(registry: Registry, token: Token, expected: Expected, now: number): string | undefined {
  return registry === 'zot' ? zot(token, now) : distribution(registry, token, expected, now);
}

/** distribution 2.8.3 and 3.1.1, registry/auth/token/token.go: decodes into a Go struct, then compares. */
function distribution(
  registry: Registry,
  { claims }: Token,
  { issuer, service }: Expected,
  now: number,
): string | undefined {
  const { aud, access = [] } = claims;
  const isList = Array.isArray(aud) && aud.every((name) => typeof name === 'string');
  if (TEXTS.some((name) => !isAbsentOr(claims[name], (value) => typeof value === 'string')))
    return 'iss, sub or jti is no text';
  if (TIMES.some((name) => !isAbsentOr(claims[name], Number.isInteger))) return 'exp, nbf or iat is no integer';
  if (access !== null && !(Array.isArray(access) && access.every(isAccessEntry))) return 'access is malformed';
  if (typeof aud !== 'string' && !(isList && registry !== 'distribution-2.8')) return 'aud is no text';
  if (claims['iss'] !== issuer) return 'iss is not the issuer';
  if (aud !== service && !(isList && aud.includes(service))) return 'aud is not the service';
  if (now > Number(claims['exp'] ?? 0) + LEEWAY_S) return 'exp is over';
  if (now < Number(claims['nbf'] ?? 0) - LEEWAY_S) return 'nbf is in the future';
  return undefined;
}

/** zot 2.1.20, pkg/api/bearer.go with golang-jwt: neither issuer nor audience, and no leeway. */
function zot({ claims }: Token, now: number): string | undefined {
  if (TIMES.some((name) => !isAbsentOr(claims[name], (value) => typeof value === 'number')))
    return 'a time is no number';
  const { exp, nbf, iat } = claims;
  if (typeof exp === 'number' && now >= exp) return 'exp is over';
  if (typeof nbf === 'number' && now < nbf) return 'nbf is in the future';
  if (typeof iat === 'number' && now < iat) return 'iat is in the future';
  return undefined;
}

function isAbsentOr(value: unknown, matches: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || matches(value);
}
