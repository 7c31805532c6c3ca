/** Asks a registry for `/v2/`, with or without a token. */
import { describeError } from '../../core/errors.ts';
import { PROBE_AUTHORIZATION } from '../../http/token-request.ts';
import { parseChallenge } from './challenge.ts';
import type { Challenge } from './challenge.ts';

const TIMEOUT_MS = 5000;

export type RegistryAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly challenge: Challenge | undefined;
      /** Epoch seconds of the registry's clock; undefined: it sends no date. */
      readonly time: number | undefined;
    }
  | { readonly kind: 'unreachable'; readonly cause: string };

/** @param registry the URL, without a path */
export async function askRegistry(registry: string, token?: string): Promise<RegistryAnswer> {
  try {
    const response = await fetch(`${registry}/v2/`, {
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'manual',
    });
    await response.body?.cancel();
    return {
      kind: 'answer',
      status: response.status,
      challenge: parseChallenge(response.headers.get('www-authenticate')),
      time: timeOf(response),
    };
  } catch (error) {
    return { kind: 'unreachable', cause: describeError(error) };
  }
}

/** What a token server publishes. */
export interface PublishedKeys {
  readonly ids: ReadonlySet<string>;
  /** Epoch seconds of its clock; undefined: it sends no date. */
  readonly time: number | undefined;
}

/**
 * The keys that a token server publishes, or why they cannot be fetched.
 *
 * @param publicUrl may have a path
 */
export async function publishedKeys(publicUrl: string): Promise<PublishedKeys | string> {
  try {
    const url = `${publicUrl}/.well-known/jwks.json`;
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' });
    if (response.status !== 200) return `${url} answers ${response.status}`;
    const body: unknown = await response.json();
    const keys =
      typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys) ? body.keys : [];
    return { ids: new Set(keys.flatMap((key: unknown) => kidOf(key))), time: timeOf(response) };
  } catch (error) {
    return describeError(error);
  }
}

function timeOf(response: Response): number | undefined {
  const date = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date / 1000;
}

/**
 * Sends a malformed Authorization header to the token endpoint. It costs no login: the token server answers
 * `invalid_grant` before it asks a backend. Any other answer of a token server is one to a request without the header.
 *
 * @returns whether the header arrived; undefined: the answer does not show it
 */
export async function authorizationArrives(realm: string, service: string): Promise<boolean | undefined> {
  try {
    const url = new URL(realm);
    url.searchParams.set('service', service);
    const response = await fetch(url, {
      headers: { authorization: PROBE_AUTHORIZATION },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'manual',
    });
    const body: unknown = await response.json();
    const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
    if (error === 'invalid_grant') return true;
    return response.status === 200 || response.status === 401 ? false : undefined;
  } catch {
    return undefined;
  }
}

function kidOf(key: unknown): readonly string[] {
  return typeof key === 'object' && key !== null && 'kid' in key && typeof key.kid === 'string' ? [key.kid] : [];
}
