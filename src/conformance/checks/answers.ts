/** The answer to a successful token request: its fields and headers. */
import { isObject } from '../../core/is-object.ts';
import { fail, pass, skip, verdict } from '../check.ts';
import type { Check } from '../check.ts';
import { objectOf, tokenOf, writeScope } from '../server.ts';

const TOKEN_MD = 'distribution 3.1, docs/content/spec/auth/token.md, "Token Response Fields"';
const RFC6749 = 'RFC 6749, section 5.1';
const GO_TIME = 'moby and containers/image decode it as Go time.Time';
const KIB = 1024;
const MAX_TOKEN = 7 * KIB;
const MAX_BODY = 64 * KIB;
const MAX_SKEW_S = 60;
const PARALLEL = 6;

/** RFC 3339, as Go parses it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

const REDIRECTS = ': Go drops credentials when it follows a redirect to another host';

/** What is probably wrong with the server file or the URL. */
const HINTS: Readonly<Record<number, string>> = {
  400: ': is `service` of the server file the one that the server knows?',
  401: ': are name and password of the first user correct?',
  404: ': is it the URL of the token endpoint?',
};

export const answerChecks: readonly Check[] = [
  {
    id: 'answer.status',
    level: 'must',
    title: 'A request with correct credentials is answered 200',
    source: 'distribution 3.1, docs/content/spec/auth/token.md, "Requesting a Token"',
    breaks: 'No client gets a token.',
    after: [],
    run: async (server) => {
      const { status } = await server.answer();
      const hint = status >= 300 && status < 400 ? REDIRECTS : (HINTS[status] ?? '');
      return verdict(status === 200, `the answer has status ${status}${hint}`);
    },
  },
  {
    id: 'answer.json',
    level: 'must',
    title: 'The answer is a JSON object',
    source: TOKEN_MD,
    breaks: 'No client finds the token.',
    after: ['answer.status'],
    run: async (server) =>
      verdict(
        isObject((await server.answer()).json),
        'the body is not a JSON object: is it the URL of the token endpoint?',
      ),
  },
  {
    id: 'answer.token',
    level: 'must',
    title: 'The answer has a signed token in `token` or `access_token`',
    source: TOKEN_MD,
    breaks: 'No client finds the token.',
    after: ['answer.json'],
    run: async (server) => {
      const token = tokenOf(await server.answer());
      return typeof token === 'string' ? fail(token) : pass();
    },
  },
  {
    id: 'answer.both-fields',
    level: 'should',
    title: '`token` and `access_token` are both present and equal',
    source: `${TOKEN_MD}; Harbor 2.15 leaves access_token empty, src/core/service/token/creator.go`,
    breaks:
      'Clients differ in the field that they read: jib and containers/image read token first, the OCI conformance suite reads access_token only.',
    run: async (server) => {
      const { token, access_token: accessToken } = objectOf(await server.answer());
      if (token === accessToken) return pass();
      const empty = [token, accessToken].some((field) => field === undefined || field === '');
      return fail(
        empty ? `${token === undefined || token === '' ? 'token' : 'access_token'} is missing or empty` : 'they differ',
      );
    },
  },
  {
    id: 'answer.content-type',
    level: 'should',
    title: 'The content type is application/json',
    source: RFC6749,
    breaks: 'Proxies and browsers treat the token as a page; clients that check the type refuse it.',
    run: async (server) => {
      const type = (await server.answer()).headers['content-type'] ?? '';
      return verdict(/^application\/json\b/i.test(type), `Content-Type is ${JSON.stringify(type)}`);
    },
  },
  {
    id: 'answer.no-store',
    level: 'should',
    title: 'The answer must not be cached (Cache-Control: no-store)',
    source: RFC6749,
    breaks: 'A cache between client and server gives the token of one user to another.',
    run: async (server) => {
      const value = (await server.answer()).headers['cache-control'] ?? '';
      return verdict(/\bno-store\b/i.test(value), `Cache-Control is ${JSON.stringify(value)}`);
    },
  },
  {
    id: 'answer.expires-in',
    level: 'should',
    title: '`expires_in` is present',
    source: `${TOKEN_MD}; containerd 2.0, core/remotes/docker/authorizer.go; cesanta/docker_auth has none`,
    breaks:
      'containerd keeps the token for ever and fails in the middle of a long push; docker asks again after 60 seconds.',
    run: async (server) => verdict('expires_in' in objectOf(await server.answer()), 'there is no expires_in'),
  },
  {
    id: 'answer.expires-in-integer',
    level: 'must',
    title: '`expires_in` is an integer',
    source: 'moby 28, containerd 2.0 and go-containerregistry 0.21 decode it as a Go int',
    breaks: 'Go clients fail to decode the whole answer.',
    run: async (server) => {
      const { expires_in: seconds } = objectOf(await server.answer());
      return verdict(seconds === undefined || Number.isInteger(seconds), `expires_in is ${JSON.stringify(seconds)}`);
    },
  },
  {
    id: 'answer.expires-in-minimum',
    level: 'should',
    title: '`expires_in` is at least 60',
    source: `${TOKEN_MD}: "should never be returned with less than 60 seconds to live"`,
    breaks: 'docker, podman and regctl treat smaller values as 60, and then send expired tokens.',
    after: ['answer.token', 'answer.expires-in-integer'],
    run: async (server) => {
      const { expires_in: seconds } = objectOf(await server.answer());
      if (typeof seconds !== 'number') return skip('there is no expires_in');
      return verdict(seconds >= 60, `expires_in is ${seconds}`);
    },
  },
  {
    id: 'answer.expires-in-honest',
    level: 'must',
    title: 'The token is valid for at least `expires_in` seconds',
    source: TOKEN_MD,
    breaks: 'Clients that trust expires_in send expired tokens; zot allows no leeway.',
    after: ['answer.expires-in-integer', 'claims.expiry', 'claims.integer-times', 'claims.not-before'],
    run: async (server) => {
      const { expires_in: seconds } = objectOf(await server.answer());
      const { claims } = await server.token();
      if (typeof seconds !== 'number') return skip('there is no expires_in');
      const lifetime = Number(claims['exp']) - Math.max(Number(claims['iat'] ?? 0), Number(claims['nbf'] ?? 0));
      return verdict(lifetime >= seconds, `expires_in is ${seconds}, and the token lives for ${lifetime} seconds`);
    },
  },
  {
    id: 'answer.issued-at-format',
    level: 'must',
    title: '`issued_at`, if present, is a time by RFC 3339',
    source: `${TOKEN_MD}; ${GO_TIME}`,
    breaks:
      'A number, an empty text or a time without T is an error in docker, podman and containerd: no login, no pull.',
    run: async (server) => {
      const { issued_at: time } = objectOf(await server.answer());
      if (time === undefined) return pass();
      return verdict(typeof time === 'string' && TIME.test(time), `issued_at is ${JSON.stringify(time)}`);
    },
  },
  {
    id: 'answer.issued-at-now',
    level: 'should',
    title: '`issued_at`, if present, is the time of the answer',
    source: 'moby client/auth/session.go; buildkit util/resolver/authorizer.go',
    breaks:
      'docker and podman compute the expiry from it and ask for a token before every request; buildkit keeps such a token for ever.',
    after: ['answer.token', 'answer.issued-at-format'],
    run: async (server) => {
      const answer = await server.answer();
      const { issued_at: time } = objectOf(answer);
      if (typeof time !== 'string') return skip('there is no issued_at');
      const reference = Date.parse(answer.headers['date'] ?? '') || Date.now();
      const seconds = Math.round((Date.parse(time) - reference) / 1000);
      return verdict(
        Math.abs(seconds) <= MAX_SKEW_S,
        `issued_at differs by ${seconds} seconds from the time of the answer`,
      );
    },
  },
  {
    id: 'answer.issued-at-absent',
    level: 'may',
    title: '`issued_at` is left out',
    source: `${GO_TIME} and add expires_in to it`,
    breaks:
      'Clients compare the clock of the server with their own: where it differs, they ask too often or send expired tokens.',
    after: ['answer.token', 'answer.issued-at-format', 'answer.issued-at-now'],
    run: async (server) => verdict(!('issued_at' in objectOf(await server.answer())), 'issued_at is present'),
  },
  {
    id: 'answer.no-unrequested-refresh-token',
    level: 'should',
    title: 'There is no refresh token unless the client asks for one',
    source: 'distribution 3.1, docs/content/spec/auth/token.md, "offline_token"',
    breaks: 'A long-lived credential is in the answers of clients that do not expect and do not protect it.',
    run: async (server) => verdict(!('refresh_token' in objectOf(await server.answer())), 'there is a refresh_token'),
  },
  {
    id: 'answer.token-size',
    level: 'should',
    title: 'The token is smaller than 7 KiB',
    source: 'nginx large_client_header_buffers: 8 KiB for a header line',
    breaks: 'A proxy in front of the registry answers 400 or 431 to every request with the token.',
    run: async (server) => {
      const { length } = (await server.token()).text;
      return verdict(length < MAX_TOKEN, `the token for one repository has ${length} bytes`);
    },
  },
  {
    id: 'answer.body-size',
    level: 'must',
    title: 'The answer is smaller than 64 KiB',
    source: 'go-containerregistry pkg/v1/remote/transport/bearer.go limits the body',
    breaks: 'crane, cosign, ko and kaniko get half an answer and fail.',
    run: async (server) => {
      const { length } = (await server.answer()).body;
      return verdict(length < MAX_BODY, `the answer for one repository has ${length} bytes`);
    },
  },
  {
    id: 'answer.parallel',
    level: 'must',
    title: 'Requests of one user at the same time are all answered 200',
    source: 'keycloak/keycloak#34302; podman and docker ask for several layers at once',
    breaks: 'A pull of many layers fails at random.',
    phase: 'guesses',
    run: async (server) => {
      const scope = [['scope', writeScope(server)]] as const;
      const answers = await server.burst(PARALLEL, scope);
      const others = answers.map(({ status }) => status).filter((status) => status !== 200);
      return verdict(
        others.length === 0,
        `of ${PARALLEL} answers, ${others.length} have the status ${others.join(', ')}`,
      );
    },
  },
];
