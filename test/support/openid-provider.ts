/** A real OpenID provider in this process (npm oidc-provider), with the password grant its makers leave to the user. */
import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SignJWT } from 'jose';
import { Provider, errors } from 'oidc-provider';
import type { ProviderContext } from 'oidc-provider';
import { createLoopbackCertificate } from './loopback-certificate.ts';
import type { LoopbackCertificate } from './loopback-certificate.ts';

export interface Person {
  readonly username: string;
  readonly password: string;
  readonly groups: readonly string[];
  /** Further claims, such as `realm_access`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface OpenIdProviderOptions {
  /** `true`: https, with a certificate from an authority of its own (`caFile`). */
  readonly tls?: boolean;
  /** The port to listen on, to come back where one has stopped; absent: any free one. */
  readonly port?: number;
  /** The port in its issuer and endpoints, where clients reach it through a proxy. */
  readonly publicPort?: number;
  /** Its issuer, where that is not the address that it listens at; its endpoints are at the address of the request. */
  readonly issuer?: string;
  /** Changes the answer of the token endpoint, such as the type of a member. */
  readonly tokenAnswer?: (answer: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** The access token that the provider issued, for one that `tokenAnswer` gave to the client. */
  readonly issuedToken?: (token: string) => string;
  /** Absent: alice in team-web, bob in team-api, carol in no group. */
  readonly people?: readonly Person[];
  /** Whether userinfo alone holds the groups, and not the ID token; default false. */
  readonly groupsInUserinfoOnly?: boolean;
  /** Whether it has a revocation endpoint; default true. */
  readonly revocation?: boolean;
  readonly clientSecret?: string;
  /** How the client must authenticate; default client_secret_basic. */
  readonly clientAuthentication?:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'private_key_jwt'
    | 'tls_client_auth'
    | 'none';
  /** Further metadata of the client, such as its `jwks`. */
  readonly client?: Readonly<Record<string, unknown>>;
  /**
   * The person at the browser, for the authorization code flow; undefined: they go back. Absent: the provider offers the
   * password grant only.
   */
  readonly atBrowser?: () => string | undefined;
  /** Whether each refresh token is replaced when it is used, and one that is used twice ends all of them; default false. */
  readonly rotatesRefreshTokens?: boolean;
  /** What introspection says in addition; default: nothing. */
  readonly introspection?: Readonly<Record<string, unknown>>;
}

export interface ProviderRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The names of the headers of the request. */
  readonly headers: readonly string[];
  readonly grantType?: string;
  readonly username?: string;
}

export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  /** The URL that it listens at. */
  readonly address: string;
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly people: readonly Person[];
  /** The certificate of the authority, when it speaks https. */
  readonly caFile?: string;
  /** A certificate of the same authority for clients, `CN=fairlead`, and its key. */
  readonly clientFiles?: { readonly certFile: string; readonly keyFile: string };
  /** The calls to the token endpoint so far. */
  requests(): readonly ProviderRequest[];
  /** All calls so far. */
  calls(): readonly ProviderRequest[];
  /** How many refresh tokens have been given out and not revoked. */
  sessions(): number;
  /** Whether a token is one that the client got for itself. */
  isClientToken(token: string): boolean;
  /**
   * Announces at an address that a person has signed out.
   *
   * @param more claims in place of those of a proper logout token
   * @returns the status of the answer
   */
  announceLogout(address: string, username: string, more?: Readonly<Record<string, unknown>>): Promise<number>;
  /** Stops listening and cuts open connections. */
  stop(): Promise<void>;
}

export const PEOPLE = [
  { username: 'alice', password: 'alice-knows-this-1', groups: ['team-web'] },
  { username: 'bob', password: 'bob-knows-this-22', groups: ['team-api'] },
  { username: 'carol', password: 'carol-knows-this-3', groups: [] },
] as const satisfies readonly Person[];

const CLIENT_ID = 'registry';
const CLIENT_SECRET = 'secret-of-the-registry-client';

const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'none'];
const MUTUAL_TLS = {
  enabled: true,
  tlsClientAuth: true,
  getCertificate: ({ socket }: ProviderContext) => socket.getPeerX509Certificate?.(),
  certificateAuthorized: ({ socket }: ProviderContext) => socket.authorized,
  certificateSubjectMatches: ({ socket }: ProviderContext, _property: string, expected: string) =>
    socket.getPeerX509Certificate?.()?.subject === expected,
};

/** Clients may show a certificate of the same authority, and need not. */
async function askingForCertificates({ cert, key, caFile }: LoopbackCertificate) {
  return { cert, key, ca: await readFile(caFile, 'utf8'), requestCert: true, rejectUnauthorized: false };
}

export async function startOpenIdProvider(options: OpenIdProviderOptions = {}): Promise<OpenIdProvider> {
  const people = options.people ?? PEOPLE;
  const certificate = options.tls === true ? await createLoopbackCertificate() : undefined;
  const server =
    certificate === undefined ? createHttpServer() : createHttpsServer(await askingForCertificates(certificate));
  const port = await listen(server, options.port ?? 0);
  const address = `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${options.publicPort ?? port}`;
  const issuer = options.issuer ?? address;
  const log: ProviderRequest[] = [];
  const records = new Map<string, StoredModel>();
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });

  const provider = new Provider(issuer, await configuration(options, people, records, privateKey));
  provider.use(async (ctx, next) => {
    const [, token] = /^Bearer (.+)$/.exec(ctx.req.headers.authorization ?? '') ?? [];
    if (token !== undefined) ctx.req.headers.authorization = `Bearer ${options.issuedToken?.(token) ?? token}`;
    try {
      await next();
    } finally {
      log.push(describeCall(ctx));
    }
  });
  provider.registerGrantType(
    'password',
    async (ctx) => {
      const answer = await passwordGrant(provider, ctx, people, options.groupsInUserinfoOnly === true);
      ctx.body = options.tokenAnswer?.(answer) ?? answer;
    },
    ['username', 'password', 'scope'],
    [],
  );
  const callback = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { atBrowser } = options;
    if (atBrowser === undefined || request.url?.startsWith('/interaction/') !== true) callback(request, response);
    else void interact(provider, { request, response }, atBrowser());
  });

  const stop = (): Promise<void> => close(server, certificate);
  return {
    issuer,
    address,
    port,
    clientId: CLIENT_ID,
    clientSecret: options.clientSecret ?? CLIENT_SECRET,
    people,
    ...(certificate === undefined
      ? {}
      : {
          caFile: certificate.caFile,
          clientFiles: { certFile: certificate.clientCertFile, keyFile: certificate.clientKeyFile },
        }),
    requests: () => log.filter(({ path }) => path === '/token'),
    calls: () => [...log],
    sessions: () => [...records.keys()].filter((key) => key.startsWith('RefreshToken:')).length,
    isClientToken: (token) => records.has(`ClientCredentials:${token}`),
    announceLogout: async (url, username, more = {}) => {
      const claims = {
        iss: issuer,
        aud: CLIENT_ID,
        sub: subject(username),
        iat: Math.floor(Date.now() / 1000),
        jti: 'of-this-logout',
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        ...more,
      };
      const token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'logout+jwt' }).sign(privateKey);
      const { status } = await fetch(url, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
      return status;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function configuration(
  options: OpenIdProviderOptions,
  people: readonly Person[],
  records: Map<string, StoredModel>,
  privateKey: KeyObject,
): Promise<Readonly<Record<string, unknown>>> {
  const method = options.clientAuthentication ?? 'client_secret_basic';
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        ...(method.startsWith('client_secret') ? { client_secret: options.clientSecret ?? CLIENT_SECRET } : {}),
        token_endpoint_auth_method: method,
        grant_types: ['password', 'refresh_token', 'client_credentials'],
        redirect_uris: [],
        response_types: [],
        ...options.client,
      },
    ],
    adapter: (model: string) => mapAdapter(model, records),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'groups', 'name', ...people.flatMap(({ claims }) => Object.keys(claims ?? {}))],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    cookies: { keys: ['of the tests'] },
    interactions: { url: (_ctx: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    clientAuthMethods: METHODS,
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: options.revocation ?? true, allowedPolicy: () => true },
      userinfo: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      mTLS: MUTUAL_TLS,
    },
    rotateRefreshToken: options.rotatesRefreshTokens ?? false,
    extraTokenClaims: () => options.introspection,
    findAccount: (_ctx: unknown, id: string) => {
      const person = people.find(({ username }) => subject(username) === id);
      return person && { accountId: id, claims: () => claimsOf(person) };
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      ClientCredentials: 300,
      IdToken: 300,
      RefreshToken: 3600,
      Grant: 3600,
      Interaction: 600,
      Session: 3600,
    },
  };
}

interface StoredModel {
  readonly grantId?: string;
  readonly uid?: string;
  readonly consumed?: number;
}

/** Signs the person in and consents, in one step. */
async function interact(
  provider: Provider,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  person: string | undefined,
): Promise<void> {
  const result =
    person === undefined
      ? { error: 'access_denied', error_description: 'the person went back' }
      : {
          login: { accountId: subject(person) },
          consent: { grantId: await consent(provider, request, response, person) },
        };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function consent(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  person: string,
): Promise<string> {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: subject(person), clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope']));
  return grant.save();
}

/** Where one provider keeps its tokens; the package's own memory is shared by all in the process, and warns. */
function mapAdapter(model: string, records: Map<string, StoredModel>) {
  const find = async (id: string): Promise<StoredModel | undefined> => records.get(`${model}:${id}`);
  return {
    find,
    findByUid: async (uid: string) =>
      [...records].find(([key, payload]) => key.startsWith(`${model}:`) && payload.uid === uid)?.[1],
    findByUserCode: find,
    upsert: async (id: string, payload: StoredModel) => void records.set(`${model}:${id}`, payload),
    consume: async (id: string) => {
      const payload = records.get(`${model}:${id}`);
      if (payload !== undefined) records.set(`${model}:${id}`, { ...payload, consumed: Math.floor(Date.now() / 1000) });
    },
    destroy: async (id: string) => void records.delete(`${model}:${id}`),
    revokeByGrantId: async (grantId: string) => {
      for (const [key, payload] of records) if (payload.grantId === grantId) records.delete(key);
    },
  };
}

async function passwordGrant(
  provider: Provider,
  ctx: ProviderContext,
  people: readonly Person[],
  groupsInUserinfoOnly: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const { username, password, scope = 'openid' } = ctx.oidc.params;
  const person = people.find((candidate) => candidate.username === username && candidate.password === password);
  if (person === undefined) throw new errors.InvalidGrant('no such user, or not their password');
  const accountId = subject(person.username);
  const { client } = ctx.oidc;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(scope);
  const shared = { accountId, client, grantId: await grant.save(), gty: 'password', scope };
  const accessToken = await new provider.AccessToken({ ...shared, claims: {} }).save();
  const refreshToken = await new provider.RefreshToken({ ...shared, claims: {} }).save();
  const { groups, ...others } = claimsOf(person);
  const idToken = new provider.IdToken(groupsInUserinfoOnly ? others : { ...others, groups }, { ctx });
  idToken.scope = scope;
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: 300,
    scope,
    refresh_token: refreshToken,
    ...(scope.split(' ').includes('openid') ? { id_token: await idToken.issue({ use: 'idtoken' }) } : {}),
  };
}

function claimsOf(person: Person) {
  return {
    sub: subject(person.username),
    preferred_username: person.username,
    name: `${person.username} of the tests`,
    email: `${person.username}@example.com`,
    email_verified: true,
    groups: person.groups,
    ...person.claims,
  };
}

function subject(username: string): string {
  return `id-of-${username}`;
}

function describeCall({ method, path, status, req, oidc }: ProviderContext): ProviderRequest {
  const { grant_type: grantType, username } = oidc?.params ?? {};
  return {
    method,
    path,
    status,
    headers: Object.keys(req.headers),
    ...(grantType === undefined ? {} : { grantType }),
    ...(username === undefined ? {} : { username }),
  };
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return address.port;
}

async function close(server: Server, certificate: LoopbackCertificate | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Closing one that is closed calls back with an error, which is no error here.
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
  await certificate?.[Symbol.asyncDispose]();
}
