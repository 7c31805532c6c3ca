/**
 * A small token server that passes every check of the conformance suite, and has a switch for each fault that servers
 * were seen to have. It serves one user with one set of rights.
 */
import { createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Description } from '../../src/conformance/description/load.ts';
import { libtrustId, thumbprint } from '../../src/conformance/tokens/key-ids.ts';
import { Secret } from '../../src/core/identity.ts';
import type { FaultName } from './token-server-faults.ts';
import { Refusal } from './token-server-refusal.ts';
import { createScopes, PUBLIC, RIGHTS } from './token-server-scopes.ts';
import type { Scope } from './token-server-scopes.ts';
import { createTokens, ISSUER, LIFETIME, makeKeys } from './token-server-tokens.ts';
import type { Keys } from './token-server-tokens.ts';

export interface TokenServer extends AsyncDisposable {
  readonly url: URL;
  readonly description: Description;
}

export interface TokenServerOptions {
  readonly fault?: FaultName | undefined;
  /** Whether the user may list all repositories. Default: yes. */
  readonly catalog?: boolean;
  /** What is described otherwise. */
  readonly description?: Partial<Description>;
  /** What registries trust: a bundle, a key set with two kids, or both. Default: both. */
  readonly trust?: 'bundle' | 'key set' | 'key set without libtrust';
}

const SERVICE = 'registry.test';
const OTHER_SERVICE = 'other.test';
const ORIGIN = 'https://ui.test';
const KIB = 1024;

export const ALICE = 'alice';
export const ALICE_PASSWORD = 'Correct: pässword+1';
export const BOB = 'bob';
export const BOB_PASSWORD = 'another-correct-password';

/** Whether it is neither empty nor begins with a correct password: such passwords have faults of their own. */
function isInvented(password: string): boolean {
  return password !== '' && !password.startsWith(BOB_PASSWORD);
}

export async function startTokenServer({
  fault,
  description,
  trust,
  catalog = true,
}: TokenServerOptions = {}): Promise<TokenServer> {
  const keys = await makeKeys(fault);
  const handle = createHandler(fault, keys, catalog || fault === 'catalog-for-all');
  const server = createServer({ maxHeaderSize: 128 * KIB }, (request, response) => {
    handle(request, response).catch(() => {
      response.statusCode = 500;
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/token`),
    description: { ...describe(keys, fault, trust, catalog), ...description },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function describe(
  { signing, certificate }: Keys,
  fault: FaultName | undefined,
  trust: TokenServerOptions['trust'],
  catalog: boolean,
): Description {
  const key = createPublicKey(signing);
  const isPrivate = fault === 'private-key-set';
  const kids = [libtrustId(key), thumbprint(key)].slice(trust === 'key set without libtrust' ? 1 : 0);
  return {
    version: 1,
    name: 'a server of the tests',
    service: SERVICE,
    issuer: ISSUER,
    trust: {
      certificates: trust === 'key set' || certificate === '' ? undefined : [new X509Certificate(certificate)],
      keySet: trust === 'bundle' ? undefined : kids.map((kid) => ({ kid, key, isPrivate })),
    },
    registries: certificate === '' ? ['distribution-3.1'] : ['distribution-2.8', 'distribution-3.1', 'zot'],
    ca: undefined,
    users: [
      { name: ALICE, password: new Secret(ALICE_PASSWORD), rights: RIGHTS, catalog },
      { name: BOB, password: new Secret(BOB_PASSWORD), rights: new Map(), catalog: false },
    ],
    anonymous: PUBLIC,
    otherService: OTHER_SERVICE,
    supports: { post: true, refreshTokens: true, cors: ORIGIN },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function createHandler(fault: FaultName | undefined, keys: Keys, hasCatalog: boolean): Handler {
  const has = (name: FaultName): boolean => fault === name;
  const refreshTokens = new Map<string, { readonly user: string; readonly service: string }>();
  const { scopesOf, grant } = createScopes({ has, hasCatalog });
  const { tokenFor } = createTokens({ has, keys, login: `${ALICE}:${ALICE_PASSWORD}` });
  let inFlight = 0;

  return async (request, response) => {
    inFlight += 1;
    try {
      // A turn of the event loop, so that requests that were sent at once are in flight together.
      await sleep(has('parallel-logins') ? 20 : 0);
      if (has('parallel-logins') && inFlight > 4) throw new Refusal(429);
      await answer(request, response);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(request, response, error);
    } finally {
      inFlight -= 1;
    }
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    allowOrigin(request, response);
    const [path = '', query = ''] = (request.url ?? '').split(/\?(.*)/s, 2);
    if (has('redirect')) {
      response.statusCode = 302;
      response.setHeader('Location', '/elsewhere');
      response.end();
      return;
    }
    if (path !== '/token' && (path !== '/token/' || has('slash'))) throw new Refusal(404);
    if (request.method === 'OPTIONS' && !has('no-preflight')) {
      response.statusCode = 204;
      response.setHeader('Access-Control-Allow-Headers', 'Authorization');
      response.end();
      return;
    }
    if (has('long-url') && query.length > 16 * KIB) throw new Refusal(414);
    if (has('crash') && query.includes('%00')) throw new Error('a fault');
    if (has('markup') && query.includes('<script')) {
      response.setHeader('Content-Type', 'text/html');
      response.statusCode = 400;
      response.end(`unknown service ${decodeURIComponent(query)}`);
      return;
    }
    const isPost = request.method === 'POST';
    if (request.method !== 'GET' && !isPost && !has('every-method')) throw new Refusal(405);
    const form = isPost ? await formOf(request) : query;
    const parameters = new URLSearchParams(form === '' && has('post-query-login') ? query : form);
    await serve(request, response, parameters, isPost);
  }

  async function formOf(request: IncomingMessage): Promise<string> {
    const type = request.headers['content-type'] ?? '';
    if (has('post-missing')) throw new Refusal(404);
    if (has('post-forbidden')) throw new Refusal(403);
    if (has('no-charset') && type.includes('charset')) throw new Refusal(415);
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
    if (has('json-ignored') && type.includes('json')) return `service=${SERVICE}`;
    if (!type.startsWith('application/x-www-form-urlencoded')) throw new Refusal(400);
    return text;
  }

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    parameters: URLSearchParams,
    isPost: boolean,
  ): Promise<void> {
    const service = parameters.get('service') ?? '';
    const isKnown = service === SERVICE || service === OTHER_SERVICE || has('any-service');
    if (!isKnown) throw new Refusal(400);
    const user = await identify(request, parameters, isPost);
    const scopes = scopesOf(parameters, isPost);
    const access = scopes.flatMap((scope) => grant(scope, user, scopes));
    const token = tokenFor(user, service, access, parameters);
    const body = bodyOf(token, access, isPost);
    const refreshToken = refreshTokenFor(user, service, parameters);
    if (refreshToken !== undefined) body['refresh_token'] = refreshToken;
    const isGrant = parameters.get('grant_type') === 'password';
    if (has('empty-access-token') && !isPost) body['access_token'] = '';
    if (has('post-token-only') && isGrant) delete body['access_token'];
    if (has('no-token') && !isPost) for (const name of ['token', 'access_token']) delete body[name];
    response.setHeader('Content-Type', has('text-type') ? 'text/plain' : 'application/json');
    if (!has('cacheable')) response.setHeader('Cache-Control', 'no-store');
    response.end(has('html-body') ? '<h1>welcome</h1>' : JSON.stringify(body));
  }

  /** @returns the user; empty for anonymous */
  async function identify(request: IncomingMessage, parameters: URLSearchParams, isPost: boolean): Promise<string> {
    const grantType = parameters.get('grant_type');
    if (isPost && grantType === 'refresh_token') return exchange(parameters);
    if (isPost && grantType === 'password') {
      if (has('client-id-required') && parameters.get('client_id') === '') throw new Refusal(400);
      const name = parameters.get('username') ?? '';
      const password = parameters.get('password') ?? '';
      if (has('ldap-star') && name === '*' && password === ALICE_PASSWORD) return ALICE;
      return await login(name, password, parameters, has('post-403') ? 403 : 400);
    }
    if (isPost && has('json-ignored') && grantType === null) return '';
    if (isPost)
      throw new Refusal(has('grant-401') ? 401 : 400, has('grant-401') ? 'invalid_grant' : 'unsupported_grant_type');
    return await identifyByHeader(request.headers.authorization, parameters);
  }

  function exchange(parameters: URLSearchParams): string {
    const text = parameters.get('refresh_token') ?? '';
    const known = refreshTokens.get(text);
    if (has('exchange-broken')) throw new Refusal(400);
    if (known === undefined) throw new Refusal(has('refresh-500') ? 500 : 400, 'invalid_grant');
    if (known.service !== parameters.get('service') && !has('refresh-unbound')) throw new Refusal(400, 'invalid_grant');
    if (has('rotation')) refreshTokens.delete(text);
    return known.user;
  }

  async function identifyByHeader(header: string | undefined, parameters: URLSearchParams): Promise<string> {
    const [name, password] = [parameters.get('username'), parameters.get('password')];
    if (header === undefined) {
      if (has('query-login') && name !== null) return await login(name, password ?? '', parameters, 401);
      if (has('account-logs-in') && parameters.get('account') !== null) return ALICE;
      return anonymous();
    }
    if (header.startsWith('Bearer ')) return has('bearer-ignored') ? anonymous() : refuseLogin();
    const scheme = has('scheme-case') ? /^Basic (.*)$/ : /^basic (.*)$/i;
    const encoded = scheme.exec(header)?.[1] ?? '';
    if (has('long-header') && header.length > 8 * KIB) throw new Refusal(431);
    if (!/^[A-Za-z0-9+/]+=*$/.test(encoded)) return has('malformed-ignored') ? anonymous() : refuseLogin();
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) return has('no-colon-ignored') ? anonymous() : refuseLogin();
    if (text === ':' && !has('nothing-refused')) return anonymous();
    return await login(text.slice(0, colon), text.slice(colon + 1), parameters, 401);
  }

  function refuseLogin(status = 401): never {
    throw new Refusal(status, status === 401 ? 'invalid_client' : 'invalid_grant');
  }

  function anonymous(): string {
    return has('anonymous-refused') || has('anonymous-400') ? refuseLogin(has('anonymous-400') ? 400 : 401) : '';
  }

  async function login(name: string, password: string, parameters: URLSearchParams, status: number): Promise<string> {
    const canonical = has('spelling') ? name.toLowerCase() : name;
    const correct = new Map([
      [ALICE, ALICE_PASSWORD],
      [BOB, BOB_PASSWORD],
    ]).get(canonical);
    const isGet = status === 401;
    if (has('name-ignored') && name === '' && isGet) return '';
    if (has('unknown-is-anonymous') && name.startsWith('conformance-') && isGet) return '';
    const message = has('password-in-error') ? `wrong password ${password}` : undefined;
    if (correct === undefined)
      throw new Refusal(status, 'invalid_grant', has('unknown-named') ? 'no such user' : message);
    if (has('slow-for-users')) await sleep(30);
    if (password === correct || (has('empty-password') && password === '' && isGet)) return name;
    if (has('truncated-password') && password.startsWith(correct)) return name;
    if (isGet && has('wrong-is-anonymous') && parameters.has('scope') && isInvented(password)) return '';
    if (isGet && has('wrong-login-succeeds') && !parameters.has('scope')) return name;
    throw new Refusal(status, 'invalid_grant', message);
  }

  function refreshTokenFor(user: string, service: string, parameters: URLSearchParams): string | undefined {
    const isLogin = parameters.get('offline_token') === 'true';
    const used = parameters.get('refresh_token');
    if (isLogin && has('offline-refused')) throw new Refusal(400);
    if (user === '' && !has('anonymous-refresh-token')) return undefined;
    if (used !== null && (has('new-refresh-token') || has('rotation'))) return makeRefreshToken(user, service);
    if (used !== null && parameters.get('access_type') === 'offline') return used;
    if (isLogin && has('no-refresh-token')) return undefined;
    return isLogin || (has('unrequested-refresh-token') && used === null) ? makeRefreshToken(user, service) : undefined;
  }

  function makeRefreshToken(user: string, service: string): string {
    const token = `${randomUUID()}${has('long-refresh-token') ? 'x'.repeat(3000) : ''}`;
    refreshTokens.set(token, { user, service });
    return token;
  }

  function bodyOf(token: string, access: readonly Scope[], isPost: boolean): Record<string, unknown> {
    const seconds = has('short-lifetime') ? 30 : has('dishonest-lifetime') ? 3600 : LIFETIME;
    const scope = access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ');
    return {
      token,
      access_token: token,
      ...(has('no-lifetime') ? {} : { expires_in: has('lifetime-text') ? String(seconds) : seconds }),
      ...(isPost && !has('no-scope-field') ? { scope } : {}),
      ...(has('issued-at') ? { issued_at: new Date().toISOString() } : {}),
      ...(has('issued-at-number') ? { issued_at: Math.floor(Date.now() / 1000) } : {}),
      ...(has('issued-at-old') ? { issued_at: '2020-01-01T00:00:00Z' } : {}),
      ...(has('large-body') ? { filler: 'x'.repeat(70 * KIB) } : {}),
    };
  }

  function allowOrigin({ headers }: IncomingMessage, response: ServerResponse): void {
    const { origin, authorization } = headers;
    if (origin === undefined) return;
    const isFailure = authorization === 'Basic !!!';
    if (origin !== ORIGIN && !has('every-origin')) return;
    if (isFailure && has('no-origin-on-failure')) return;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
  }

  function refuse(request: IncomingMessage, response: ServerResponse, { status, oauth, message }: Refusal): void {
    response.statusCode = status;
    const isLogin = status === 401;
    if (isLogin && !has('no-challenge')) response.setHeader('WWW-Authenticate', 'Basic realm="token"');
    if (isLogin && has('bearer-challenge')) response.appendHeader('WWW-Authenticate', 'Bearer error="invalid_token"');
    request.resume();
    if (has('html-error') && isLogin) {
      response.setHeader('Content-Type', 'text/html');
      response.end('<h1>Unauthorized</h1>');
      return;
    }
    const stack = has('stack-in-error') ? ' at login (/srv/app/login.js:17:3)' : '';
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({
        ...(has('no-errors-list') ? {} : { errors: [{ code: 'UNAUTHORIZED', message: message + stack }] }),
        error: oauth,
      }),
    );
  }
}
