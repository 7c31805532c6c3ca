/** A broker with every backend that this machine can run, and requests that are good at each. */
import { hash } from 'bcrypt';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { findPart } from '../support/parts.ts';
import { SLAPD, startSlapd } from '../support/slapd.ts';
import { startTokenIssuer } from '../support/token-issuer.ts';
import { startUserService, USERS } from '../support/user-service.ts';
import { directoryBackend } from '../support/user-sources.ts';

export interface FuzzWorld extends AsyncDisposable {
  readonly broker: Broker;
  readonly backends: readonly string[];
  /** Whole requests, to mutate. */
  readonly requests: readonly [Buffer, ...Buffer[]];
  /** Texts that must not be in the log. */
  readonly secrets: readonly string[];
}

const SERVICE = 'registry.example.com';
/** A service whose proxy asks about requests with registry tokens. */
const FORWARDED = 'forwarded.example.com';
const AUDIENCE = 'https://registry.example.com';
const HASHED = { user: 'hash-user', password: 'hashed-password-4711' } as const;
const PLAIN = { user: 'plain-user', password: 'plain-password-4712' } as const;
/** Cheap on purpose: unknown users cost what a wrong password costs, and there are thousands. */
const BCRYPT_COST = 4;

const POLICY = JSON.stringify({
  rules: [
    { name: 'public images', everyone: true, repositories: ['public/**'], allow: ['pull'] },
    { name: 'teams', groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] },
    { name: 'homes', users: ['{username}'], repositories: ['home/{username}/**'], allow: ['pull', 'push', 'delete'] },
    { name: 'not the vault', everyone: true, repositories: ['web/vault/**'], deny: ['push'] },
  ],
});

export async function startFuzzWorld(): Promise<FuzzWorld> {
  await using resources = new AsyncDisposableStack();
  const issuer = resources.use(await startTokenIssuer({ algorithm: 'ES256' }));
  const provider = resources.use(await startOpenIdProvider());
  const service = resources.use(await startUserService());
  const slapd = findPart(SLAPD) === undefined ? undefined : resources.use(await startSlapd());
  const token = issuer.sign({ sub: 'repo:corp/app', aud: AUDIENCE, repository_owner: 'corp' });
  const backends = [
    { name: 'local', type: 'static-file', file: 'users.yaml' },
    {
      name: 'ci',
      type: 'oidc-token',
      issuer: issuer.issuer,
      audience: AUDIENCE,
      caFile: issuer.caFile,
      bound: 'everyone',
      username: 'ci:{claim:sub}',
    },
    ...(slapd === undefined ? [] : [directoryBackend(slapd)]),
    { name: 'web', type: 'http', url: service.url, notFound: 'unknown-user' },
    {
      name: 'sso',
      type: 'oidc-password',
      issuer: provider.issuer,
      client: { id: provider.clientId, secret: { file: 'client.secret' } },
      claims: { username: 'preferred_username', groups: 'groups' },
    },
  ];
  const broker = resources.use(
    await startBroker({
      config: {
        services: {
          [SERVICE]: {
            anonymous: 'allow',
            refreshTokens: { maxPerUser: 100 },
            forwardAuth: { proxy: 'envoy', mode: 'basic' },
          },
          [FORWARDED]: { anonymous: 'allow', forwardAuth: { proxy: 'nginx' } },
        },
        trustedProxies: ['127.0.0.0/8'],
        log: { level: 'info' },
        backends,
        policy: 'policy.yaml',
      },
      files: {
        'policy.yaml': POLICY,
        'users.yaml': JSON.stringify({
          users: {
            [HASHED.user]: { password: await hash(HASHED.password, BCRYPT_COST), groups: ['team-web'] },
            [PLAIN.user]: { password: { file: 'plain.secret' }, groups: ['team-api'] },
          },
        }),
        'plain.secret': PLAIN.password,
        'client.secret': provider.clientSecret,
        ...(slapd === undefined ? {} : { 'ldap.password': slapd.bindPassword }),
      },
    }),
  );
  const people = [
    HASHED,
    PLAIN,
    { user: 'alice', password: USERS.alice.password },
    ...provider.people.slice(0, 1).map(({ username, password }) => ({ user: username, password })),
  ];
  const refreshToken = await logInOffline(broker);
  const logins = people.flatMap(({ user, password }) => [password, base64(`${user}:${password}`)]);
  const secrets = [token, refreshToken, provider.clientSecret, ...logins];

  const running = resources.move();
  return {
    broker,
    backends: backends.map(({ name }) => String(name)),
    requests: requestsOf({ people, token, refreshToken, registryToken: await registryTokenOf(broker) }),
    secrets,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/**
 * A refresh token. The secrets of this world are not noted for the search of every line that each broker of the tests
 * ends with: a mutation may make a user name of them.
 */
async function logInOffline({ url }: Broker): Promise<string> {
  const query = `service=${SERVICE}&offline_token=true&client_id=docker`;
  const authorization = `Basic ${base64(`${HASHED.user}:${HASHED.password}`)}`;
  const answer = await fetch(`${url}/token?${query}`, { headers: { authorization } });
  const { refresh_token: token } = (await answer.json()) as { readonly refresh_token?: string };
  if (token === undefined) throw new Error(`no refresh token: ${answer.status}`);
  return token;
}

async function registryTokenOf({ url }: Broker): Promise<string> {
  const answer = await fetch(`${url}/token?service=${FORWARDED}&scope=repository:public/app:pull`);
  return ((await answer.json()) as { readonly token: string }).token;
}

interface Credentials {
  readonly people: readonly { readonly user: string; readonly password: string }[];
  readonly token: string;
  readonly refreshToken: string;
  readonly registryToken: string;
}

const SCOPES = [
  'scope=repository:public/app:pull',
  'scope=repository:web/shop:pull,push&scope=repository:api/x:*',
  'scope=registry:catalog:*',
  'scope=repository(plugin):home/hash-user/a:pull%20repository:b/c:delete',
  '',
] as const;

function requestsOf({ people, token, refreshToken, registryToken }: Credentials): readonly [Buffer, ...Buffer[]] {
  const logins = [...people, { user: 'nobody', password: 'wrong-password-4713' }, { user: 'ci', password: token }];
  const queries = SCOPES.flatMap((scope) => {
    const query = `service=${SERVICE}&client_id=docker&account=x&${scope}`;
    return [get(`/token?${query}`), ...logins.map((login) => get(`/token?${query}`, login))];
  });
  const forms = [
    ...people.map(({ user, password }) => ({
      grant_type: 'password',
      username: user,
      password,
      access_type: 'offline',
    })),
    { grant_type: 'refresh_token', refresh_token: refreshToken },
    { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: token },
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    },
    { grant_type: 'client_credentials' },
  ].map((form) =>
    new URLSearchParams({ service: SERVICE, scope: 'repository:web/shop:pull,push', ...form }).toString(),
  );
  const others = ['/healthz', '/readyz', '/metrics', '/.well-known/jwks.json', '/', '/token/', '/%2e%2e/token'];
  return [
    get('/token'),
    ...queries,
    ...forms.flatMap((form) => [post(form), chunked(form)]),
    ...others.map((path) => get(path)),
    ...TARGETS.flatMap((target) => [
      get(`/forward-auth/${SERVICE}${target}`),
      ...logins.map((login) => get(`/forward-auth/${SERVICE}${target}`, login)),
      asked(target, registryToken),
    ]),
    Buffer.concat([get('/healthz', undefined, 'keep-alive'), get('/token')]),
    text(['OPTIONS * HTTP/1.1', 'Host: localhost', 'Connection: close', '', '']),
    text(['HEAD /token HTTP/1.1', 'Host: localhost', 'Connection: close', '', '']),
    text(['DELETE /token HTTP/1.0', 'Content-Length: 0', '', '']),
  ];
}

function get(path: string, login?: Credentials['people'][number], connection = 'close'): Buffer {
  const basic = login === undefined ? [] : [`Authorization: Basic ${base64(`${login.user}:${login.password}`)}`];
  return text([`GET ${path} HTTP/1.1`, 'Host: localhost', `Connection: ${connection}`, ...basic, '', '']);
}

const TARGETS = [
  '/v2/',
  '/v2/_catalog?n=10',
  '/v2/public/app/manifests/latest',
  `/v2/web/shop/blobs/uploads/?mount=sha256:${'a'.repeat(64)}&from=public%2Fapp`,
] as const;

/** What nginx asks about a request. */
function asked(target: string, token: string): Buffer {
  const headers = ['X-Original-Method: GET', `X-Original-URI: ${target}`, `Authorization: Bearer ${token}`];
  return text([`GET /forward-auth/${FORWARDED} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', '']);
}

const FORM_HEAD = [
  'POST /token HTTP/1.1',
  'Host: localhost',
  'Connection: close',
  'Content-Type: application/x-www-form-urlencoded',
] as const;

function post(form: string): Buffer {
  return text([...FORM_HEAD, `Content-Length: ${Buffer.byteLength(form)}`, '', form]);
}

function chunked(form: string): Buffer {
  const half = Math.floor(form.length / 2);
  const chunks = [form.slice(0, half), form.slice(half), ''].flatMap((part) => [part.length.toString(16), part]);
  return text([...FORM_HEAD, 'Transfer-Encoding: chunked', '', ...chunks, '']);
}

const text = (lines: readonly string[]): Buffer => Buffer.from(lines.join('\r\n'));
const base64 = (value: string): string => Buffer.from(value).toString('base64');
