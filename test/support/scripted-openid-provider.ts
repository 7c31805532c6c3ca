/** An OpenID provider that gives the answers of a test: faults, recorded answers, forged tokens. */
import { createHmac, createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Endpoint = 'discovery' | 'token' | 'jwks' | 'userinfo' | 'introspection' | 'revocation';
/** An answer; `hang` gives none, `trickle` gives one that never ends. */
export type Answer =
  | 'hang'
  | 'trickle'
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** A text as it is, anything else as JSON. */
      readonly body?: unknown;
    };

export interface PublishedKey {
  /** A private key, whose public part is published. */
  readonly key: KeyObject;
  /** Further members, and those that differ from `kid: KID` and `use: 'sig'`. */
  readonly members?: Readonly<Record<string, unknown>>;
}

export interface ScriptedProvider extends AsyncDisposable {
  readonly issuer: string;
  /** Claims of a good ID token for alice. */
  claims(changes?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
  /** A good answer of the token endpoint, with this ID token; absent: one for alice. */
  tokens(idToken?: string): Answer;
  /** Good metadata with changed members, as an answer of discovery. */
  metadata(changes: Readonly<Record<string, unknown>>): Answer;
  /** RS256 with the published key and its id, or with another key and other members of the header. */
  sign(claims: Readonly<Record<string, unknown>>, key?: KeyObject, header?: Readonly<Record<string, unknown>>): string;
  /** Publishes these keys from now on. */
  publish(...keys: readonly PublishedKey[]): void;
  unsigned(claims: Readonly<Record<string, unknown>>): string;
  /** HS256 with the published public key as the secret. */
  signWithPublicKey(claims: Readonly<Record<string, unknown>>): string;
  /** What an endpoint answers from now on. */
  answer(endpoint: Endpoint, answer: Answer): void;
  /** Lets all endpoints answer as they did at first. */
  repair(): void;
  /** The endpoints asked so far. */
  calls(): readonly Endpoint[];
}

const KID = 'key-of-the-tests';
/** The key that the provider publishes. */
export const PUBLISHED_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const publicKey = createPublicKey(PUBLISHED_KEY);
/** A key the provider never publishes. */
export const FOREIGN_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const calls: Endpoint[] = [];
  const answers = new Map<Endpoint, Answer>();
  const inOrder = new Map<Endpoint, Answer>();
  const server = createServer((request, response) => {
    request.resume();
    const endpoint = endpointOf(request);
    calls.push(endpoint);
    void reply(response, answers.get(endpoint) ?? inOrder.get(endpoint) ?? { status: 404 });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

  const claims = (changes: Readonly<Record<string, unknown>> = {}) => ({
    iss: issuer,
    aud: 'registry',
    sub: 'id-of-alice',
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 300,
    preferred_username: 'alice',
    groups: ['team-web'],
    ...changes,
  });
  const tokens = (idToken = sign(claims())): Answer => ({
    body: { access_token: 'access-token-of-alice', token_type: 'Bearer', expires_in: 300, id_token: idToken },
  });
  const metadata = (changes: Readonly<Record<string, unknown>> = {}): Answer => ({
    body: {
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      revocation_endpoint: `${issuer}/revocation`,
      // A careless provider: what it claims to use must not make the broker accept it.
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      ...changes,
    },
  });
  inOrder.set('discovery', metadata());
  inOrder.set('jwks', keySet({ key: PUBLISHED_KEY }));
  inOrder.set('token', tokens());

  return {
    issuer,
    claims,
    tokens,
    metadata,
    sign,
    publish: (...keys) => void answers.set('jwks', keySet(...keys)),
    unsigned: (payload) => `${segment({ alg: 'none' })}.${segment(payload)}.`,
    signWithPublicKey: (payload) => {
      const input = `${segment({ alg: 'HS256', kid: KID })}.${segment(payload)}`;
      const secret = publicKey.export({ format: 'pem', type: 'spki' });
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    },
    answer: (endpoint, answer) => void answers.set(endpoint, answer),
    repair: () => answers.clear(),
    calls: () => [...calls],
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function keySet(...keys: readonly PublishedKey[]): Answer {
  const listed = keys.map(({ key, members }) => {
    return { ...createPublicKey(key).export({ format: 'jwk' }), kid: KID, use: 'sig', ...members };
  });
  return { body: { keys: listed } };
}

function sign(
  claims: Readonly<Record<string, unknown>>,
  key: KeyObject = PUBLISHED_KEY,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const input = `${segment({ alg: 'RS256', kid: KID, ...header })}.${segment(claims)}`;
  return `${input}.${createSign('sha256').update(input).sign(key, 'base64url')}`;
}

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function endpointOf({ url = '' }: IncomingMessage): Endpoint {
  const endpoints: readonly Endpoint[] = ['token', 'jwks', 'userinfo', 'introspection', 'revocation'];
  return endpoints.find((endpoint) => url === `/${endpoint}`) ?? 'discovery';
}

async function reply(response: ServerResponse, answer: Answer): Promise<void> {
  if (answer === 'hang') return;
  if (answer === 'trickle') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"access_token":"');
    return;
  }
  const { status = 200, headers = { 'content-type': 'application/json' }, body = '' } = answer;
  response.writeHead(status, headers);
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
