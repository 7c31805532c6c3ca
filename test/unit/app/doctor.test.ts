/** What the doctor says of a registry that is set up wrongly in one thing; the registry is a few lines of this test. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseChallenge } from '../../../src/app/doctor/challenge.ts';
import { examine } from '../../../src/app/doctor/examine.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { announcedKeys } from '../../../src/platform/signing/announced.ts';
import { jwks, readKeys } from '../../../src/platform/signing/keyset.ts';
import type { Keyset } from '../../../src/platform/signing/keyset.ts';
import { realClock } from '../../support/fakes.ts';
import { CONFIG, SERVICE, workspace } from '../cli/workspace.ts';
import type { Workspace } from '../cli/workspace.ts';

interface ShownToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

interface RegistryOptions {
  /** Undefined: it asks for no token. */
  readonly challenge?: string;
  readonly believes?: (token: ShownToken) => boolean;
  /** Seconds by which its clock is ahead. */
  readonly ahead?: number;
  /** The same of the token server. */
  readonly brokerAhead?: number;
  /** What the token server publishes. */
  readonly keys?: string;
  /** The OAuth error of the token server; null: it issues a token. */
  readonly tokenError?: string | null;
  /** The path below which the token server is. */
  readonly path?: string;
}

let resources: AsyncDisposableStack;
let files: Workspace;
let keyset: Keyset;
let url: string;
let registry: RegistryOptions;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  registry = {};
  const server = createServer((request, response) => {
    const path = registry.path ?? '';
    if (request.url === `${path}/.well-known/jwks.json`) {
      response.setHeader('date', new Date(Date.now() + (registry.brokerAhead ?? 0) * 1000).toUTCString());
      return void response.end(registry.keys ?? jwks(keyset));
    }
    if (request.url?.startsWith(`${path}/token?`) === true) {
      const { tokenError: error } = registry;
      return void response.writeHead(error === null ? 200 : 401).end(JSON.stringify({ error }));
    }
    const token = tokenOf(request.headers.authorization);
    response.setHeader('date', new Date(Date.now() + (registry.ahead ?? 0) * 1000).toUTCString());
    if (registry.challenge === undefined || (token !== undefined && registry.believes?.(token) === true)) {
      return void response.end();
    }
    const error = token === undefined ? '' : ',error="invalid_token"';
    response.writeHead(401, { 'www-authenticate': `${registry.challenge}${error}` }).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  resources.defer(() => void server.close());
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  files = resources.use(await workspace({ 'broker.yaml': JSON.stringify({ ...CONFIG, publicUrl: url }) }));
  await files.fairlead(['keygen', '--name', 'default', '--dir', files.path('state/keys')]);
  keyset = await readKeys([{ name: 'default', algorithm: 'ES256' }], files.path('state'));
});
afterEach(() => resources.disposeAsync());

function tokenOf(authorization: string | undefined): ShownToken | undefined {
  const [header, claims] = (authorization ?? '').replace('Bearer ', '').split('.').map(parsedPart);
  return header === undefined || claims === undefined ? undefined : { header, claims };
}

function parsedPart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

const bearer = (realm = `${url}/token`, service = SERVICE): string => `Bearer realm="${realm}",service="${service}"`;

/** What is wrong, as `about: text; cure`. */
async function problems(options: RegistryOptions, address = url): Promise<readonly string[]> {
  registry = { tokenError: 'invalid_grant', ...options };
  const { config } = await loadBroker(files.config);
  const publicUrl = `${config.publicUrl}${options.path ?? ''}`;
  const findings = await examine({
    registry: address,
    config: { ...config, publicUrl },
    keyset,
    announced: [],
    clock: realClock,
  });
  return findings.filter(({ ok }) => !ok).map(({ about, text, cure }) => `${about}: ${text}; ${cure ?? ''}`);
}

describe('the doctor', () => {
  it('finds nothing wrong with a registry that accepts the tokens of the broker', async () => {
    expect(await problems({ challenge: bearer(), believes: ({ claims }) => claims['iss'] === 'fairlead' })).toEqual([]);
  });

  it.each<[string, () => RegistryOptions, RegExp]>([
    ['asks for no token', () => ({}), /^challenge: .*; add the block that `fairlead registry-config` prints/],
    ['asks for a password', () => ({ challenge: 'Basic realm="x"' }), /^challenge: .*basic; .*remove auth\.htpasswd/],
    [
      'sends clients elsewhere',
      () => ({ challenge: bearer('http://127.0.0.1:1/token'), believes: () => true }),
      /^realm: .*http:\/\/127\.0\.0\.1:1\/token.*; set realm to http:\/\/127\.0\.0\.1:\d+\/token/,
    ],
    [
      'is sent to another token server',
      () => ({ challenge: bearer(), believes: () => true, keys: '{"keys":[]}' }),
      /^realm: .*; run doctor with the configuration of the broker/,
    ],
    [
      'calls itself by another name',
      () => ({ challenge: bearer(undefined, 'other'), believes: () => true }),
      /^service: .*"other".*; add it under services in broker\.yaml/,
    ],
    [
      'has a clock that is ahead',
      () => ({ challenge: bearer(), believes: () => true, ahead: 300 }),
      /^clock: the registry's clock is (?:299|300) s ahead of the broker's; synchronize both clocks with NTP/,
    ],
    [
      'has a clock that is behind',
      () => ({ challenge: bearer(), believes: () => true, ahead: -300 }),
      /^clock: the registry's clock is (?:300|301) s behind the broker's; synchronize both clocks with NTP/,
    ],
    [
      'is asked by a machine with its time, and the broker has another one',
      () => ({ challenge: bearer(), believes: () => true, brokerAhead: 300 }),
      /^clock: the registry's clock is (?:299|300|301) s behind the broker's; synchronize both clocks with NTP/,
    ],
    [
      'expects another issuer',
      () => ({ challenge: bearer(), believes: ({ claims }) => claims['iss'] === 'Auth service' }),
      /^issuer: .*"Auth service".*"fairlead"; set issuer to fairlead in the registry/,
    ],
    [
      'knows the key by its RFC 7638 thumbprint only',
      () => ({ challenge: bearer(), believes: ({ header }) => header['kid'] === keyset[0].thumbprint }),
      /^chain: .*kid-rfc7638; set services\."registry\.example\.com"\.key\.header to kid-rfc7638/,
    ],
    [
      'accepts no token',
      () => ({ challenge: bearer(), believes: () => false }),
      /^trust: .*; give it the block that `fairlead registry-config` prints/,
    ],
  ])('names the cause and the cure for a registry that %s', async (_what, options, expected) => {
    const [first = '', ...more] = await problems(options());

    expect(first).toMatch(expected);
    expect(more).toEqual([]);
  });

  it.each(['/token', '/auth/token', '/auth'])('finds a token server below a path, with the realm %s', async (end) => {
    const path = '/registry-auth';

    expect(await problems({ path, challenge: bearer(`${url}${path}${end}`), believes: () => true })).toEqual([]);
  });

  it('names the address of a registry that does not answer', async () => {
    const [first = ''] = await problems({}, 'http://127.0.0.1:1');

    expect(first).toMatch(/^registry: http:\/\/127\.0\.0\.1:1 cannot be reached: .*; check the address/);
  });
});

describe('the Authorization header', () => {
  const fine = { challenge: () => bearer(), believes: () => true };
  const found = (options: RegistryOptions) => problems({ ...fine, challenge: fine.challenge(), ...options });
  const removed = [expect.stringMatching(/^login: .*anonymous request; configure the proxy before the broker to pass/)];

  it('is missed when the token server answers the malformed one with a token', async () => {
    expect(await found({ tokenError: null })).toEqual(removed);
  });

  it('is missed when the token server requires a login, as for a request without it', async () => {
    expect(await found({ tokenError: 'invalid_client' })).toEqual(removed);
  });

  it('is not missed when the token server refuses the malformed one', async () => {
    expect(await found({ tokenError: 'invalid_grant' })).toEqual([]);
  });
});

describe('a challenge', () => {
  it.each([
    [
      'Bearer realm="https://a/token",service="r",error="invalid_token"',
      { scheme: 'bearer', realm: 'https://a/token', service: 'r', error: 'invalid_token' },
    ],
    ['BASIC realm="x"', { scheme: 'basic', realm: 'x', service: '', error: undefined }],
    ['', undefined],
    [null, undefined],
  ])('is read from %j', (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
  });
});

describe('the doctor, while a key is announced', () => {
  async function findingOf(believes: (header: Readonly<Record<string, unknown>>, announced: string) => boolean) {
    const { config } = await loadBroker(files.config);
    await files.fairlead(['keys', 'announce', '--config', files.config]);
    const announced = await announcedKeys(config.keys, config.stateDir);
    const kid = announced[0]?.libtrustKeyId ?? '';
    registry = {
      tokenError: 'invalid_grant',
      challenge: bearer(),
      believes: ({ header }) => believes(header, kid),
    };
    const findings = await examine({ registry: url, config, keyset, announced, clock: realClock });
    return findings.find(({ about }) => about === 'announced');
  }

  it('says that it can be activated when the registry trusts it', async () => {
    expect(await findingOf(() => true)).toMatchObject({ ok: true, text: expect.stringContaining('default@2') });
  });

  it('says what to do when the registry does not trust it yet', async () => {
    expect(await findingOf(({ kid }, announced) => kid !== announced)).toMatchObject({
      ok: false,
      text: 'the registry does not trust the announced key default@2 yet',
      cure: expect.stringContaining('restart it'),
    });
  });
});
