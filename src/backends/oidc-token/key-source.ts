/**
 * Reads the keys of an issuer: from a file, from a configured URL, or from the URL in the metadata of the configured
 * issuer (OpenID Connect Discovery 1.0). No URL ever comes from a token.
 */
import { readFileWithin } from '../read-file.ts';
import type { JWK } from 'jose';
import type { SecretSource } from '../../core/identity.ts';
import { isObject } from '../oidc/claim-path.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { bearerHeader } from '../http-client/bearer.ts';
import { forLog } from './for-log.ts';
import type { Connection } from '../http-client/connection.ts';
import { networkDetail } from '../http-client/network-detail.ts';

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

export function remoteKeys(deps: RemoteDeps): KeySource {
  const { issuer, url, bearer, timeoutSeconds } = deps;

  async function get(target: string, authorization: string | undefined, signal: AbortSignal): Promise<Claims> {
    const headers = { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) };
    try {
      const answer = await deps.connection().fetchUntil(signal)(target, { method: 'GET', headers });
      if (answer.status !== 200) throw new Error(`${target} answered ${answer.status}${statusHint(answer.status)}`);
      return jsonObject(await answer.text(), target);
    } catch (error) {
      if (signal.aborted) throw new Error(`${target} did not answer in time`, { cause: error });
      if (error instanceof TypeError) throw new Error(`${target}: ${networkDetail(error)}`, { cause: error });
      throw error;
    }
  }

  async function metadataUrl(signal: AbortSignal): Promise<string> {
    const metadata = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, undefined, signal);
    if (metadata['issuer'] !== issuer) {
      const found = forLog(metadata['issuer']);
      throw new Error(`the metadata of ${issuer} name another issuer, ${found}: set issuer to what the tokens have`);
    }
    const found = metadata['jwks_uri'];
    if (typeof found !== 'string' || !URL.canParse(found))
      throw new Error(`the metadata of ${issuer} name no jwks_uri`);
    return found;
  }

  return async () => {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    if (url === undefined) {
      const target = await metadataUrl(signal);
      return keysIn(await get(target, undefined, signal), target);
    }
    const authorization = bearer === undefined ? undefined : await bearerHeader(bearer, 'keys.bearer');
    return keysIn(await get(url, authorization, signal), url);
  };
}

export function fileKeys(path: string): KeySource {
  return async () => {
    let text: string;
    try {
      text = (await readFileWithin(path)).toString();
    } catch (cause) {
      throw new Error(`${path}: cannot be read`, { cause });
    }
    return keysIn(jsonObject(text, path), path);
  };
}

function statusHint(status: number): string {
  const isRedirect = status >= 300 && status < 400;
  return isRedirect ? ': redirects are not followed; set issuer or keys.url to the address that answers' : '';
}

function jsonObject(text: string, where: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isObject(value)) throw new Error(`${where}: expected a JSON object`);
  return value;
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
  return [{ ...Object.assign({}, ...members), kty }];
}
