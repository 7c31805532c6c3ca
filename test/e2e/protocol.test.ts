/** What clients send to the token endpoint, and which subject and access their tokens have. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, claimsOf } from '../support/broker.ts';
import type { Broker, Login } from '../support/broker.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG, WRONG } from '../support/static-broker.ts';

const Q = `service=${SERVICE}`;
const FORM = 'application/x-www-form-urlencoded';
const PATHS = ['/token', '/token/', '/auth', '/auth/', '/auth/token', '/auth/token/'];
/** `Basic :` and `Basic :x`, encoded by hand, so that the test does not depend on our code. */
const NOBODY = { authorization: 'Basic Og==' };
const NAMELESS = { authorization: 'Basic Ong=' };

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

interface TokenBody {
  readonly token: string;
  readonly access_token: string;
  readonly scope?: string;
}

describe('the token endpoint', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;

  beforeAll(async () => {
    broker = resources.use(
      await startStaticBroker({
        config: {
          ...STATIC_CONFIG,
          services: {
            ...STATIC_CONFIG.services,
            'Docker registry': { anonymous: 'allow' },
            'closed.example.com': { anonymous: 'deny' },
          },
        },
      }),
    );
  });
  afterAll(() => resources.disposeAsync());

  const get = (query: string, headers: Readonly<Record<string, string>> = {}, path = '/token'): Promise<Response> =>
    fetch(`${broker.url}${path}?${query}`, { headers });
  const post = (form: string, path = '/token', headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(broker.url + path, { method: 'POST', body: new URLSearchParams(form), headers });
  const loginForm = ({ user, password }: Login = ALICE): string =>
    new URLSearchParams({
      grant_type: 'password',
      service: SERVICE,
      client_id: 'e2e',
      username: user,
      password,
    }).toString();
  const bodyOf = async (response: Response): Promise<TokenBody> => (await response.json()) as TokenBody;
  const subject = async (response: Response): Promise<unknown> => claimsOf((await bodyOf(response)).token)['sub'];
  const access = async (response: Response): Promise<readonly Access[]> =>
    claimsOf((await bodyOf(response)).token)['access'] as readonly Access[];
  const repository = (name: string, ...actions: string[]): Access => ({ type: 'repository', name, actions });

  it.each(PATHS)('answers GET and POST on %s', async (path) => {
    expect(await subject(await get(Q, basic(ALICE), path))).toBe('alice');
    expect(await subject(await post(loginForm(), path))).toBe('alice');
  });

  describe('scopes', () => {
    const both = [repository('web/a', 'pull'), repository('web/b', 'push')];

    it.each([
      ['repeated', 'scope=repository:web/a:pull&scope=repository:web/b:push', both],
      ['joined by a space', 'scope=repository:web/a:pull%20repository:web/b:push', both],
      ['with a leading space', 'scope=%20repository:web/a:pull&scope=+repository:web/b:push', both],
      [
        'next to malformed ones',
        'scope=repository:web/a:pull&scope=nonsense&scope=&scope=::&scope=repository:web/b:push',
        both,
      ],
      ['twice', 'scope=repository:web/a:pull&scope=repository:web/b:push&scope=repository:web/a:pull', both],
      ['that overlap', 'scope=repository:web/a:pull+repository:web/a:pull,push', [repository('web/a', 'pull', 'push')]],
      ['of a class', 'scope=repository(plugin):web/a:pull', [repository('web/a', 'pull')]],
      ['for everything', 'scope=repository:web/a:*', [repository('web/a', 'pull', 'push')]],
      ['that are empty', 'scope=', []],
      ['when there are none', '', []],
    ])('are accepted %s, by GET and by POST', async (_how, scopes, expected) => {
      const got = await get(`${Q}&${scopes}`, basic(ALICE));
      const posted = await post(`${loginForm()}&${scopes}`);

      expect([got.status, posted.status]).toEqual([200, 200]);
      expect(await access(got)).toEqual(expected);
      expect(await access(posted)).toEqual(expected);
    });

    it.each<[string, Readonly<Record<string, string>>, string, number, string]>([
      ['an unknown encoding', { 'content-type': `${FORM}; charset=bogus` }, Q, 400, 'form_required'],
      ['compression', { 'content-type': FORM, 'content-encoding': 'gzip' }, Q, 400, 'form_required'],
      ['a body of 70 KB', { 'content-type': FORM }, 'x'.repeat(70_000), 413, 'request_too_large'],
    ])('logs a request with %s with the code that the client gets', async (_what, headers, body, status, code) => {
      const answer = await fetch(`${broker.url}/token`, { method: 'POST', headers, body });

      const id = answer.headers.get('x-request-id');
      const line = await broker.waitForLine(({ requestId }) => requestId === id);
      expect([answer.status, line['code'], line.level]).toEqual([status, code, 'warn']);
    });

    it('writes no token to the log that was sent as another parameter', async () => {
      const refreshToken = `flr_${'Abc0-'.repeat(8)}xyz`;
      const jwt = `${btoa('{"alg":"ES256"}').replaceAll('=', '')}.e30.c2ln`;
      const requests = [refreshToken, jwt].flatMap((token) => [
        get(`service=${token}`),
        get(`${Q}&scope=${token}`),
        post(`${Q}&grant_type=${token}`),
        get(Q, { authorization: `Basic ${btoa(`${token}:x`)}` }),
      ]);

      const ids = (await Promise.all(requests)).map(({ headers }) => headers.get('x-request-id'));
      await Promise.all(ids.map((id) => broker.waitForLine(({ requestId }) => requestId === id)));

      expect(broker.process.stderr()).not.toContain(refreshToken);
      expect(broker.process.stderr()).not.toContain(jwt);
    });

    it('are granted as far as the policy allows, with status 200', async () => {
      const scopes = 'scope=repository:web/a:pull,push,delete&scope=repository:api/b:pull&scope=registry:catalog:*';

      const got = await get(`${Q}&${scopes}`, basic(ALICE));
      const none = await get(`${Q}&scope=repository:api/b:pull`, basic(ALICE));

      expect([got.status, none.status]).toEqual([200, 200]);
      expect(await access(got)).toEqual([repository('web/a', 'pull', 'push')]);
      expect(await access(none)).toEqual([]);
    });

    it('are listed in the answer to a POST as they were granted', async () => {
      const { scope, token, access_token } = await bodyOf(
        await post(`${loginForm()}&scope=repository:web/a:pull,delete+repository:api/b:pull`),
      );

      expect(scope).toBe('repository:web/a:pull');
      expect(access_token).toBe(token);
    });
  });

  describe('the caller', () => {
    it('is anonymous without a login, and with "Basic :"', async () => {
      const scope = 'scope=repository:public/a:pull,push&scope=repository:web/a:pull';

      for (const response of [
        await get(`${Q}&${scope}`),
        await get(`${Q}&${scope}`, NOBODY),
        await post(`${Q}&${scope}`),
      ]) {
        expect(response.status).toBe(200);
        const { token } = await bodyOf(response);
        expect(claimsOf(token)).toMatchObject({ sub: '', access: [repository('public/a', 'pull')] });
      }
    });

    it('is refused with "Basic :x", and with a user name alone', async () => {
      const answers = [await get(Q, NAMELESS), await get(Q, basic({ ...ALICE, password: '' }))];

      expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    });

    it('never depends on the parameter account', async () => {
      const anonymous = await get(`${Q}&account=alice&scope=repository:web/a:pull`);
      const alice = await get(`${Q}&account=bob`, basic(ALICE));
      const posted = await post(`${loginForm()}&account=bob`);

      expect(await subject(anonymous)).toBe('');
      expect(await subject(alice)).toBe('alice');
      expect(await subject(posted)).toBe('alice');
    });

    it('is refused with a wrong password also where anonymous is allowed', async () => {
      const scope = `${Q}&scope=repository:public/a:pull`;

      const right = await get(scope);
      const wrong = [await get(scope, basic(WRONG)), await post(`${loginForm(WRONG)}&scope=repository:public/a:pull`)];

      expect(right.status).toBe(200);
      for (const response of wrong) {
        expect(response.status).toBe(401);
        expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
        const body = await bodyOf(response);
        expect(body).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] });
        expect(body).not.toHaveProperty('token');
      }
    });

    it('must log in where anonymous is denied', async () => {
      const closed = 'service=closed.example.com';

      const answers = [await get(closed), await get(closed, NOBODY), await get(closed, basic(ALICE))];

      expect(answers.map(({ status }) => status)).toEqual([401, 401, 200]);
      expect(await answers[0]?.json()).toMatchObject({
        errors: [{ code: 'UNAUTHORIZED', message: expect.stringContaining('run docker login') }],
      });
    });
  });

  describe('the service', () => {
    it.each(['service=other.example.com', 'scope=repository:web/a:pull', 'service=', `service=${SERVICE}.`])(
      'is unknown in %s, for every caller',
      async (query) => {
        for (const headers of [{}, basic(ALICE), basic(WRONG)]) {
          const response = await get(query, headers);

          expect(response.status).toBe(400);
          expect(await response.json()).toMatchObject({ errors: [{ code: 'UNKNOWN_SERVICE' }] });
        }
      },
    );

    it('may have a name with a space, and the log has a warning', async () => {
      const { token } = await bodyOf(await get('service=Docker+registry', basic(ALICE)));

      expect(claimsOf(token)).toMatchObject({ aud: 'Docker registry' });
      const warnings = broker
        .log()
        .filter(({ level, message }) => level === 'warn' && message.includes('Docker registry'));
      expect(warnings).toHaveLength(1);
    });
  });
});
