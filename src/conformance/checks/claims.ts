/** The header and claims of a token. Its signature is in `keys.ts`. */
import { LEEWAY_S, TIMES } from '../tokens/claims.ts';
import { ensureDescribed, fail, pass, verdict } from '../check.ts';
import type { Check } from '../check.ts';
import { containsPassword } from '../secrets.ts';
import type { Server } from '../server.ts';
import { objectOf, tokenOf, writeScope } from '../server.ts';
import { claimsProblem } from '../tokens/claims.ts';
import { REGISTRIES } from '../tokens/registries.ts';
import type { Registry } from '../tokens/registries.ts';
import { ALGORITHMS } from '../tokens/signature.ts';
import { isAccessEntry } from '../tokens/token.ts';

const JWT_MD = 'distribution 3.1, docs/content/spec/auth/jwt.md';
const V2 = 'distribution 2.8.3, registry/auth/token/token.go';
const V3 = 'distribution 3.1, registry/auth/token/token.go';
const DAY_S = 86_400;

/** Seconds since 1970 at the server, as its Date header says. */
async function serverTime(server: Server): Promise<number> {
  const date = Date.parse((await server.answer()).headers['date'] ?? '');
  return Math.floor((Number.isNaN(date) ? Date.now() : date) / 1000);
}

const acceptedBy = (registry: Registry): Check => ({
  id: `claims.${registry}`,
  level: 'must',
  title: `${registry} accepts the claims`,
  source: registry === 'zot' ? 'zot 2.1.20, pkg/api/bearer.go' : registry === 'distribution-2.8' ? V2 : V3,
  breaks: 'A registry of this version refuses every token.',
  after: [
    'claims.issuer',
    'claims.audience',
    'claims.audience-text',
    'claims.expiry',
    'claims.integer-times',
    'claims.not-before',
    'claims.access-form',
  ],
  needs: ({ description }) =>
    ensureDescribed(description.registries.includes(registry), `registries: [${description.registries.join(', ')}]`),
  run: async (server) => {
    const problem = claimsProblem(registry, await server.token(), server.description, await serverTime(server));
    return problem === undefined ? pass() : fail(problem);
  },
});

export const claimChecks: readonly Check[] = [
  {
    id: 'claims.type',
    level: 'must',
    title: 'The header has typ "JWT"',
    source: `${JWT_MD}, "Header"`,
    breaks: 'Registries that follow the specification refuse the token.',
    run: async (server) => {
      const { typ } = (await server.token()).header;
      return verdict(typ === 'JWT', `typ is ${JSON.stringify(typ)}`);
    },
  },
  {
    id: 'claims.algorithm',
    level: 'must',
    title: 'The token is signed with a public-key algorithm that registries know',
    source: `${V3}, default of signingalgorithms; RFC 8725, section 3.1`,
    breaks: 'No registry accepts the token, or anybody can make one.',
    run: async (server) => {
      const { alg } = (await server.token()).header;
      return verdict(typeof alg === 'string' && ALGORITHMS.includes(alg), `alg is ${JSON.stringify(alg)}`);
    },
  },
  {
    id: 'claims.issuer',
    level: 'must',
    title: '`iss` is the configured issuer',
    source: V3,
    breaks: 'The registry refuses every token: "token from untrusted issuer".',
    run: async (server) => {
      const { iss } = (await server.token()).claims;
      return verdict(
        iss === server.description.issuer,
        `iss is ${JSON.stringify(iss)}, expected ${JSON.stringify(server.description.issuer)}`,
      );
    },
  },
  {
    id: 'claims.audience',
    level: 'must',
    title: '`aud` names the service that was asked for',
    source: V3,
    breaks: 'The registry refuses every token: "token intended for another audience".',
    run: async (server) => {
      const { aud } = (await server.token()).claims;
      const { service } = server.description;
      return verdict(aud === service || (Array.isArray(aud) && aud.includes(service)), `aud is ${JSON.stringify(aud)}`);
    },
  },
  {
    id: 'claims.audience-text',
    level: 'must',
    title: '`aud` is a text, not a list',
    source: `${V2}: Audience is a string`,
    breaks: 'distribution 2 refuses the token as malformed.',
    run: async (server) => {
      const { aud } = (await server.token()).claims;
      return verdict(!Array.isArray(aud), 'aud is a list');
    },
  },
  {
    id: 'claims.subject',
    level: 'should',
    title: '`sub` is the name of the user',
    source: `${JWT_MD}, "Claim Set"`,
    breaks: 'The log of the registry does not show who pushed an image.',
    run: async (server) => {
      const { sub } = (await server.token()).claims;
      return verdict(sub === server.user.name, `sub is ${JSON.stringify(sub)}`);
    },
  },
  {
    id: 'claims.subject-authenticated',
    level: 'must',
    title: '`sub` is who logged in, whatever the parameter `account` says',
    source: 'SUSE/Portus used params[:account]; podman and docker send account with the login',
    breaks: 'A user acts and appears in logs as somebody else.',
    run: async (server) => {
      const parameters = [
        ['account', 'somebody-else'],
        ['scope', writeScope(server)],
      ] as const;
      const answer = await server.get(parameters, { login: server.user });
      if (answer.status === 400 || answer.status === 401) return pass(`refused with ${answer.status}`);
      const token = tokenOf(answer);
      if (typeof token === 'string') return fail(token);
      return verdict(token.claims['sub'] !== 'somebody-else', 'sub is the value of account');
    },
  },
  {
    id: 'claims.expiry',
    level: 'must',
    title: '`exp` is in the future',
    source: V3,
    breaks: 'The registry refuses every token.',
    run: async (server) => {
      const { exp } = (await server.token()).claims;
      const now = await serverTime(server);
      return verdict(
        typeof exp === 'number' && exp > now,
        `exp is ${JSON.stringify(exp)}, and the time of the answer ${now}`,
      );
    },
  },
  {
    id: 'claims.integer-times',
    level: 'must',
    title: '`exp`, `nbf` and `iat` are integers',
    source: `${V2}: int64`,
    breaks: 'distribution 2 refuses the token as malformed.',
    run: async (server) => {
      const { claims } = await server.token();
      const others = TIMES.filter((name) => claims[name] !== undefined && !Number.isInteger(claims[name]));
      return verdict(
        others.length === 0,
        others.map((name) => `${name} is ${JSON.stringify(claims[name])}`).join(', '),
      );
    },
  },
  {
    id: 'claims.not-before',
    level: 'must',
    title: '`nbf` and `iat` are not in the future',
    source: `${V3}: 60 seconds of leeway; zot 2.1, pkg/api/bearer.go: none`,
    breaks: 'The registry refuses new tokens: "token not to be used before", on zot "token used before issued".',
    after: ['claims.integer-times'],
    run: async (server) => {
      const { claims } = await server.token();
      const now = await serverTime(server);
      // The Date header has whole seconds, and the token may be made in the next one.
      const late = (['nbf', 'iat'] as const).filter((name) => Number(claims[name] ?? 0) > now + 1);
      return verdict(
        late.length === 0,
        late.map((name) => `${name} is ${Number(claims[name]) - now} seconds ahead`).join(', '),
      );
    },
  },
  {
    id: 'claims.backdated',
    level: 'may',
    title: '`nbf` and `iat` are a few seconds in the past, for registries whose clock is slow',
    source: 'cesanta/docker_auth#41, #59, #75; zot 2.1 allows no leeway',
    breaks: 'A registry whose clock is behind by a second refuses new tokens.',
    after: ['claims.integer-times', 'claims.not-before'],
    run: async (server) => {
      const { claims } = await server.token();
      const now = await serverTime(server);
      const close = (['nbf', 'iat'] as const).filter(
        (name) => claims[name] !== undefined && Number(claims[name]) > now - 5,
      );
      return verdict(close.length === 0, `${close.join(' and ')} ${close.length > 1 ? 'are' : 'is'} the current time`);
    },
  },
  {
    id: 'claims.expiry-margin',
    level: 'may',
    title: 'The token outlives `expires_in`, for clients without a margin',
    source: 'containerd 2.0 and docker use a token until the last second',
    breaks: 'A token that is sent in its last second is expired when the registry reads it.',
    after: ['claims.integer-times', 'claims.expiry', 'answer.expires-in', 'answer.expires-in-honest'],
    run: async (server) => {
      const seconds = Number(objectOf(await server.answer())['expires_in']);
      const margin = Number((await server.token()).claims['exp']) - (await serverTime(server)) - seconds;
      return verdict(margin >= 5, `exp is ${margin} seconds later than expires_in says`);
    },
  },
  {
    id: 'claims.lifetime',
    level: 'should',
    title: 'The token lives for at most a day',
    source: 'distribution 3.1, registry/auth/token: a registry asks nobody whether a token is still valid',
    breaks: 'Users who were removed go on pulling and pushing.',
    after: ['claims.integer-times', 'claims.expiry'],
    run: async (server) => {
      const lifetime = Number((await server.token()).claims['exp']) - (await serverTime(server));
      return verdict(lifetime <= DAY_S + LEEWAY_S, `the token lives for ${Math.round(lifetime / 3600)} hours`);
    },
  },
  {
    id: 'claims.token-id',
    level: 'should',
    title: 'Each token has its own `jti`',
    source: `${JWT_MD}, "Claim Set"`,
    breaks: 'A token in the log of the registry cannot be found in the log of the token server.',
    after: ['answer.token', 'scopes.none'],
    run: async (server) => {
      const { jti: first } = (await server.token()).claims;
      // Another scope: a server may give the same token again for the same request.
      const other = tokenOf(await server.get([], { login: server.user }));
      if (typeof other === 'string') return fail(other);
      const { jti: second } = other.claims;
      if (typeof first !== 'string' || first === '') return fail(`jti is ${JSON.stringify(first)}`);
      return verdict(first !== second, 'two tokens have the same jti');
    },
  },
  {
    id: 'claims.access-form',
    level: 'must',
    title: '`access` is a list of entries with type, name and actions',
    source: `${JWT_MD}, "Claim Set"`,
    breaks: 'The registry sees no rights, or refuses the token as malformed.',
    run: async (server) => {
      const { access } = (await server.token()).claims;
      if (access === undefined) return fail('there is no access');
      return verdict(
        Array.isArray(access) && access.every(isAccessEntry),
        'an entry lacks type, name or actions, or has another type',
      );
    },
  },
  {
    id: 'claims.no-password',
    level: 'must',
    title: 'The token does not contain the password',
    source: 'RFC 8725: the claims of a signed token are readable',
    breaks: 'The registry, its log and every proxy between get the password.',
    run: async (server) => {
      const { header, claims } = await server.token();
      return verdict(!containsPassword(JSON.stringify([header, claims]), server.user), 'it does');
    },
  },
  ...REGISTRIES.map(acceptedBy),
];
