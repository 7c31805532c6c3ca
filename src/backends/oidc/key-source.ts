/**
 * Reads the keys of an issuer: from a file, from a configured URL, or from the URL in the metadata of the configured
 * issuer (OpenID Connect Discovery 1.0). No URL ever comes from a token.
 */
import { isObject } from '../../core/is-object.ts';
import { readFileWithin } from '../read-file.ts';
import type { JWK } from 'jose';
import type { SecretSource } from '../../core/identity.ts';
import type { Claims } from './claim-path.ts';
import { bearerHeader } from '../http-client/bearer.ts';
import type { Connection } from '../http-client/connection.ts';
import { fetchJson, parseObject } from './json-request.ts';
import { fetchMetadata } from './metadata.ts';

/** Reads the keys, within its own time limit. Throws an Error that says what is wrong. */
export type KeySource = () => Promise<readonly JWK[]>;

interface RemoteDeps {
  readonly issuer: string;
  /** Undefined: the issuer's metadata names it. */
  readonly url: string | undefined;
  /** Sent to `url` only. */
  readonly bearer: SecretSource | undefined;
  readonly timeoutSeconds: number;
  /** The current connection; it changes with the files of the configuration. */
  readonly connection: () => Connection;
}

const MAX_KEYS = 100;
const MEMBERS = ['kid', 'use', 'alg', 'n', 'e', 'crv', 'x', 'y'];
const KINDS = new Set(['RSA', 'EC', 'OKP']);

export function remoteKeys({ issuer, url, bearer, timeoutSeconds, connection }: RemoteDeps): KeySource {
  return async () => {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    if (url === undefined) {
      const metadata = await fetchMetadata({ issuer, address: issuer, connection: connection(), signal });
      const target = metadata['jwks_uri'];
      if (typeof target !== 'string' || !URL.canParse(target)) {
        throw new Error(`the metadata of ${issuer} name no jwks_uri`);
      }
      return fetchKeys(connection(), target, signal);
    }
    return fetchKeys(connection(), url, signal, bearer && (await bearerHeader(bearer, 'keys.bearer')));
  };
}

/**
 * @param authorization the value of that header; undefined: none is sent
 * @throws Error that says what is wrong
 */
export async function fetchKeys(
  connection: Connection,
  url: string,
  signal: AbortSignal,
  authorization?: string,
): Promise<readonly JWK[]> {
  return keysIn(await fetchJson(connection, url, signal, authorization), url);
}

export function fileKeys(path: string): KeySource {
  return async () => {
    let text: string;
    try {
      text = (await readFileWithin(path)).toString();
    } catch (cause) {
      throw new Error(`${path}: cannot be read`, { cause });
    }
    return keysIn(parseObject(text, path), path);
  };
}

/** The public keys of a JSON Web Key Set (RFC 7517, section 5), without private members and URLs. */
function keysIn(set: Claims, where: string): readonly JWK[] {
  const listed = set['keys'];
  if (!Array.isArray(listed)) throw new Error(`${where}: expected a JSON Web Key Set, {"keys": […]}`);
  if (listed.length > MAX_KEYS) throw new Error(`${where}: expected at most ${MAX_KEYS} keys, found ${listed.length}`);
  const keys = listed.flatMap((key: unknown) => (isObject(key) ? publicKey(key) : []));
  if (keys.length === 0) throw new Error(`${where}: found no public key (RSA, EC or OKP)`);
  return keys;
}

function publicKey(key: Claims): readonly JWK[] {
  const { kty } = key;
  if (typeof kty !== 'string' || !KINDS.has(kty)) return [];
  const text = (name: string): Readonly<Record<string, string>> => {
    const value = key[name];
    return typeof value === 'string' ? { [name]: value } : {};
  };
  // The trust bundles of SPIFFE name what a key signs (Trust Domain and Bundle, section 4.2.2).
  const names = key['use'] === 'jwt-svid' ? MEMBERS.filter((name) => name !== 'use') : MEMBERS;
  const members = names.map(text);
  const { key_ops: operations } = key;
  if (Array.isArray(operations) && !operations.includes('verify')) return [];
  return [{ ...Object.assign({}, ...members), kty }];
}
