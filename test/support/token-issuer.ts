/** An issuer of ID tokens such as CI systems and clusters have: metadata and keys over HTTPS, with a private authority. */
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createLoopbackCertificate } from './loopback-certificate.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: 'RS256' | 'ES256' | 'ES384';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface TokenIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** The certificate of its authority, as a file. */
  readonly caFile: string;
  /** A token with these claims, valid for five minutes; signed with the newest key unless `key` is given. */
  sign(claims: Claims, options?: { readonly key?: SigningKey; readonly header?: Claims }): string;
  /** The same without a signature. */
  unsigned(claims: Claims): string;
  /** HS256, with the public key as the secret. */
  signWithPublicKey(claims: Claims): string;
  /** Signs with a new key from now on, and publishes it; the old ones only where `keep` says so. */
  rotate(options?: { readonly keep?: boolean }): void;
  /** What the address of the keys answers from now on: the keys, an error, or nothing at all. */
  behave(how: 'well' | 'error' | 'hang' | 'html' | 'redirect'): void;
  /** The token that the address of the keys asks for. */
  requireBearer(token: string): void;
  /** The paths asked for so far. */
  calls(): readonly string[];
}

let count = 0;

export function newSigningKey(algorithm: SigningKey['algorithm'] = 'RS256'): SigningKey {
  count += 1;
  const pair =
    algorithm === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-384' });
  return { kid: `key-${count}`, algorithm, ...pair };
}

export async function startTokenIssuer(
  options: { readonly algorithm?: SigningKey['algorithm']; readonly path?: string } = {},
): Promise<TokenIssuer> {
  const certificate = await createLoopbackCertificate();
  let current = newSigningKey(options.algorithm);
  let published = [current];
  let behaviour: Parameters<TokenIssuer['behave']>[0] = 'well';
  let bearer: string | undefined;
  const calls: string[] = [];
  const path = options.path ?? '';

  const server = createHttpsServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    calls.push(request.url ?? '');
    request.resume();
    if (request.url === `${path}/.well-known/openid-configuration`) {
      return json(response, 200, { issuer, jwks_uri: `${issuer}/keys` });
    }
    if (request.url !== `${path}/keys`) return json(response, 404, {});
    if (bearer !== undefined && request.headers.authorization !== `Bearer ${bearer}`) return json(response, 401, {});
    answerKeys(response, behaviour, published);
  });
  const origin = `https://127.0.0.1:${await listen(server)}`;
  const issuer = origin + path;

  const withTimes = (claims: Claims): Claims => {
    const now = Math.floor(Date.now() / 1000);
    return { iss: issuer, iat: now, nbf: now, exp: now + 300, jti: `token-${now}`, ...claims };
  };

  return {
    issuer,
    jwksUrl: `${issuer}/keys`,
    caFile: certificate.caFile,
    sign: (claims, { key = current, header = {} } = {}) => signWith(key, withTimes(claims), header),
    unsigned: (claims) => `${segment({ alg: 'none', typ: 'JWT' })}.${segment(withTimes(claims))}.`,
    signWithPublicKey: (claims) => {
      const input = `${segment({ alg: 'HS256', typ: 'JWT', kid: current.kid })}.${segment(withTimes(claims))}`;
      const secret = current.publicKey.export({ format: 'pem', type: 'spki' });
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    },
    rotate: ({ keep = true } = {}) => {
      current = newSigningKey(options.algorithm);
      published = keep ? [...published, current] : [current];
    },
    behave: (how) => {
      behaviour = how;
    },
    requireBearer: (token) => {
      bearer = token;
    },
    calls: () => [...calls],
    [Symbol.asyncDispose]: async () => {
      await close(server);
      await certificate[Symbol.asyncDispose]();
    },
  };
}

export function signWith({ kid, algorithm, privateKey }: SigningKey, claims: Claims, header: Claims): string {
  const input = `${segment({ alg: algorithm, typ: 'JWT', kid, ...header })}.${segment(claims)}`;
  const signature = createSign(algorithm === 'ES384' ? 'sha384' : 'sha256')
    .update(input)
    .sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }, 'base64url');
  return `${input}.${signature}`;
}

function answerKeys(response: ServerResponse, how: string, keys: readonly SigningKey[]): void {
  if (how === 'hang') return;
  if (how === 'error') return json(response, 500, {});
  if (how === 'redirect') {
    response.writeHead(302, { location: '/elsewhere' });
    response.end();
    return;
  }
  if (how === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>sign in</html>');
    return;
  }
  const listed = keys.map(({ kid, algorithm, publicKey }) => {
    return { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  });
  json(response, 200, { keys: listed });
}

/** What must never be called: it counts who does. */
export interface Canary extends AsyncDisposable {
  readonly url: string;
  calls(): readonly string[];
}

export async function startCanary(): Promise<Canary> {
  const calls: string[] = [];
  const server = createHttpServer((request: IncomingMessage, response) => {
    calls.push(request.url ?? '');
    json(response, 200, { keys: [] });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    calls: () => [...calls],
    [Symbol.asyncDispose]: () => close(server),
  };
}

type AnyServer = ReturnType<typeof createHttpServer> | ReturnType<typeof createHttpsServer>;

async function listen(server: AnyServer): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(server: AnyServer): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
