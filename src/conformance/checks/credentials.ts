/** What counts as a login, and what must not. */
import { fail, pass, skip, verdict } from '../check.ts';
import type { Check, Verdict } from '../check.ts';
import type { Answer } from '../exchange/send.ts';
import { basicHeader, queryText } from '../exchange/encode.ts';
import { basicOf, passwordText, withLongerPassword } from '../secrets.ts';
import { tokenOf, unknownName, WRONG, writeScope } from '../server.ts';
import type { Server } from '../server.ts';

const TOKEN_MD = 'distribution 3.1, docs/content/spec/auth/token.md, "Requesting a Token"';
const LDAP = 'RFC 4513, section 5.1.2 (unauthenticated bind)';
const LONG_PASSWORD = 12_000;

/** A refusal: 401. A 429 shows that the server limits guesses, and nothing about the check. */
function refused({ status }: Answer, also: readonly number[] = []): Verdict {
  if (status === 429) return skip('the server limits guesses and answers 429');
  return verdict(status === 401 || also.includes(status), `the answer has status ${status}, expected 401`);
}

/** No token: any 4xx will do. */
function notAccepted(answer: Answer): Verdict {
  const { status } = answer;
  if (status === 429) return skip('the server limits guesses and answers 429');
  if (status === 200) return fail('the request is answered 200 with a token');
  return verdict(status >= 400 && status < 500, `the answer has status ${status}, expected 4xx`);
}

const withHeader = (server: Server, value: string): Promise<Answer> =>
  server.get([['scope', writeScope(server)]], { headers: { Authorization: value } });

/** A wrong password with a scope that anonymous callers are granted, where there is one. */
export async function wrongPassword(server: Server): Promise<Answer> {
  return server.once('wrong-password', () =>
    server.get([['scope', publicScope(server)]], { login: { name: server.guessed.name, password: WRONG } }),
  );
}

function publicScope({ description, repositories }: Server): string {
  const [name] = [...(description.anonymous ?? [])].find(([, actions]) => actions.includes('pull')) ?? [
    repositories.writable,
  ];
  return `repository:${name}:pull`;
}

const unknownUser = (server: Server): Promise<Answer> =>
  server.once('unknown-user', () =>
    server.get([['scope', publicScope(server)]], { login: { name: unknownName(), password: WRONG } }),
  );

export const credentialChecks: readonly Check[] = [
  {
    id: 'credentials.wrong-password',
    level: 'must',
    title: 'A wrong password is answered 401, also where anonymous callers get a token',
    source: `${TOKEN_MD}; goharbor/harbor#11632, #20930`,
    breaks: 'docker login "succeeds" with any password, and later pulls fail without a reason.',
    phase: 'guesses',
    run: async (server) => refused(await wrongPassword(server)),
  },
  {
    id: 'credentials.wrong-password-login',
    level: 'must',
    title: 'A wrong password without a scope is answered 401',
    source: TOKEN_MD,
    breaks: 'docker login, which sends no scope, "succeeds" with any password.',
    after: ['scopes.none'],
    phase: 'guesses',
    run: async (server) => refused(await server.get([], { login: { name: server.guessed.name, password: WRONG } })),
  },
  {
    id: 'credentials.longer-password',
    level: 'must',
    title: 'A password with one character too many is wrong',
    source: 'bcrypt cuts passwords off at 72 bytes; crypt at 8',
    breaks: 'Guessing a part of the password is enough.',
    phase: 'guesses',
    run: async (server) =>
      refused(await server.get([['scope', publicScope(server)]], { login: withLongerPassword(server.guessed) })),
  },
  {
    id: 'credentials.unknown-user',
    level: 'must',
    title: 'An unknown user is answered 401',
    source: TOKEN_MD,
    breaks: 'docker login succeeds for people who have no account.',
    phase: 'guesses',
    run: async (server) => refused(await unknownUser(server)),
  },
  {
    id: 'credentials.same-refusal',
    level: 'should',
    title: 'Unknown users and wrong passwords get the same answer',
    source: 'OWASP ASVS 4.0, 2.2; cesanta/docker_auth#104',
    breaks: 'An attacker learns which names have an account.',
    after: ['credentials.wrong-password', 'credentials.unknown-user'],
    phase: 'guesses',
    run: async (server) => {
      const wrong = await wrongPassword(server);
      const unknown = await unknownUser(server);
      if ([wrong, unknown].some(({ status }) => status === 429))
        return skip('the server limits guesses and answers 429');
      if (shapeOf(wrong, server.guessed.name) !== shapeOf(unknown, '')) return fail('the bodies or headers differ');
      return pass();
    },
  },
  {
    id: 'credentials.empty-password',
    level: 'must',
    title: 'A user name with an empty password is answered 401',
    source: `${LDAP}; kubelet sends one where config.json has an identity token`,
    breaks: 'A directory accepts the empty password of every user.',
    run: async (server) => refused(await withHeader(server, basicHeader(server.user.name, ''))),
  },
  {
    id: 'credentials.empty-name',
    level: 'must',
    title: 'A password with an empty user name is answered 401',
    source: 'containerd 2.0, core/remotes/docker/authorizer.go: falls back to Basic ":TOKEN"',
    breaks: 'A failed login looks like an anonymous request and succeeds.',
    run: async (server) => refused(await withHeader(server, basicHeader('', 'conformance-suite-secret'))),
  },
  {
    id: 'credentials.nothing',
    level: 'should',
    title: 'Basic credentials with empty name and password are an anonymous request',
    source: 'OCI distribution-spec 1.1, conformance: sends "Basic Og==" where no user is configured',
    breaks: 'The OCI conformance suite, and clients like it, cannot pull public images.',
    after: ['anonymous.allowed', 'anonymous.denied', 'anonymous.denied-status', 'scopes.denied'],
    run: async (server) => {
      const answer = await server.get([['scope', 'repository:conformance/none:pull']], {
        headers: { Authorization: basicHeader('', '') },
      });
      const expected = server.description.anonymous === undefined ? 401 : 200;
      return verdict(answer.status === expected, `the answer has status ${answer.status}, expected ${expected}`);
    },
  },
  {
    id: 'credentials.malformed',
    level: 'must',
    title: 'A Basic header that cannot be read is refused',
    source: 'RFC 7617, section 2',
    breaks: 'A damaged credential turns into an anonymous request that succeeds.',
    run: async (server) => notAccepted(await withHeader(server, 'Basic !!!not-base64!!!')),
  },
  {
    id: 'credentials.no-colon',
    level: 'must',
    title: 'Basic credentials without a colon are refused',
    source: 'RFC 7617, section 2',
    breaks: 'A damaged credential turns into an anonymous request that succeeds.',
    run: async (server) =>
      notAccepted(await withHeader(server, `Basic ${Buffer.from(server.user.name).toString('base64')}`)),
  },
  {
    id: 'credentials.unknown-bearer',
    level: 'should',
    title: 'An unknown Bearer token is refused',
    source: 'RFC 6750, section 3.1',
    breaks: 'An expired workload token turns into an anonymous request that succeeds.',
    run: async (server) => notAccepted(await withHeader(server, 'Bearer conformance.suite.token')),
  },
  {
    id: 'credentials.scheme-case',
    level: 'should',
    title: 'The scheme "basic" is accepted in lower case',
    source: 'RFC 9110, section 11.1',
    breaks: 'Clients and proxies that write it so cannot log in.',
    run: async (server) => {
      const { status } = await withHeader(server, basicOf(server.user).replace('Basic', 'basic'));
      return verdict(status === 200, `the answer has status ${status}`);
    },
  },
  {
    id: 'credentials.name-spelling',
    level: 'must',
    title: 'A user name in another case is refused, or means the same `sub`',
    source: 'directories compare names without case: RFC 4519, section 2.39',
    breaks: 'One account has several names, and a deny rule for one of them does not hold for the others.',
    run: async (server) => {
      const { name, password } = server.user;
      const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
      if (other === name) return skip('the name has no letters');
      const answer = await server.get([['scope', writeScope(server)]], { login: { name: other, password } });
      if (answer.status !== 200) return pass(`refused with ${answer.status}`);
      const token = tokenOf(answer);
      if (typeof token === 'string') return fail(token);
      const own = (await server.token()).claims['sub'];
      return verdict(
        token.claims['sub'] === own,
        `sub is ${JSON.stringify(token.claims['sub'])}, and otherwise ${JSON.stringify(own)}`,
      );
    },
  },
  {
    id: 'credentials.long-password',
    level: 'should',
    title: 'A password of 12,000 characters is refused as wrong, and not as too long',
    source: 'ID tokens as passwords; the default limit of Node.js for headers is 16 KiB, of nginx 8 KiB',
    breaks: 'Jobs that log in with an ID token get 400 or 431.',
    after: ['credentials.unknown-user'],
    phase: 'guesses',
    run: async (server) => refused(await withHeader(server, basicHeader(unknownName(), 'x'.repeat(LONG_PASSWORD)))),
  },
  {
    id: 'credentials.in-query',
    level: 'should',
    title: 'Credentials in the query of a GET or POST are not accepted',
    source: 'RFC 6749, section 2.3.1; cesanta/docker_auth 1.14, server/server.go: FormValue reads the query of a POST',
    breaks: 'Passwords are in the logs of proxies and servers.',
    run: async (server) => {
      const query = queryText([
        ['service', server.description.service],
        ['grant_type', 'password'],
        ['client_id', 'conformance'],
        ['username', server.user.name],
        ['password', passwordText(server.user)],
        ['scope', writeScope(server)],
      ]);
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const requests = [
        { method: 'GET', query },
        { method: 'POST', query, headers, body: '' },
      ];
      for (const request of requests) {
        const token = tokenOf(await server.send(request));
        const isLogin = typeof token !== 'string' && token.claims['sub'] === (await server.token()).claims['sub'];
        if (isLogin) return fail(`the user is logged in by ${request.method}`);
      }
      return pass();
    },
  },
  {
    id: 'credentials.prompt',
    level: 'should',
    title: 'A login is answered within 10 seconds',
    source: 'docker gives up after 15 seconds',
    breaks: 'docker login ends with "Client.Timeout exceeded".',
    run: async (server) => {
      const { took } = await server.answer();
      return verdict(took < 10_000, `the answer took ${Math.round(took)} ms`);
    },
  },
];

/** An answer without what differs from request to request: ids, times and the user name. */
function shapeOf({ status, headers, body }: Answer, name: string): string {
  const names = Object.keys(headers)
    .filter((header) => header !== 'set-cookie')
    .toSorted();
  const text = (name === '' ? body : body.replaceAll(name, '')).replaceAll(/conformance-[0-9a-f-]{13}/g, '');
  return JSON.stringify([status, names, text.replaceAll(/[0-9a-f]{8}[0-9a-f-]*|\d+/gi, '#')]);
}
