/** Which credential a request carries. */
import { describe, expect, it } from 'vitest';
import { PROBE_AUTHORIZATION } from '../../../src/http/token-request.ts';
import { ALICE, form, openHttpApp, SERVICE } from '../../support/http-app.ts';
import type { SentRequest } from '../../support/http-app.ts';

const PATH = `/token?service=${SERVICE.name}`;
const JWT = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.x`;
const basic = (encoded: string): SentRequest => ({ headers: { authorization: encoded } });
/** With characters that base64 and base64url encode differently. */
const ODD = 'alice:a?b>c~ÿé';

describe('the Basic header', () => {
  it.each([
    ['base64', `Basic ${Buffer.from(ODD).toString('base64')}`],
    ['base64url', `Basic ${Buffer.from(ODD).toString('base64url')}`],
    ['base64 without padding', `Basic ${Buffer.from(ODD).toString('base64').replaceAll('=', '')}`],
    ['a scheme in lower case and two spaces', `basic  ${Buffer.from(ODD).toString('base64')}`],
  ])('is read in %s', async (_how, header) => {
    await using app = await openHttpApp();

    const { status } = await app.send(PATH, basic(header));

    expect(status).toBe(200);
    expect(app.credentials).toEqual([['alice', 'a?b>c~ÿé']]);
  });

  it('encodes the test value differently in base64 and base64url', () => {
    expect(Buffer.from(ODD).toString('base64')).toMatch(/[+/]/);
    expect(Buffer.from(ODD).toString('base64url')).toMatch(/[-_]/);
  });

  it.each([
    ['another scheme', 'Bearer abc'],
    ['characters outside base64', 'Basic !!!'],
    ['no colon', `Basic ${btoa('alice')}`],
    ['text that is not UTF-8', `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}`],
    ['nothing', ''],
    ['the probe of fairlead doctor', PROBE_AUTHORIZATION],
  ])('is refused with %s, and the request does not become anonymous', async (_what, header) => {
    await using app = await openHttpApp();

    const { status } = await app.send(PATH, basic(header));

    expect(status).toBe(401);
    expect(app.credentials).toEqual([]);
  });

  it.each([
    ['missing', {}],
    ['"Basic :"', basic(`Basic ${btoa(':')}`)],
  ])('makes the request anonymous when it is %s', async (_what, request) => {
    await using app = await openHttpApp();

    expect((await app.send(PATH, request)).status).toBe(200);
    expect(app.credentials).toEqual([undefined]);
  });

  it('splits at the first colon', async () => {
    await using app = await openHttpApp();

    await app.send(PATH, basic(`Basic ${btoa('alice:a:b')}`));
    await app.send(PATH, basic(`Basic ${btoa(':password')}`));

    expect(app.credentials).toEqual([
      ['alice', 'a:b'],
      ['', 'password'],
    ]);
  });
});

/** A whole personal token is not needed: its beginning keeps it from backends. */
const PERSONAL = `flp_${'a'.repeat(49)}`;

describe('the name of a robot, which has a colon', () => {
  it.each([
    ['a Basic header', basic(`Basic ${btoa(`robot:web-ci:${PERSONAL}`)}`)],
    [
      'the form of a client that has split the stored login',
      form({ grant_type: 'password', service: SERVICE.name, username: 'robot', password: `web-ci:${PERSONAL}` }),
    ],
    ['a Basic header with another spelling', basic(`Basic ${btoa(`Robot:web-ci:${PERSONAL}`)}`)],
    [
      'a form with the whole name',
      form({ grant_type: 'password', service: SERVICE.name, username: 'robot:web-ci', password: PERSONAL }),
    ],
  ])('is put together again in %s', async (_how, request) => {
    await using app = await openHttpApp();

    await app.send('headers' in request && !('body' in request) ? PATH : '/token', request);

    expect(app.credentials).toEqual([['robot:web-ci', PERSONAL]]);
  });

  it.each([
    ['robot:web-ci:secret', ['robot', 'web-ci:secret']],
    [`robots:web-ci:${PERSONAL}`, ['robots', `web-ci:${PERSONAL}`]],
    [`robot:${PERSONAL}`, ['robot', PERSONAL]],
  ])('is not seen in %s', async (text, credential) => {
    await using app = await openHttpApp();

    await app.send(PATH, basic(`Basic ${btoa(text)}`));

    expect(app.credentials).toEqual([credential]);
  });
});

describe('the user <token>, by which docker marks an identity token', () => {
  const TOKEN = `flr_${'Ab0-_'.repeat(8)}xyz`;
  const marked = (password: string) => basic(`Basic ${btoa(`<token>:${password}`)}`);
  async function openWithRefresh() {
    const exchanged: string[] = [];
    const app = await openHttpApp({
      exchangeRefreshToken: async (token) => {
        exchanged.push(token.reveal());
        return ALICE;
      },
    });
    return { app, exchanged };
  }

  it('makes a Basic header and a password form with a refresh token an exchange of it', async () => {
    const { app, exchanged } = await openWithRefresh();
    await using _ = app;
    const posted = { service: SERVICE.name, grant_type: 'password', username: '<token>', password: TOKEN };

    const answers = [await app.send(PATH, marked(TOKEN)), await app.send('/token', form(posted))];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(exchanged).toEqual([TOKEN, TOKEN]);
    expect(app.credentials).toEqual([]);
  });

  it('is an ordinary user name next to anything else, and a refresh token needs it', async () => {
    const { app, exchanged } = await openWithRefresh();
    await using _ = app;

    await app.send(PATH, marked('a-password'));
    await app.send(PATH, marked(TOKEN.slice(0, -1)));
    await app.send(PATH, basic(`Basic ${btoa(`alice:${TOKEN}`)}`));

    expect(exchanged).toEqual([]);
    expect(app.credentials).toEqual([
      ['<token>', 'a-password'],
      ['<token>', TOKEN.slice(0, -1)],
      ['alice', TOKEN],
    ]);
  });

  it('is refused together with a second credential in the form', async () => {
    const { app, exchanged } = await openWithRefresh();
    await using _ = app;
    const both = form({ service: SERVICE.name, grant_type: 'refresh_token', refresh_token: TOKEN });

    const { status } = await app.send('/token', { ...both, headers: { ...both.headers, ...marked(TOKEN).headers } });

    expect(status).toBe(400);
    expect(exchanged).toEqual([]);
  });
});

describe('the form of a POST', () => {
  const post = (fields: Readonly<Record<string, string>>) => form({ service: SERVICE.name, ...fields });

  it.each([
    ['a password', { grant_type: 'password', username: 'alice', password: 'p' }, ['alice', 'p']],
    ['a password without grant_type', { username: 'alice', password: 'p' }, ['alice', 'p']],
    ['a user name alone', { grant_type: 'password', username: 'alice' }, ['alice', '']],
    ['nothing', {}, undefined],
    ['a JWT bearer grant', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: JWT }, ['', JWT]],
  ])('with %s has its credential', async (_what, fields, expected) => {
    await using app = await openHttpApp();

    expect((await app.send('/token', post(fields))).status).toBe(200);
    expect(app.credentials).toEqual([expected]);
  });

  it('prefers the Basic header to its fields', async () => {
    await using app = await openHttpApp();
    const { headers, ...request } = post({ grant_type: 'password', username: 'bob', password: 'p' });

    await app.send('/token', { ...request, headers: { ...headers, authorization: `Basic ${btoa('alice:q')}` } });

    expect(app.credentials).toEqual([['alice', 'q']]);
  });

  it.each([
    ['another grant', { grant_type: 'authorization_code' }, 400, 'unsupported_grant_type'],
    ['an empty refresh token', { grant_type: 'refresh_token', refresh_token: '' }, 400, 'invalid_request'],
    [
      'an assertion that is not a token',
      { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: 'password' },
      401,
      'invalid_grant',
    ],
  ])('with %s is refused, and no flow sees it', async (_what, fields, status, error) => {
    await using app = await openHttpApp();

    const answer = await app.send('/token', post(fields));

    expect([answer.status, answer.json?.['error']]).toEqual([status, error]);
    expect(app.credentials).toEqual([]);
  });

  it('with a refresh token is exchanged, and answered with the same token', async () => {
    const exchanged: unknown[] = [];
    await using app = await openHttpApp({
      exchangeRefreshToken: async (token, service, context) => {
        exchanged.push([token.reveal(), service.name, context.requestId]);
        return { kind: 'anonymous' };
      },
    });

    const { json } = await app.send(
      '/token',
      post({ grant_type: 'refresh_token', refresh_token: 'flr_x', access_type: 'offline' }),
    );

    expect(exchanged).toEqual([['flr_x', SERVICE.name, 'id-1']]);
    expect(json).toMatchObject({ refresh_token: 'flr_x' });
    expect([app.credentials, app.offlineLogins]).toEqual([[], []]);
  });

  it('with a refresh token and a Basic header is refused as ambiguous', async () => {
    await using app = await openHttpApp();
    const { headers, ...request } = post({ grant_type: 'refresh_token', refresh_token: 'flr_x' });

    const answer = await app.send('/token', {
      ...request,
      headers: { ...headers, authorization: `Basic ${btoa('alice:q')}` },
    });

    expect(answer.status).toBe(400);
    expect(app.credentials).toEqual([]);
  });
});
