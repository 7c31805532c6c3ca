/** Whose request an event of a refusal says that it was. */
import { expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import type { AppDeps } from '../../../src/http/app.ts';
import { form, openHttpApp, SERVICE } from '../../support/http-app.ts';
import type { SentRequest } from '../../support/http-app.ts';

const PATH = `/token?service=${SERVICE.name}`;
const OWNER = { owner: 'alice', backend: 'corp' };

const refuse =
  (code: 'login_required' | 'refresh_token_refused', about = {}) =>
  async (): Promise<never> => {
    throw new BrokerError(code, 'a cause', { about });
  };

/** The event of a request to a broker that refuses everything. */
async function refusalOf(path: string, request: SentRequest, deps: Partial<AppDeps> = {}) {
  await using app = await openHttpApp({
    grantToken: refuse('login_required'),
    exchangeRefreshToken: refuse('refresh_token_refused'),
    ...deps,
  });
  await app.send(path, request);
  const event = app.audit.events.at(-1);
  if (event?.type !== 'token.refused') throw new Error('nothing was refused');
  const { username, owner, backend, isAnonymous } = event;
  return { username, owner, backend, isAnonymous };
}

const exchange = form({ grant_type: 'refresh_token', service: SERVICE.name, refresh_token: `flr_${'a'.repeat(43)}` });
const asPassword = { headers: { authorization: `Basic ${btoa(`<token>:flr_${'a'.repeat(43)}`)}` } };

it('a refused request without a credential is anonymous', async () => {
  expect(await refusalOf(PATH, {})).toEqual({ isAnonymous: true });
});

it.each([
  ['a user name and a password', PATH, { headers: { authorization: `Basic ${btoa('bob:x')}` } }, { username: 'bob' }],
  ['a refresh token', '/token', exchange, {}],
  ['a refresh token as the password', PATH, asPassword, {}],
  ['a code', '/token', form({ grant_type: 'authorization_code', service: SERVICE.name, code: 'x' }), {}],
  ['a header that cannot be read', PATH, { headers: { authorization: 'Basic !!!' } }, {}],
])('a refused request with %s is not anonymous', async (_what, path, request, user) => {
  expect(await refusalOf(path, request)).toEqual(user);
});

it('a refused refresh token is of the account that its record names', async () => {
  const deps = { exchangeRefreshToken: refuse('refresh_token_refused', OWNER) };

  expect(await refusalOf('/token', exchange, deps)).toEqual(OWNER);
});
