/** Asks a registry for `/v2/`, with or without a token. */
import { describeError } from '../../core/errors.ts';
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
    const date = Date.parse(response.headers.get('date') ?? '');
    return {
      kind: 'answer',
      status: response.status,
      challenge: parseChallenge(response.headers.get('www-authenticate')),
      time: Number.isNaN(date) ? undefined : date / 1000,
    };
  } catch (error) {
    return { kind: 'unreachable', cause: describeError(error) };
  }
}

/** The key ids that a token server publishes, or why they cannot be fetched. */
export async function publishedKeyIds(realm: string): Promise<ReadonlySet<string> | string> {
  try {
    const url = new URL('/.well-known/jwks.json', realm);
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' });
    if (response.status !== 200) return `${url.href} answers ${response.status}`;
    const body: unknown = await response.json();
    const keys =
      typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys) ? body.keys : [];
    return new Set(keys.flatMap((key: unknown) => kidOf(key)));
  } catch (error) {
    return describeError(error);
  }
}

function kidOf(key: unknown): readonly string[] {
  return typeof key === 'object' && key !== null && 'kid' in key && typeof key.kid === 'string' ? [key.kid] : [];
}
