import { sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/core/identity.ts';
import type { VerifiedToken } from '../../../../src/core/ports.ts';
import type { TokenClaims } from '../../../../src/core/token.ts';
import type { KeyConfig } from '../../../../src/platform/signing/config.ts';
import { createSigner } from '../../../../src/platform/signing/jwt-signer.ts';
import { createVerifier } from '../../../../src/platform/signing/jwt-verifier.ts';
import { loadKeys } from '../../../../src/platform/signing/keyset.ts';
import type { Keyset, SigningKey } from '../../../../src/platform/signing/keyset.ts';
import { recordingLog } from '../../../support/fakes.ts';
import { ecKey, makeAuthority, makeCertificate, pkcs8 } from '../../../support/signing-certificate.ts';
import type { Authority } from '../../../support/signing-certificate.ts';

const NOW = Math.floor(Date.now() / 1000);
const SERVICE = 'registry.example.com';
const CLAIMS: TokenClaims = {
  iss: 'fairlead',
  sub: 'usér',
  aud: SERVICE,
  exp: NOW + 300,
  nbf: NOW - 30,
  iat: NOW - 30,
  jti: 'id-1',
  access: [{ type: 'repository', name: 'web/shop', actions: ['pull'] }],
};
const VERIFIED: VerifiedToken = { username: 'usér', tokenId: 'id-1', access: CLAIMS.access };

let folder: string;
let keys: Readonly<Record<'ec' | 'rsa' | 'ed' | 'next' | 'foreign', SigningKey>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-verifier-'));
  const [ec, rsa, ed, next, foreign] = await load([
    { name: 'ec', algorithm: 'ES256' },
    { name: 'rsa', algorithm: 'RS256' },
    { name: 'ed', algorithm: 'EdDSA' },
    { name: 'next', algorithm: 'ES256' },
    { name: 'foreign', algorithm: 'ES256' },
  ]);
  if (rsa === undefined || ed === undefined || next === undefined || foreign === undefined) throw new Error('no keys');
  keys = { ec, rsa, ed, next, foreign };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function load(configs: readonly KeyConfig[]): Promise<Keyset> {
  return loadKeys(configs, folder, recordingLog());
}

type Header = 'x5c' | 'kid' | 'kid-rfc7638';

function issue(key: SigningKey, claims: Partial<Record<keyof TokenClaims, unknown>> = {}, header: Header = 'x5c') {
  const signer = createSigner([key], [{ service: SERVICE, header }]);
  return signer.sign(SERVICE, { ...CLAIMS, ...claims } as TokenClaims);
}

function verifierOf(keyset: Keyset, services = [SERVICE]) {
  const verifier = createVerifier(
    keyset,
    services.map((service) => ({ service, header: 'x5c' })),
    'fairlead',
  );
  return (token: string, now = NOW, service = SERVICE) => verifier.verify(service, new Secret(token), now);
}

/** A token of this key, with any header. */
function forge(key: SigningKey, header: Readonly<Record<string, unknown>>, claims: unknown = CLAIMS): string {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

describe('the verifier of registry tokens', () => {
  it.each(['ec', 'rsa', 'ed'] as const)('accepts what the signer signs, by each header (%s)', async (name) => {
    const key = keys[name];
    for (const header of ['x5c', 'kid', 'kid-rfc7638'] as const) {
      expect(verifierOf([key])(await issue(key, {}, header))).toEqual(VERIFIED);
    }
  });

  it('accepts a key that is announced, or that signed before', async () => {
    const verify = verifierOf([{ ...keys.ec, others: [keys.next] }]);

    expect(verify(await issue(keys.next))).toEqual(VERIFIED);
  });

  it('refuses a key of another service, also one of this server', async () => {
    const verify = verifierOf([keys.ec, keys.foreign]);

    expect(verify(await issue(keys.foreign))).toBe('its key is not one of this service');
  });

  it('refuses another key under the id of its own', () => {
    const { libtrustKeyId: kid } = keys.ec;
    const x5c = keys.foreign.chain.map((certificate) => certificate.raw.toString('base64'));

    expect(verifierOf([keys.ec])(forge(keys.foreign, { alg: 'ES256', kid, x5c }))).toBe('its signature is not valid');
  });

  it('refuses a token that chooses another algorithm', async () => {
    const { libtrustKeyId: kid } = keys.ec;
    const [, claims = ''] = (await issue(keys.ec)).split('.');
    const verify = verifierOf([keys.ec]);
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url');

    expect(verify(forge(keys.ec, { alg: 'HS256', kid }))).toBe('its algorithm is not ES256');
    expect(verify(`${none}.${claims}.AA`)).toBe('its algorithm is not ES256');
    expect(verify(`${none}.${claims}.`)).toBe('it is not a registry token');
  });

  it('refuses a token with a changed part', async () => {
    const [header = '', , signature = ''] = (await issue(keys.ec)).split('.');
    const more = { ...CLAIMS, access: [{ type: 'repository', name: 'web/shop', actions: ['pull', 'push'] }] };
    const claims = Buffer.from(JSON.stringify(more)).toString('base64url');

    expect(verifierOf([keys.ec])(`${header}.${claims}.${signature}`)).toBe('its signature is not valid');
  });

  it.each([
    ['it is of another issuer', { iss: 'other' }],
    ['it is for another service', { aud: 'other' }],
    ['it is not a registry token', { aud: [SERVICE] }],
    ['it is not valid yet', { nbf: NOW + 1 }],
    ['it has expired', { exp: NOW }],
    ['it is not a registry token', { exp: 'never' }],
    ['it is not a registry token', { access: undefined }],
    ['it is not a registry token', { access: [{ type: 'repository', name: 'web/shop', actions: 'pull' }] }],
    ['it is not a registry token', { nbf: '0' }],
    ['it is not a registry token', { sub: 1 }],
    ['it is not a registry token', { jti: undefined }],
    ['it is not a registry token', { access: [CLAIMS.access[0], null] }],
    ['it is not a registry token', { access: [{ type: 1, name: 'web/shop', actions: ['pull'] }] }],
    ['it is not a registry token', { access: [{ type: 'repository', actions: ['pull'] }] }],
  ])('refuses a signed token because %s (case %#)', (flaw, claims) => {
    const { libtrustKeyId: kid } = keys.ec;

    expect(verifierOf([keys.ec])(forge(keys.ec, { alg: 'ES256', kid }, { ...CLAIMS, ...claims }))).toBe(flaw);
  });

  it.each([[{ kid: 1 }], [{ alg: ['ES256'] }], [{ x5c: 'AAAA' }], [{ x5c: [1] }]])(
    'refuses a header of another form: %j',
    (header) => {
      const { libtrustKeyId: kid } = keys.ec;

      expect(verifierOf([keys.ec])(forge(keys.ec, { alg: 'ES256', kid, ...header }))).toBe(
        'it is not a registry token',
      );
    },
  );

  it.each([['null'], ['[]'], ['"text"'], ['not JSON']])(
    'refuses a token whose parts are no JSON objects: %s',
    (part) => {
      const text = Buffer.from(part).toString('base64url');
      const object = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'x' })).toString('base64url');

      expect(verifierOf([keys.ec])(`${text}.${object}.AA`)).toBe('it is not a registry token');
      expect(verifierOf([keys.ec])(`${object}.${text}.AA`)).toBe('it is not a registry token');
    },
  );

  it('refuses a token with something before or after it', async () => {
    const token = await issue(keys.ec);

    for (const text of [` ${token}`, `${token} `, `x.${token}`, `${token}.x`, `${token}=`]) {
      expect(verifierOf([keys.ec])(text)).toBe('it is not a registry token');
    }
  });

  it('verifies with the key that the service names', async () => {
    const verifier = createVerifier(
      [keys.foreign, keys.ec],
      [{ service: SERVICE, header: 'x5c', signingKey: 'ec' }],
      'fairlead',
    );

    expect(verifier.verify(SERVICE, new Secret(await issue(keys.ec)), NOW)).toEqual(VERIFIED);
    expect(verifier.verify(SERVICE, new Secret(await issue(keys.foreign)), NOW)).toBe(
      'its key is not one of this service',
    );
  });

  it('refuses a header with an extension that it does not know', () => {
    const { libtrustKeyId: kid } = keys.ec;

    expect(verifierOf([keys.ec])(forge(keys.ec, { alg: 'ES256', kid, crit: ['b64'], b64: false }))).toBe(
      'it is not a registry token',
    );
  });

  it.each(['', 'x', 'a.b.c', 'e30.e30.AA', `${'a'.repeat(70_000)}.b.c`, 'flr_x', '{}.{}.{}'])(
    'refuses what is no token: %#',
    (text) => {
      expect(verifierOf([keys.ec])(text)).toBe('it is not a registry token');
    },
  );

  it('refuses a service that it does not know', async () => {
    expect(verifierOf([keys.ec])(await issue(keys.ec), NOW, 'other')).toBe('the service has no key');
  });

  it('ends a cached token when it expires, and keeps it from other services', async () => {
    const verify = verifierOf([keys.ec], [SERVICE, 'other']);
    const token = await issue(keys.ec);

    expect(verify(token)).toEqual(VERIFIED);
    expect(verify(token, CLAIMS.exp - 1)).toEqual(VERIFIED);
    expect(verify(token, NOW, 'other')).toBe('it is for another service');
    expect(verify(token, CLAIMS.exp)).toBe('it has expired');
    expect(verify(`${token}A`)).toBe('its signature is not valid');
  });

  describe('that were verified before', () => {
    /** A key that counts how often a signature is verified with it. */
    function countedKey() {
      const count = { verified: 0 };
      const key: SigningKey = {
        ...keys.ed,
        get publicKey() {
          count.verified += 1;
          return keys.ed.publicKey;
        },
      };
      return { key, count };
    }

    it('are not verified again', async () => {
      const { key, count } = countedKey();
      const verify = verifierOf([key]);
      const token = await issue(keys.ed);

      expect([verify(token), verify(token), verify(token)]).toEqual([VERIFIED, VERIFIED, VERIFIED]);
      expect(count.verified).toBe(1);
    });

    it('are verified again when they are long, or when many others came since', async () => {
      const { key, count } = countedKey();
      const verify = verifierOf([key]);
      const access = Array.from({ length: 100 }, (_, index) => ({
        ...CLAIMS.access[0],
        name: `web/${index}-long-name`,
      }));
      const long = await issue(keys.ed, { access });
      const tokens = await Promise.all(Array.from({ length: 2049 }, (_, jti) => issue(keys.ed, { jti: String(jti) })));
      const [first = '', second = ''] = tokens;

      expect([verify(long), verify(long)]).toEqual([
        { ...VERIFIED, access },
        { ...VERIFIED, access },
      ]);
      for (const token of [...tokens, second]) verify(token);
      expect(count.verified).toBe(2 + 2049);
      verify(first);
      expect(count.verified).toBe(2 + 2049 + 1);
    });
  });
});

describe('the verifier of tokens whose keys an authority certifies', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await makeAuthority('the authority');
  });

  /** A key of a broker, and its certificate by the authority. */
  async function certified(
    by: Authority,
    certificate: { readonly fromDays?: number; readonly untilDays?: number } = {},
  ) {
    const key = ecKey();
    const place = await mkdtemp(join(folder, 'certified-'));
    await writeFile(join(place, 'tls.key'), pkcs8(key), { mode: 0o600 });
    await writeFile(join(place, 'tls.crt'), await makeCertificate({ key, authority: by, ...certificate }));
    await writeFile(join(place, 'ca.crt'), by.certificate);
    const [loaded] = await load([
      {
        name: 'default',
        algorithm: 'ES256',
        keyFile: { path: join(place, 'tls.key') },
        certFile: { path: join(place, 'tls.crt') },
        caFile: { path: join(place, 'ca.crt') },
      },
    ]);
    return loaded;
  }

  it('accepts the keys of all brokers of the authority', async () => {
    const [own, other] = [await certified(authority), await certified(authority)];

    expect(verifierOf([own])(await issue(own))).toEqual(VERIFIED);
    expect(verifierOf([own])(await issue(other))).toEqual(VERIFIED);
  });

  it('refuses keys of another authority, also of the same name, and keys without a certificate', async () => {
    const own = await certified(authority);
    const foreign = await certified(await makeAuthority('the authority'));

    expect(verifierOf([own])(await issue(foreign))).toBe('its key is not one of this service');
    expect(verifierOf([own])(await issue(own, {}, 'kid'))).toBe('its key is not one of this service');
  });

  it('refuses a key that shows the certificate of another one', async () => {
    const own = await certified(authority);
    const x5c = own.chain.map((certificate) => certificate.raw.toString('base64'));

    expect(verifierOf([own])(forge(keys.foreign, { alg: 'ES256', kid: 'x', x5c }))).toBe('its signature is not valid');
  });

  it('refuses a certificate before and after its time', async () => {
    const own = await certified(authority, { fromDays: -1, untilDays: 1 });
    const x5c = own.chain.map((certificate) => certificate.raw.toString('base64'));
    const claims = { ...CLAIMS, nbf: NOW - 3 * 86_400, exp: NOW + 3 * 86_400 };
    const token = forge(own, { alg: 'ES256', kid: 'x', x5c }, claims);

    expect(verifierOf([own])(token, NOW)).toEqual(VERIFIED);
    expect(verifierOf([own])(token, NOW - 2 * 86_400)).toBe('its key is not one of this service');
    expect(verifierOf([own])(token, NOW + 2 * 86_400)).toBe('its key is not one of this service');
  });

  it.each([[['']], [['AAAA']], [['AAAA', 'AAAA', 'AAAA', 'AAAA', 'AAAA']]])(
    'refuses certificates that cannot be read: %j',
    async (x5c) => {
      const own = await certified(authority);

      expect(verifierOf([own])(forge(own, { alg: 'ES256', kid: 'x', x5c }))).toBe('its key is not one of this service');
    },
  );
});
