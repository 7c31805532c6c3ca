/** Refresh tokens, which docker calls identity tokens and stores in place of the password. */
import { ensureDescribed, fail, NotDescribed, pass, verdict } from '../check.ts';
import type { Check } from '../check.ts';
import type { Answer } from '../exchange/send.ts';
import { objectOf, tokenOf } from '../server.ts';
import type { Parameters, Server } from '../server.ts';
import { allows } from '../tokens/token.ts';

const TOKEN_MD = 'distribution 3.1, docs/content/spec/auth/token.md, "offline_token"';
const OAUTH_MD = 'distribution 3.1, docs/content/spec/auth/oauth.md, "Refreshing a token"';
const MAX_LENGTH = 2000;

const login = (server: Server): Promise<Answer> =>
  server.once('offline', () =>
    server.get(
      [
        ['account', server.user.name],
        ['client_id', 'docker'],
        ['offline_token', 'true'],
      ],
      { login: server.user },
    ),
  );

export async function refreshTokenOf(server: Server): Promise<string> {
  const { refresh_token: token } = objectOf(await login(server));
  if (typeof token !== 'string' || token === '') throw new NotDescribed('there is no refresh_token');
  return token;
}

const exchange = async (server: Server, ...more: Parameters): Promise<Answer> =>
  server.post([['grant_type', 'refresh_token'], ['refresh_token', await refreshTokenOf(server)], ...more]);

/** A check of servers that offer refresh tokens. */
const offered = (check: Check): Check => ({
  ...check,
  after: check.after ?? ['refresh.exchange'],
  needs: ({ description }) => ensureDescribed(description.supports.refreshTokens, 'supports.refreshTokens: false'),
});

export const refreshChecks: readonly Check[] = [
  {
    id: 'refresh.login',
    level: 'must',
    title: 'A login that asks for a refresh token succeeds, whether there are any or not',
    source: `${TOKEN_MD}; docker login sends offline_token=true`,
    breaks: 'docker login fails.',
    after: ['scopes.none'],
    run: async (server) => {
      const token = tokenOf(await login(server));
      return typeof token === 'string' ? fail(token) : pass();
    },
  },
  offered({
    id: 'refresh.issued',
    level: 'must',
    title: 'A login with offline_token=true gets a refresh token',
    source: TOKEN_MD,
    breaks: 'docker stores the password instead.',
    after: ['refresh.login'],
    run: async (server) => {
      const { refresh_token: token } = objectOf(await login(server));
      return verdict(typeof token === 'string' && token !== '', 'there is no refresh_token');
    },
  }),
  offered({
    id: 'refresh.exchange',
    level: 'must',
    title: 'The refresh token is exchanged for an access token of the same user',
    source: OAUTH_MD,
    breaks: 'Every pull after docker login fails, because docker has no password to fall back to.',
    after: ['refresh.issued', 'scopes.granted'],
    run: async (server) => {
      const answer = await exchange(server, ['scope', `repository:${server.repositories.writable}:pull`]);
      const { access_token: text } = objectOf(answer);
      const token = tokenOf(answer);
      if (typeof token === 'string') return fail(token);
      if (typeof text !== 'string') return fail('access_token is missing');
      if (token.claims['sub'] !== (await server.token()).claims['sub'])
        return fail('sub is another one than at the login');
      return verdict(
        allows(token, 'repository', server.repositories.writable, 'pull'),
        'the token does not grant pull',
      );
    },
  }),
  offered({
    id: 'refresh.reusable',
    level: 'must',
    title: 'The refresh token stays valid after its use',
    source: `${OAUTH_MD}: "return the same refresh token"; moby/moby#39718`,
    breaks: 'docker, podman and containerd discard a new refresh token: the second pull fails.',
    run: async (server) => {
      await exchange(server);
      const token = tokenOf(await exchange(server));
      return typeof token === 'string' ? fail(token) : pass();
    },
  }),
  offered({
    id: 'refresh.same',
    level: 'should',
    title: 'An exchange returns the same refresh token or none',
    source: `${OAUTH_MD}: "return the same refresh token and not a new one"`,
    breaks: 'Clients that store the new one and clients that do not end each other’s logins.',
    after: ['refresh.reusable'],
    run: async (server) => {
      const { refresh_token: token } = objectOf(await exchange(server, ['access_type', 'offline']));
      return verdict(token === undefined || token === (await refreshTokenOf(server)), 'it is another one');
    },
  }),
  offered({
    id: 'refresh.unknown',
    level: 'must',
    title: 'An unknown refresh token is answered 400 or 401',
    source: 'RFC 6749, section 5.2: invalid_grant',
    breaks: 'An expired login succeeds, or the client does not say to log in again.',
    run: async (server) => {
      const { status } = await server.post([
        ['grant_type', 'refresh_token'],
        ['refresh_token', 'conformance-suite-refresh-token'],
      ]);
      return verdict(status === 400 || status === 401, `the answer has status ${status}`);
    },
  }),
  offered({
    id: 'refresh.bound-to-service',
    level: 'must',
    title: 'A refresh token is refused for another service',
    source: 'distribution 3.1, docs/content/spec/auth/scope.md: one audience for a token',
    breaks: 'A registry that learns a refresh token can use it for every other registry.',
    after: ['refresh.exchange', 'errors.unknown-service'],
    run: async (server) => {
      const { otherService = 'conformance.invalid' } = server.description;
      const { status } = await exchange(server, ['service', otherService]);
      return verdict(status >= 400 && status < 500, `the answer has status ${status}`);
    },
  }),
  offered({
    id: 'refresh.size',
    level: 'should',
    title: 'The refresh token is short, and needs no encoding',
    source: 'docker/cli#4323: wincred stores 2,560 bytes; jib sends it unencoded',
    breaks: 'docker login on Windows ends with "The stub received bad data"; jib sends another text.',
    after: ['refresh.issued'],
    run: async (server) => {
      const token = await refreshTokenOf(server);
      if (token.length > MAX_LENGTH) return fail(`it has ${token.length} characters`);
      return verdict(/^[A-Za-z0-9._~-]+$/.test(token), 'it has characters other than A-Z, a-z, 0-9 and ._~-');
    },
  }),
];
