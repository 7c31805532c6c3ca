/** Web pages of other origins, and a public URL with a path. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import { form, openHttpApp, SERVICE } from '../../support/http-app.ts';

const PATH = `/token?service=${SERVICE.name}`;
const UI = 'https://ui.example.com';
const KEY_SET = '/.well-known/jwks.json';
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
});

describe('a page of an allowed origin', () => {
  it.each([PATH, KEY_SET])('may read the answer of %s', async (path) => {
    await using app = await openHttpApp({ corsOrigins: [UI] });

    const { status, headers } = await app.send(path, { headers: { origin: UI } });

    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
  });

  it('may read why a login is refused', async () => {
    await using app = await openHttpApp({
      corsOrigins: [UI],
      identify: async () => {
        throw new BrokerError('invalid_credentials', 'wrong-password');
      },
    });

    const { status, headers } = await app.send(PATH, { headers: { origin: UI } });

    expect(status).toBe(401);
    expect(headers).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-expose-headers': 'WWW-Authenticate, Retry-After, X-Request-Id',
    });
  });

  it.each(['/token', '/auth/token', KEY_SET])('has its preflight of %s answered', async (path) => {
    await using app = await openHttpApp({ corsOrigins: ['https://other.example.com', UI] });

    const { status, headers, text } = await app.send(path, preflight(UI));

    expect([status, text]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'Authorization, Content-Type',
    });
    expect([app.credentials, app.audit.events]).toEqual([[], []]);
  });
});

describe('the header that allows an origin', () => {
  it.each([
    ['another origin', [UI], 'https://evil.example.com'],
    ['an origin that continues an allowed one', [UI], `${UI}.evil.example.com`],
    ['the origin null', [UI], 'null'],
    ['every origin when none is configured', [], UI],
  ])('is not sent to %s', async (_what, corsOrigins, origin) => {
    await using app = await openHttpApp({ corsOrigins });

    const answers = [await app.send(PATH, { headers: { origin } }), await app.send('/token', preflight(origin))];

    expect(answers.map(({ status }) => status)).toEqual([200, 405]);
    for (const { headers } of answers) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('allows no stored credentials when every origin is allowed', async () => {
    await using app = await openHttpApp({ corsOrigins: ['*'] });

    const { headers } = await app.send(PATH, { headers: { origin: UI } });

    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('is not sent for pages of operators', async () => {
    await using app = await openHttpApp({ corsOrigins: [UI] });

    const { headers } = await app.send('/metrics', { headers: { origin: UI } });

    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a public URL with a path', () => {
  const publicPath = '/registry(auth)/v1:*';

  it.each([
    `${publicPath}/token?service=${SERVICE.name}`,
    `http://auth.example.com${publicPath}/token?service=${SERVICE.name}`,
    `${publicPath}/auth/token/?service=${SERVICE.name}`,
    `${publicPath}${KEY_SET}`,
    PATH,
    KEY_SET,
  ])('has an answer at %s', async (path) => {
    await using app = await openHttpApp({ publicPath });

    expect((await app.send(path)).status).toBe(200);
  });

  it('accepts forms', async () => {
    await using app = await openHttpApp({ publicPath });

    expect((await app.send(`${publicPath}/token`, form({ service: SERVICE.name }))).status).toBe(200);
  });

  it.each([`${publicPath}/metrics`, `${publicPath}/readyz`, `${publicPath}x/token`, publicPath, '/other/token'])(
    'has nothing at %s',
    async (path) => {
      await using app = await openHttpApp({ publicPath });

      expect((await app.send(path)).status).toBe(404);
    },
  );
});
