/** Error answers, as clients show them. */
import { isObject } from '../../core/is-object.ts';
import { fail, pass, skip, verdict } from '../check.ts';
import type { Check } from '../check.ts';
import type { Answer } from '../exchange/send.ts';
import { containsPassword } from '../secrets.ts';
import { tokenOf, WRONG, writeScope } from '../server.ts';
import type { Server } from '../server.ts';
import { wrongPassword } from './credentials.ts';

const ERRCODE = 'distribution 3.1, registry/api/errcode; OCI distribution-spec 1.1, "Error Codes"';
const AFTER = ['credentials.wrong-password'];

/** @returns the refusal of a wrong password; undefined: the server limits guesses */
async function refusal(server: Server): Promise<Answer | undefined> {
  const answer = await wrongPassword(server);
  return answer.status === 429 ? undefined : answer;
}

const LIMITED = skip('the server limits guesses and answers 429');

/** The first entry of `errors`. */
function firstError({ json }: Answer): Readonly<Record<string, unknown>> | undefined {
  const errors = isObject(json) ? json['errors'] : undefined;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  return isObject(first) ? first : undefined;
}

export const errorChecks: readonly Check[] = [
  {
    id: 'errors.json',
    level: 'should',
    title: 'A refusal is JSON, and says so',
    source: `${ERRCODE}; containerd#12822, #5288`,
    breaks: 'docker prints "error parsing HTTP 401 response body"; containerd 1.x ends the pull at a page of HTML.',
    after: AFTER,
    phase: 'guesses',
    run: async (server) => {
      const answer = await refusal(server);
      if (answer === undefined) return LIMITED;
      const type = answer.headers['content-type'] ?? '';
      if (!/\bjson\b/i.test(type)) return fail(`Content-Type is ${JSON.stringify(type)}`);
      return verdict(answer.json !== undefined, 'the body is not JSON, although the content type says so');
    },
  },
  {
    id: 'errors.form',
    level: 'should',
    title: 'A refusal has `errors` with code and message',
    source: ERRCODE,
    breaks: 'docker, crane and oras print "authentication required" or nothing in place of the reason.',
    after: ['errors.json'],
    phase: 'guesses',
    run: async (server) => {
      const answer = await refusal(server);
      if (answer === undefined) return LIMITED;
      const first = firstError(answer);
      if (first === undefined) return fail('there is no list "errors" with an object');
      const { code, message } = first;
      return verdict(
        typeof code === 'string' && code !== '' && typeof message === 'string' && message !== '',
        'the entry of "errors" lacks code or message',
      );
    },
  },
  {
    id: 'errors.challenge',
    level: 'should',
    title: 'A 401 has a Basic challenge',
    source: 'RFC 9110, section 15.5.2; RFC 7617, section 2',
    breaks: 'HTTP libraries that wait for the challenge never send credentials.',
    after: AFTER,
    phase: 'guesses',
    run: async (server) => {
      const answer = await refusal(server);
      if (answer === undefined) return LIMITED;
      const challenge = answer.headers['www-authenticate'] ?? '';
      return verdict(/\bbasic\b/i.test(challenge), `WWW-Authenticate is ${JSON.stringify(challenge)}`);
    },
  },
  {
    id: 'errors.no-bearer-challenge',
    level: 'should',
    title: 'A 401 has no Bearer challenge',
    source: 'docker CLI 28 prints the error of the challenge and of the body',
    breaks: 'docker prints the message twice, and clients ask the token server for a token for itself.',
    after: AFTER,
    phase: 'guesses',
    run: async (server) => {
      const answer = await refusal(server);
      if (answer === undefined) return LIMITED;
      return verdict(!/\bbearer\b/i.test(answer.headers['www-authenticate'] ?? ''), 'it has one');
    },
  },
  {
    id: 'errors.no-secret',
    level: 'must',
    title: 'A refusal repeats no password',
    source: 'CWE-209',
    breaks: 'The password is in the terminal, the CI log and the log of the daemon.',
    after: [],
    phase: 'guesses',
    run: async (server) => {
      const answer = await wrongPassword(server);
      const sent = [server.guessed, { name: server.guessed.name, password: WRONG }];
      const text = JSON.stringify(answer.headers) + answer.body;
      return verdict(
        !sent.some((login) => containsPassword(text, login)),
        'the answer contains the password that was sent',
      );
    },
  },
  {
    id: 'errors.no-internals',
    level: 'should',
    title: 'A refusal shows no stack and no internal address',
    source: 'CWE-209; cesanta/docker_auth sends the error of its backend, server/server.go',
    breaks: 'An attacker learns which directory and which libraries are used.',
    after: [],
    phase: 'guesses',
    run: async (server) => {
      const { body } = await wrongPassword(server);
      const found = INTERNALS.find(([, pattern]) => pattern.test(body))?.[0];
      return found === undefined ? pass() : fail(`the answer has ${found}`);
    },
  },
  {
    id: 'errors.unknown-service',
    level: 'should',
    title: 'A service that the server does not serve gets no token',
    source: 'goharbor/harbor src/core/service/token answers 400; cesanta/docker_auth copies the name into aud',
    breaks:
      'A client chooses the audience: it gets tokens for registries that trust the same key and were never configured.',
    run: async (server) => {
      const answer = await server.get(
        [
          ['service', 'conformance.invalid'],
          ['scope', writeScope(server)],
        ],
        { login: server.user },
      );
      if (answer.status !== 200)
        return verdict(answer.status >= 400 && answer.status < 500, `the answer has status ${answer.status}`);
      const token = tokenOf(answer);
      if (typeof token === 'string') return fail(token);
      return verdict(
        token.claims['aud'] !== 'conformance.invalid',
        'there is a token whose aud is the unknown service',
      );
    },
  },
];

const INTERNALS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a stack', /:\d{1,6}:\d{1,6}\)|goroutine \d{1,6} \[|Traceback \(most recent|\.java:\d{1,6}\)/],
  ['an address of a directory', /\bldaps?:\/\//],
  ['an error of the network', /\b(?:ECONNREFUSED|dial tcp|getaddrinfo)\b/],
];
