/** Makes the tokens that the vectors of the conformance suite describe, and what a registry is configured with. */
import 'reflect-metadata';
import { constants, createPublicKey, generateKeyPairSync, sign, webcrypto, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509';
import { libtrustId, thumbprint } from '../../src/conformance/tokens/key-ids.ts';
import type { Trust } from '../../src/conformance/tokens/trust.ts';
import type { TokenVector } from '../../src/conformance/vectors.ts';
import { ecKeyWithLeadingZero, namedEcKey } from './signing-certificate.ts';

export const ISSUER = 'vectors';
export const SERVICE = 'registry.test';

/** What a registry is configured with, as the files have it. */
export interface TrustFiles {
  /** PEM; undefined: no `rootcertbundle`. */
  readonly bundle: string | undefined;
  /** JSON; undefined: no `jwks`. */
  readonly keySet: string | undefined;
}

export interface MadeToken {
  readonly text: string;
  readonly files: TrustFiles;
  readonly trust: Trust;
}

interface NamedKey {
  readonly key: KeyObject;
  readonly algorithm: string;
  readonly imported: SigningAlgorithm;
}

type SigningAlgorithm = EcKeyImportParams & RsaHashedImportParams & EcdsaParams;
type EcKeyImportParams = { readonly name: string; readonly namedCurve: string };
type RsaHashedImportParams = { readonly hash: string };
type EcdsaParams = { readonly hash: string };

const EC: SigningAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA: SigningAlgorithm = { name: 'RSASSA-PKCS1-v1_5', namedCurve: '', hash: 'SHA-256' };
const ED: SigningAlgorithm = { name: 'Ed25519', namedCurve: '', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

const KEYS: Readonly<Record<TokenVector['key'], NamedKey>> = {
  'ec-p256': { key: namedEcKey(), algorithm: 'ES256', imported: EC },
  'ec-p256-leading-zero': { key: ecKeyWithLeadingZero(), algorithm: 'ES256', imported: EC },
  'rsa-2048': {
    key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    algorithm: 'RS256',
    imported: RSA,
  },
  ed25519: { key: generateKeyPairSync('ed25519').privateKey, algorithm: 'EdDSA', imported: ED },
};
const FOREIGN: NamedKey = { key: namedEcKey(), algorithm: 'ES256', imported: EC };
const AUTHORITY: NamedKey = { key: namedEcKey(), algorithm: 'ES256', imported: EC };

type Validity = 'current' | 'expired';

/** @param issuer absent: it signs itself */
async function certificateOf(subject: NamedKey, issuer: NamedKey = subject, validity: Validity = 'current') {
  const end = validity === 'current' ? 100 : -1;
  const name = (key: NamedKey): string => thumbprint(createPublicKey(key.key)).replaceAll(/[^A-Za-z]/g, '');
  const made = await X509CertificateGenerator.create(
    {
      subject: [{ CN: [name(subject)] }],
      issuer: [{ CN: [name(issuer)] }],
      notBefore: new Date(Date.now() - 10 * DAY_MS),
      notAfter: new Date(Date.now() + end * DAY_MS),
      signingAlgorithm: issuer.imported,
      publicKey: createPublicKey(subject.key).toCryptoKey(subject.imported, true, ['verify']),
      signingKey: issuer.key.toCryptoKey(issuer.imported, true, ['sign']),
      extensions: [new BasicConstraintsExtension(subject === AUTHORITY, undefined, true)],
    },
    webcrypto,
  );
  return `${made.toString('pem')}\n`;
}

const certificates = new Map<string, Promise<string>>();

/** Each certificate is made once, so that the one in the token is the one in the bundle. */
function certificate(subject: NamedKey, issuer?: NamedKey, validity?: Validity): Promise<string> {
  const key = [subject, issuer ?? subject].map((each) => libtrustId(createPublicKey(each.key))).join(' ') + validity;
  const known = certificates.get(key) ?? certificateOf(subject, issuer, validity);
  certificates.set(key, known);
  return known;
}

async function filesFor({ trust }: TokenVector, own: NamedKey): Promise<TrustFiles> {
  switch (trust) {
    case 'bundle':
      return { bundle: await certificate(own), keySet: undefined };
    case 'bundle-expired':
      return { bundle: await certificate(own, own, 'expired'), keySet: undefined };
    case 'bundle-of-authority':
      return { bundle: await certificate(AUTHORITY), keySet: undefined };
    case 'jwks-libtrust':
      return { bundle: undefined, keySet: keySetOf(own, libtrustId) };
    case 'jwks-thumbprint':
      return { bundle: undefined, keySet: keySetOf(own, thumbprint) };
    case 'bundle-and-jwks-libtrust':
      return { bundle: await certificate(own), keySet: keySetOf(own, libtrustId) };
  }
}

function keySetOf({ key, algorithm }: NamedKey, idOf: (key: KeyObject) => string): string {
  const publicKey = createPublicKey(key);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: idOf(publicKey), alg: algorithm, use: 'sig' };
  return JSON.stringify({ keys: [jwk] });
}

export function trustOf({ bundle, keySet }: TrustFiles): Trust {
  const keys =
    keySet === undefined ? undefined : (JSON.parse(keySet) as { readonly keys: readonly { kid: string }[] }).keys;
  return {
    certificates: bundle === undefined ? undefined : [new X509Certificate(bundle)],
    keySet: keys?.map((jwk) => ({
      kid: jwk.kid,
      key: createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' }),
      isPrivate: false,
    })),
  };
}

async function chainOf({ header }: TokenVector, own: NamedKey): Promise<readonly string[] | undefined> {
  const der = async (pem: Promise<string>): Promise<string> => new X509Certificate(await pem).raw.toString('base64');
  switch (header.x5c) {
    case 'none':
      return undefined;
    case 'self':
      return [await der(certificate(own))];
    case 'issued':
      return [await der(certificate(own, AUTHORITY)), await der(certificate(AUTHORITY))];
    case 'expired':
      return [await der(certificate(own, own, 'expired'))];
    case 'foreign':
      return [await der(certificate(FOREIGN))];
    case 'base64url':
      return [Buffer.from(await der(certificate(own)), 'base64').toString('base64url')];
  }
}

export async function makeToken(vector: TokenVector): Promise<MadeToken> {
  const own = KEYS[vector.key];
  const files = await filesFor(vector, own);
  const chain = await chainOf(vector, own);
  const publicKey = createPublicKey(own.key);
  const { typ, alg = own.algorithm, kid, jwk } = vector.header;
  const kids = {
    libtrust: libtrustId(publicKey),
    thumbprint: thumbprint(publicKey),
    unknown: 'key-1',
    none: undefined,
  };
  const header = {
    typ,
    alg,
    kid: kids[kid],
    x5c: chain,
    jwk: jwk === 'none' ? undefined : { ...publicKey.export({ format: 'jwk' }), kid: libtrustId(publicKey) },
  };
  const data = `${part(header)}.${part(claimsOf(vector))}`;
  const signature = signData(data, alg, vector.signature === 'foreign' ? FOREIGN.key : own.key);
  if (vector.signature === 'broken') signature[0] = (signature[0] ?? 0) ^ 1;
  return { text: `${data}.${signature.toString('base64url')}`, files, trust: trustOf(files) };
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signData(data: string, alg: string, key: KeyObject): Buffer {
  const bytes = Buffer.from(data);
  if (alg === 'EdDSA') return sign(undefined, bytes, key);
  const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  if (key.asymmetricKeyType === 'rsa')
    return sign('sha256', bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
  return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
}

const TIMES = ['exp', 'nbf', 'iat'];

function claimsOf({ claims }: TokenVector): Readonly<Record<string, unknown>> {
  const now = Math.floor(Date.now() / 1000);
  const correct = { iss: ISSUER, sub: 'alice', aud: SERVICE, exp: 300, nbf: -30, iat: -30, jti: 'one', access: [] };
  const entries = Object.entries({ ...correct, ...claims }).flatMap(([name, value]) => {
    if (value === null) return [];
    if (TIMES.includes(name) && typeof value === 'number') return [[name, now + value]];
    return [[name, filled(value, now)]];
  });
  return Object.fromEntries(entries) as Readonly<Record<string, unknown>>;
}

function filled(value: unknown, now: number): unknown {
  if (Array.isArray(value)) return value.map((each) => filled(each, now));
  return typeof value === 'string'
    ? value.replaceAll('{service}', SERVICE).replaceAll('{now}', String(now + 300))
    : value;
}
