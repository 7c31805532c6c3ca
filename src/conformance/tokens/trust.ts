/** What a registry trusts: certificates and keys. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { isObject } from '../../core/is-object.ts';
import { certificatesInPem } from '../../core/pem.ts';
import { DescriptionError, readText } from '../description/yaml-file.ts';
import { NoAnswer, send } from '../exchange/send.ts';

interface KeySetEntry {
  /** Undefined: the entry has none. */
  readonly kid: string | undefined;
  /** Undefined: this entry is not a public key that can be read. */
  readonly key: KeyObject | undefined;
  /** Whether the entry has private members, which nobody should see. */
  readonly isPrivate: boolean;
}

export interface Trust {
  /** Undefined: no bundle is configured. */
  readonly certificates: readonly X509Certificate[] | undefined;
  /** Undefined: no key set is configured. */
  readonly keySet: readonly KeySetEntry[] | undefined;
}

/** @param ca PEM, for a key set that is fetched */
export async function readTrust(
  { bundle, jwks }: { readonly bundle?: string | undefined; readonly jwks?: string | undefined },
  folder: string,
  ca?: string,
): Promise<Trust> {
  return {
    certificates: bundle === undefined ? undefined : certificatesIn(await readText(resolve(folder, bundle)), bundle),
    keySet: jwks === undefined ? undefined : keySetIn(await readKeySet(jwks, folder, ca), jwks),
  };
}

function certificatesIn(text: string, name: string): readonly X509Certificate[] {
  const blocks = certificatesInPem(text);
  if (blocks.length === 0) throw new DescriptionError(`${name}: has no PEM certificate`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new DescriptionError(`${name}: has a certificate that cannot be read`, { cause: error });
  }
}

async function readKeySet(jwks: string, folder: string, ca: string | undefined): Promise<string> {
  if (!/^https?:\/\//.test(jwks)) return readText(resolve(folder, jwks));
  const url = new URL(jwks);
  try {
    const target = `${url.pathname}${url.search}`;
    const { status, body } = await send(url, { method: 'GET', target, headers: {} }, ca === undefined ? {} : { ca });
    if (status === 200) return body;
    throw new DescriptionError(`${jwks}: answers ${status}, expected 200`);
  } catch (error) {
    if (error instanceof NoAnswer) throw new DescriptionError(`${jwks}: ${error.message}`, { cause: error });
    throw error;
  }
}

function keySetIn(text: string, name: string): readonly KeySetEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DescriptionError(`${name}: is not JSON`, { cause: error });
  }
  const keys = isObject(value) ? value['keys'] : undefined;
  if (!Array.isArray(keys)) throw new DescriptionError(`${name}: has no list "keys" (RFC 7517, section 5)`);
  return keys.filter(isObject).map(entryOf);
}

function entryOf(jwk: Readonly<Record<string, unknown>>): KeySetEntry {
  const isPrivate = ['d', 'p', 'q', 'k'].some((member) => member in jwk);
  const kid = typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined;
  try {
    return { kid, key: createPublicKey({ key: jwk, format: 'jwk' }), isPrivate };
  } catch {
    return { kid, key: undefined, isPrivate };
  }
}

/** All keys that are trusted in any way. */
export function trustedKeys({ certificates = [], keySet = [] }: Trust): readonly KeyObject[] {
  return [...certificates.map(({ publicKey }) => publicKey), ...keySet.flatMap(({ key }) => key ?? [])];
}
