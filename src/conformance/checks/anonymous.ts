/** Requests without credentials. */
import { ensureDescribed, fail, pass, verdict } from '../check.ts';
import type { Check } from '../check.ts';
import type { Answer } from '../exchange/send.ts';
import { tokenOf, writeScope } from '../server.ts';
import type { Server } from '../server.ts';
import { allows, grantsOf } from '../tokens/token.ts';

const TOKEN_MD = 'distribution 3.1, docs/content/spec/auth/token.md';
const needsRights: NonNullable<Check['needs']> = ({ description }) =>
  ensureDescribed(description.anonymous !== undefined, 'anonymous: deny');
const needsDenial: NonNullable<Check['needs']> = ({ description }) =>
  ensureDescribed(description.anonymous === undefined, 'anonymous: { rights: … }');

const withoutCredentials = (server: Server): Promise<Answer> =>
  server.once('anonymous', () => server.get([['scope', writeScope(server)]]));

export const anonymousChecks: readonly Check[] = [
  {
    id: 'anonymous.allowed',
    level: 'must',
    title: 'A request without credentials gets the described rights',
    source: `${TOKEN_MD}, "Requesting a Token"`,
    breaks: 'Public images cannot be pulled without docker login.',
    after: ['claims.access-form'],
    needs: needsRights,
    run: async (server) => {
      const name = server.repositories.anonymous();
      const token = tokenOf(await server.get([['scope', `repository:${name}:pull`]]));
      if (typeof token === 'string') return fail(token);
      return verdict(allows(token, 'repository', name, 'pull'), 'the token does not grant pull');
    },
  },
  {
    id: 'anonymous.denied',
    level: 'must',
    title: 'A request without credentials gets no token where anonymous access is denied',
    source: `${TOKEN_MD}, "Requesting a Token"`,
    breaks: 'Everybody gets a token.',
    needs: needsDenial,
    run: async (server) => {
      const { status } = await withoutCredentials(server);
      return verdict(status >= 400 && status < 500, `the answer has status ${status}`);
    },
  },
  {
    id: 'anonymous.denied-status',
    level: 'should',
    title: 'A request without credentials is answered 401 where anonymous access is denied',
    source: `${TOKEN_MD}, "Requesting a Token": "401 Unauthorized"`,
    breaks: 'Clients do not say that a login is needed.',
    after: ['anonymous.denied'],
    needs: needsDenial,
    run: async (server) => {
      const { status } = await withoutCredentials(server);
      return verdict(status === 401, `the answer has status ${status}`);
    },
  },
  {
    id: 'anonymous.no-more',
    level: 'must',
    title: 'A request without credentials gets nothing that is not described',
    source: `${TOKEN_MD}, "Requesting a Token"`,
    breaks: 'Everybody can push.',
    run: async (server) => {
      const { anonymous } = server.description;
      const answer = await withoutCredentials(server);
      if (answer.status >= 400 && answer.status < 500) return pass(`refused with ${answer.status}`);
      const token = tokenOf(answer);
      if (typeof token === 'string') return fail(token);
      const allowed = anonymous?.get(server.repositories.writable) ?? [];
      const granted = [...(grantsOf(token).get(`repository:${server.repositories.writable}`) ?? [])];
      const others = granted.filter((action) => !allowed.includes(action) && !allowed.includes('*'));
      return verdict(others.length === 0, `it gets ${others.join(', ')} on ${server.repositories.writable}`);
    },
  },
  {
    id: 'anonymous.subject',
    level: 'should',
    title: '`sub` of an anonymous token is empty or absent',
    source: 'distribution 3.1, docs/content/spec/auth/jwt.md, "Claim Set"',
    breaks: 'A user of that name cannot be distinguished from everybody.',
    after: ['anonymous.allowed', 'scopes.none'],
    needs: needsRights,
    run: async (server) => {
      const token = tokenOf(await server.get([]));
      if (typeof token === 'string') return fail(token);
      const { sub = '' } = token.claims;
      return verdict(sub === '', `sub is ${JSON.stringify(sub)}`);
    },
  },
  {
    id: 'anonymous.account',
    level: 'must',
    title: 'The parameter `account` without credentials logs nobody in',
    source: 'podman sends account with an empty password; SUSE/Portus used it as the user',
    breaks: 'Everybody can act as any user.',
    run: async (server) => {
      const parameters = [
        ['account', server.user.name],
        ['scope', writeScope(server)],
      ] as const;
      const answer = await server.get(parameters);
      if (answer.status !== 200) return pass(`refused with ${answer.status}`);
      const token = tokenOf(answer);
      if (typeof token === 'string') return fail(token);
      return verdict(token.claims['sub'] !== server.user.name, `sub is ${JSON.stringify(token.claims['sub'])}`);
    },
  },
  {
    id: 'anonymous.no-refresh-token',
    level: 'must',
    title: 'An anonymous request gets no refresh token',
    source: `${TOKEN_MD}, "offline_token"`,
    breaks: 'A credential exists that belongs to nobody and cannot be revoked.',
    needs: needsRights,
    run: async (server) => {
      const { json } = await server.get([['offline_token', 'true']]);
      return verdict(
        !(typeof json === 'object' && json !== null && 'refresh_token' in json),
        'there is a refresh_token',
      );
    },
  },
];
