/** POST with a form (OAuth 2.0), which containerd, buildkit, helm and Docker Engine 29 send first. */
import { isObject } from '../../core/is-object.ts';
import { ensureDescribed, fail, pass, skip, verdict } from '../check.ts';
import type { Check, Verdict } from '../check.ts';
import type { Answer } from '../exchange/send.ts';
import { passwordText } from '../secrets.ts';
import type { Login } from '../secrets.ts';
import { objectOf, tokenOf, WRONG, writeScope } from '../server.ts';
import type { Parameters, Server } from '../server.ts';
import { allows } from '../tokens/token.ts';

const OAUTH_MD = 'distribution 3.1, docs/content/spec/auth/oauth.md';
const CONTAINERD = 'containerd 2.0, core/remotes/docker/auth/fetch.go and authorizer.go';
/** The answers after which containerd asks again by GET. */
const FALL_BACK = [400, 401, 404, 405];

const passwordForm = (login: Login, ...more: Parameters): Parameters => [
  ['grant_type', 'password'],
  ['username', login.name],
  ['password', passwordText(login)],
  ...more,
];

const whole = (server: Server): Promise<Answer> =>
  server.once('post', () => server.post(passwordForm(server.user, ['scope', writeScope(server)])));

/** A check of servers that offer POST. */
const offered = (check: Check): Check => ({
  ...check,
  after: check.after ?? ['post.password'],
  needs: ({ description }) => ensureDescribed(description.supports.post, 'supports.post: false'),
});

export const postChecks: readonly Check[] = [
  {
    id: 'post.fall-back',
    level: 'must',
    title: 'A server without POST answers it 400, 401, 404 or 405',
    source: `${CONTAINERD}; containerd#4982, #12822`,
    breaks: 'containerd, buildkit, Docker Engine 29 and every Kubernetes node fail at once and never try GET.',
    needs: ({ description }) => ensureDescribed(!description.supports.post, 'supports.post: true'),
    run: async (server) => {
      const { status } = await whole(server);
      return verdict(status === 200 || FALL_BACK.includes(status), `the answer has status ${status}`);
    },
  },
  offered({
    id: 'post.password',
    level: 'must',
    title: 'The grant "password" is answered 200 with a token',
    source: `${OAUTH_MD}, "Getting a token"`,
    breaks: 'containerd and Docker Engine 29 send every password twice.',
    after: ['answer.token'],
    run: async (server) => {
      const token = tokenOf(await whole(server));
      if (typeof token === 'string') return fail(token);
      const { sub } = token.claims;
      return verdict(
        sub === (await server.token()).claims['sub'],
        `sub is ${JSON.stringify(sub)}, and otherwise that of the login by GET`,
      );
    },
  }),
  offered({
    id: 'post.access-token',
    level: 'must',
    title: 'The answer has `access_token`',
    source: `${OAUTH_MD}, "Token Response Fields"; ${CONTAINERD}`,
    breaks: 'containerd, docker and oras find no token, because they do not read "token" here.',
    run: async (server) => {
      const { access_token: token } = objectOf(await whole(server));
      return verdict(typeof token === 'string' && token !== '', 'access_token is missing or empty');
    },
  }),
  offered({
    id: 'post.scope-field',
    level: 'should',
    title: 'The answer says in `scope` what was granted',
    source: `${OAUTH_MD}, "Token Response Fields": REQUIRED`,
    breaks: 'Clients cannot see that less was granted than they asked for.',
    run: async (server) => {
      const { scope } = objectOf(await whole(server));
      return verdict(typeof scope === 'string', `scope is ${JSON.stringify(scope)}`);
    },
  }),
  offered({
    id: 'post.scopes-joined',
    level: 'must',
    title: 'Scopes that are joined by a space are all granted',
    source: `${OAUTH_MD}: "scope"; ${CONTAINERD}`,
    breaks: 'containerd cannot mount layers of another repository.',
    after: ['post.password', 'scopes.joined'],
    run: async (server) => {
      const names = [server.repositories.writable, server.repositories.second()];
      const scope = names.map((name) => `repository:${name}:pull`).join(' ');
      return grantsPull(await server.post(passwordForm(server.user, ['scope', scope])), names);
    },
  }),
  offered({
    id: 'post.scopes-repeated',
    level: 'should',
    title: 'Repeated scopes in a form are all granted',
    source: 'containers/image 5, docker/docker_client.go',
    breaks: 'podman and skopeo with an identity token get rights on the first repository only.',
    after: ['post.password', 'scopes.repeated'],
    run: async (server) => {
      const names = [server.repositories.writable, server.repositories.second()];
      const scopes = names.map((name) => ['scope', `repository:${name}:pull`] as const);
      return grantsPull(await server.post(passwordForm(server.user, ...scopes)), names);
    },
  }),
  offered({
    id: 'post.charset',
    level: 'must',
    title: 'The content type may have a charset',
    source: `${CONTAINERD}: application/x-www-form-urlencoded; charset=utf-8`,
    breaks: 'containerd cannot log in.',
    after: ['post.password', 'scopes.none'],
    run: async (server) => {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' };
      const token = tokenOf(await server.post(passwordForm(server.user), { headers }));
      return typeof token === 'string' ? fail(token) : pass();
    },
  }),
  offered({
    id: 'post.without-client-id',
    level: 'should',
    title: 'A form without client_id is accepted',
    source: `${OAUTH_MD} requires it; older clients leave it out`,
    breaks: 'Scripts and older clients cannot log in.',
    after: ['post.password', 'scopes.none'],
    run: async (server) => {
      const token = tokenOf(await server.post([...passwordForm(server.user), ['client_id', '']]));
      return typeof token === 'string' ? fail(token) : pass();
    },
  }),
  offered({
    id: 'post.wrong-password',
    level: 'must',
    title: 'A wrong password is answered 400 or 401',
    source: `RFC 6749, section 5.2; ${CONTAINERD}`,
    breaks: 'With 403 or 5xx, containerd shows no reason; with 200, everybody is logged in.',
    phase: 'guesses',
    run: async (server) => {
      const { status } = await server.post(passwordForm({ name: server.guessed.name, password: WRONG }));
      if (status === 429) return skip('the server limits guesses and answers 429');
      return verdict(status === 400 || status === 401, `the answer has status ${status}`);
    },
  }),
  offered({
    id: 'post.unknown-grant',
    level: 'should',
    title: 'An unknown grant type is answered 400 with `unsupported_grant_type`',
    source: 'RFC 6749, section 5.2',
    breaks: 'OAuth clients cannot distinguish it from a wrong password.',
    run: async (server) => {
      const answer = await server.post([['grant_type', 'conformance']]);
      const error = isObject(answer.json) ? answer.json['error'] : undefined;
      return verdict(
        answer.status === 400 && error === 'unsupported_grant_type',
        `the answer has status ${answer.status} and error ${JSON.stringify(error)}`,
      );
    },
  }),
  offered({
    id: 'post.json-body',
    level: 'should',
    title: 'A body that is not a form is refused',
    source: 'cesanta/docker_auth#201',
    breaks: 'The credentials in it are ignored: scripts get an anonymous token and a puzzling refusal later.',
    run: async (server) => {
      const { status } = await server.send({
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          service: server.description.service,
          grant_type: 'password',
          username: server.user.name,
        }),
      });
      return verdict(status >= 400 && status < 500, `the answer has status ${status}`);
    },
  }),
];

function grantsPull(answer: Answer, names: readonly string[]): Verdict {
  const token = tokenOf(answer);
  if (typeof token === 'string') return fail(token);
  const missing = names.filter((name) => !allows(token, 'repository', name, 'pull'));
  return verdict(missing.length === 0, `the token does not grant pull on ${missing.join(', ')}`);
}
