import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, asyncProperty, stringMatching } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

let files: WrittenFiles;
beforeEach(async () => {
  files = await writtenFiles({
    'policy.yaml': 'rules: []\n',
    'users.yaml': 'users: {}\n',
    'tls.crt': '',
    'tls.key': '',
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await files[Symbol.asyncDispose]();
});

const SMALLEST = `
listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { registry.example.com: {} }
backends: [{ name: local, type: static-file, file: users.yaml }]
policy: policy.yaml
`;

const BACKEND_WITH_SECRET =
  'backends: [{ name: sso, type: oidc-password, issuer: https://id.example.com, client: { id: x, secret: { file: sso.secret } } }]';

async function load(content: string) {
  return await loadBroker(await files.write('broker.yaml', content));
}

async function problems(content: string): Promise<readonly string[]> {
  const path = await files.write('broker.yaml', content);
  return (await problemsOf(files, () => loadBroker(path))).map((line) => line.replace('broker.yaml:', ''));
}

describe('loadBroker', () => {
  it('sets every default', async () => {
    const { config, warnings } = await load(SMALLEST);

    expect(config).toMatchObject({
      listen: { host: '127.0.0.1', port: 0 },
      publicUrl: 'http://localhost:5001',
      trustedProxies: [],
      stateDir: files.path('data'),
      tokens: { issuer: 'fairlead', lifetime: { pull: 300, push: 900 } },
      keys: [{ name: 'default', algorithm: 'ES256' }],
      services: {
        'registry.example.com': { anonymous: 'deny', key: { header: 'x5c' }, lifetime: { pull: 300, push: 900 } },
      },
      policy: { file: files.path('policy.yaml') },
      log: { level: 'info' },
    });
    expect(config.tls).toBeUndefined();
    expect(config.admin).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it.each([
    ['./data', ''],
    ['.', ''],
    ['data/trust', ''],
    ['/', ''],
    ['/srv/data/public', 'stateDir: /srv/data'],
  ])('refuses the trustDir %j, which contains stateDir or is inside it', async (trustDir, more) => {
    expect(await problems(`${SMALLEST}${more}\ntrustDir: ${trustDir}\n`)).toEqual([
      expect.stringMatching(/trustDir: found the same folder as stateDir, or one inside the other/),
    ]);
  });

  it.each(['./trust', 'data/../trust', 'data-public', '..data'])(
    'takes the trustDir %j next to data',
    async (trustDir) => {
      const { config } = await load(`${SMALLEST}trustDir: ${trustDir}\n`);

      expect(config.trustDir).toBe(files.path(join(trustDir)));
    },
  );

  it('warns of secrets and private keys that other users can read, each with its place', async () => {
    await files.write('bind.secret', 'secret');
    const content = `${SMALLEST}tls: { certFile: tls.crt, keyFile: tls.key }
`.replace(
      'backends: [',
      `backends: [{ name: corp, type: ldap, preset: openldap, urls: ['ldap://127.0.0.1'], tls: { mode: none },
        bind: { dn: 'cn=a', password: { file: bind.secret } }, users: { base: 'dc=a' }, groups: { base: 'dc=a' } }, `,
    );
    const exposed = async (): Promise<readonly string[]> =>
      (await load(content)).warnings.flatMap(
        (text) => / (\S+): \S+\/(\S+) holds a secret/.exec(text)?.slice(1, 3) ?? [],
      );
    // The control: as they are written, only this user can read them.
    expect(await exposed()).toEqual([]);

    for (const name of ['bind.secret', 'tls.key', 'tls.crt', 'users.yaml']) await chmod(files.path(name), 0o644);

    expect(await exposed()).toEqual(['backends.0.bind.password.file', 'bind.secret', 'tls.keyFile', 'tls.key']);
  });

  it('resolves paths against the folder of the file, not the working folder', async () => {
    await files.write('secrets/client', 'x');
    const { config } = await load(`
listen: unix:run/broker.sock
publicUrl: https://auth.example.com/fairlead/
stateDir: ../state
tls: { certFile: tls.crt, keyFile: ./tls.key }
admin: { listen: 'unix:/run/admin.sock' }
services: { registry.example.com: {} }
backends:
  - { name: local, type: static-file, htpasswd: users.yaml }
  - { name: sso, type: oidc-password, issuer: https://id.example.com, client: { id: a, secret: { file: secrets/client } } }
policy: { file: policy.yaml }
`);

    expect(config).toMatchObject({
      listen: { socket: files.path('run/broker.sock') },
      publicUrl: 'https://auth.example.com/fairlead',
      stateDir: files.path('../state'),
      tls: { certFile: { path: files.path('tls.crt') }, keyFile: { path: files.path('tls.key') } },
      admin: { listen: { socket: '/run/admin.sock' } },
      backends: [
        { htpasswd: { path: files.path('users.yaml') } },
        { client: { secret: { source: { file: files.path('secrets/client') } } } },
      ],
      policy: { file: files.path('policy.yaml') },
    });
  });

  it('accepts a service with one lifetime of its own', async () => {
    const { config } = await load(SMALLEST.replace('registry.example.com: {}', 'a: { lifetime: { push: 60s } }'));

    expect(config.services['a']?.lifetime).toEqual({ pull: 300, push: 60 });
  });

  it('returns a frozen configuration', async () => {
    const { config } = await load(SMALLEST);

    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.services['registry.example.com'])).toBe(true);
    expect(Object.isFrozen(config.backends)).toBe(true);
  });

  it('reports all problems at once, each with its place, what was found and what is allowed', async () => {
    vi.stubEnv('FAIRLEAD_TEST_UNSET', undefined);

    const found = await problems(`lisen: 127.0.0.1:1
publicUrl: ftp://files.example.com/?a
trustedProxies: [10.0.0.0/33, proxy]
tls: { certFile: nope.crt, keyFil: tls.key }
tokens:
  issuer: ''
  lifetime: { pull: 300, push: 2h }
keys:
  - { name: a, algorithm: es256 }
  - { name: a, certFile: tls.crt }
services:
  x:
    anonymous: maybe
    signingKey: b
  "y\\tz": {}
backends:
  - name: Local
    type: static-fil
  - name: sso
    type: oidc-password
    issuer: https://id.example.com
    client: { id: registry, secret: { env: FAIRLEAD_TEST_UNSET } }
    usernames: ['a{b']
  - name: sso
    type: static-file
    fiel: users.yaml
  - local
  - name: nothing
policy: [policy.yaml]
log: { level: warm }
admin:
`);

    const keys =
      'listen, publicUrl, trustedProxies, clientAddress, cors, tls, stateDir, records, trustDir, tokens, keys, services, personalTokens, backends, robots, shield, shared, policy, console, helper, admin, api, maxConnections, log, audit';
    expect(found).toEqual([
      '1:1: listen: missing, expected text (where to listen: HOST:PORT, [IPV6]:PORT or unix:/path)',
      `1:1: lisen: unknown key, expected one of ${keys}; did you mean "listen"?`,
      '2:12: publicUrl: found "ftp://files.example.com/?a", expected an http or https URL, such as https://auth.example.com',
      '3:18: trustedProxies.0: found "10.0.0.0/33", expected a prefix of at most 32 bits',
      '3:31: trustedProxies.1: found "proxy", expected an address or a CIDR, such as 10.0.0.0/8 or fd00::/8',
      '4:6: tls.keyFile: missing, expected text (path of the private key in PEM)',
      '4:18: tls.certFile: nope.crt cannot be read (no such file), expected a file',
      '4:28: tls.keyFil: unknown key, expected one of certFile, keyFile; did you mean "keyFile"?',
      '6:11: tokens.issuer: found empty text, expected at least 1 character',
      '7:21: tokens.lifetime.pull: found 300, expected text (duration from 1m to 1h, such as 300s, 5m or 12h)',
      '7:32: tokens.lifetime.push: found "2h", expected a duration from 1m to 1h',
      '9:27: keys.0.algorithm: found "es256", expected one of ES256, RS256, EdDSA; did you mean "ES256"?',
      '10:13: keys.1.name: found "a" a second time, expected each name once',
      '10:26: keys.1.certFile: found "tls.crt", expected only with keyFile',
      '13:16: services.x.anonymous: found "maybe", expected one of allow, deny',
      '14:17: services.x.signingKey: found "b", expected the name of one of the keys (a)',
      '15:3: services."y\\tz": found "y\\tz", expected a name of 1 to 255 characters without control characters',
      expect.stringMatching(
        /^18:11: backends\.0\.type: found "static-fil", expected one of static-file, .*; did you mean "static-file"\?$/,
      ),
      '22:44: backends.1.client.secret.env: the environment variable FAIRLEAD_TEST_UNSET is not set',
      '23:17: backends.1.usernames.0: the pattern "a{b" has a brace without its partner',
      '24:11: backends.2.name: found "sso" a second time, expected each name once',
      '26:5: backends.2.fiel: unknown key, expected one of type, name, usernames, file, htpasswd, htgroup; did you mean "file"?',
      '27:5: backends.3: found "local", expected a mapping',
      expect.stringMatching(/^28:5: backends\.4\.type: missing, expected one of static-file, /),
      '29:9: policy: found a list, expected text or a mapping',
      '30:15: log.level: found "warm", expected one of debug, info, warn, error; did you mean "warn"?',
      '31:1: admin: found nothing, expected a mapping',
    ]);
  });

  it('reports missing files and variables together with other problems', async () => {
    const found = await problems(
      SMALLEST.replace('policy.yaml', 'polcy.yaml').replace('users.yaml', '.') + 'extra: 1\n',
    );

    expect(found).toEqual([
      expect.stringMatching(/^5:52: backends\.0\.file: found the folder .*, expected a file$/),
      '6:9: policy: polcy.yaml cannot be read (no such file), expected a file',
      expect.stringMatching(/^7:1: extra: unknown key/),
    ]);
  });

  it.each([
    ['', ['listen', 'publicUrl', 'services', 'policy']],
    ['[]', []],
    ['text', []],
  ])('refuses the document %j as a whole', async (content, missing) => {
    const found = await problems(content);

    expect(found.filter((line) => line.includes('missing')).map((line) => line.split(':')[2]?.trim())).toEqual(
      content === '' ? [] : missing,
    );
    expect(found[0]).toMatch(/^1:1: found (nothing|an empty list|"text"), expected a mapping$/);
  });

  it.each([['true'], [''], ['null']])(
    'says how a section is switched on with its default values, where it is written as %j',
    async (value) => {
      const found = await problems(`${SMALLEST}console: ${value}\n`);

      expect(found[0]).toMatch(
        /^7:.*: console: found (true|nothing), expected a mapping: write \{\} for the default values$/,
      );
    },
  );

  it.each([['admin: true'], ['console: text'], ['console: false']])(
    'does not advise an empty section that would not be valid, or not be meant: %s',
    async (line) => {
      const found = await problems(`${SMALLEST}${line}\n`);

      expect(found[0]).toContain('expected a mapping');
      expect(found[0]).not.toContain('{}');
    },
  );

  it('takes the addresses of the listeners from its caller, so that several brokers can have one file', async () => {
    await files.write('broker.yaml', `${SMALLEST}admin: { listen: 127.0.0.1:9 }\n`);
    const addresses = { listen: 'unix:/run/a.sock', adminListen: '127.0.0.1:15001' };

    const { config } = await loadBroker(files.path('broker.yaml'), addresses);
    const { config: unchanged } = await loadBroker(files.path('broker.yaml'), {});

    expect([config.listen, config.admin]).toEqual([
      { socket: '/run/a.sock' },
      { listen: { host: '127.0.0.1', port: 15_001 } },
    ]);
    expect(unchanged.admin).toEqual({ listen: { host: '127.0.0.1', port: 9 } });
  });

  it('checks what depends on an address with the one of its caller', async () => {
    await files.write('broker.yaml', `${SMALLEST}trustedProxies: [unix]\n`);
    const loadAt = (listen?: string) => loadBroker(files.path('broker.yaml'), { listen });

    await expect(loadAt()).rejects.toThrow('found "unix", expected it only where listen is unix:/path');
    expect((await loadAt('unix:/run/a.sock')).config.trustedProxies).toMatchObject([{ text: 'unix' }]);
  });

  it('requires a certificate for a configured key, unless tokens name the key by its id', async () => {
    const own = `${SMALLEST}keys: [{ name: own, keyFile: tls.key }]\n`;

    expect(await problems(own)).toEqual([
      '4:35: services."registry.example.com": tokens carry a certificate (x5c), but the key own has no certFile; give it one, or choose key: { header: kid }',
    ]);
    expect((await load(own.replace('com: {}', 'com: { key: { header: kid } }'))).warnings).toEqual([]);
    expect((await load(own.replace('keyFile: tls.key', 'keyFile: tls.key, certFile: tls.crt'))).warnings).toEqual([]);
  });

  it.each([
    [
      'a service that names keys by their id',
      'com: { key: { header: kid } }',
      '{}',
      /header: found "kid", expected x5c/,
    ],
    ['a lifetime that is too short', 'com: {}', '{ leafLifetime: 1h }', /leafLifetime: .*a duration from 4h to 90d/],
    ['a key without its certificate', 'com: {}', '{ keyFile: tls.key }', /certFile: .*keyFile and certFile together/],
    ['a certificate without its key', 'com: {}', '{ certFile: tls.crt }', /keyFile: .*keyFile and certFile together/],
    [
      'files of the key itself',
      'com: {}',
      '{}, keyFile: tls.key, certFile: tls.crt',
      /keyFile: .*expected without authority/,
    ],
  ])('refuses an authority with %s', async (_what, service, authority, problem) => {
    const content = `${SMALLEST}keys: [{ name: own, authority: ${authority} }]\n`.replace('com: {}', service);

    expect(await problems(content)).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    ['no certificate', 'keyFile: tls.key, caFile: tls.crt', /caFile: .*expected only with keyFile and certFile/],
    [
      'an authority that makes the keys',
      'keyFile: tls.key, certFile: tls.crt, caFile: tls.crt, authority: {}',
      /keyFile: .*expected without authority/,
    ],
  ])('refuses a caFile with %s', async (_what, own, problem) => {
    const content = `${SMALLEST}keys: [{ name: own, ${own} }]\n`;

    expect((await problems(content)).join('\n')).toMatch(problem);
  });

  it('refuses a caFile where tokens name the key by its id, which changes with each certificate', async () => {
    const own = 'keyFile: tls.key, certFile: tls.crt, caFile: tls.crt';
    const content = `${SMALLEST}keys: [{ name: own, ${own} }]\n`;

    expect((await load(content)).warnings).toEqual([]);
    expect(await problems(content.replace('com: {}', 'com: { key: { header: kid } }'))).toEqual([
      expect.stringMatching(/header: found "kid", expected x5c: the key own has an authority/),
    ]);
  });

  it('gives an authority the lifetime of a week, and takes its files', async () => {
    const keysOf = async (authority: string) =>
      (await load(`${SMALLEST}keys: [{ name: own, authority: ${authority} }]\n`)).config.keys;

    expect(await keysOf('{}')).toEqual([{ name: 'own', algorithm: 'ES256', authority: { leafLifetime: 604_800 } }]);
    expect(await keysOf('{ keyFile: tls.key, certFile: tls.crt }')).toMatchObject([
      { authority: { keyFile: { path: files.path('tls.key') }, certFile: { path: files.path('tls.crt') } } },
    ]);
  });

  it('lists the configured keys when a service names another', async () => {
    const own = (name: string) => SMALLEST.replace('com: {}', `com: { signingKey: ${name} }`);

    expect(await problems(own('defualt'))).toEqual([
      '4:49: services."registry.example.com".signingKey: found "defualt", expected the name of one of the keys (default); did you mean "default"?',
    ]);
    expect((await load(own('default'))).config.services['registry.example.com']?.signingKey).toBe('default');
  });

  it('requires at least one service', async () => {
    expect(await problems(SMALLEST.replace('{ registry.example.com: {} }', '{}'))).toEqual([
      '4:11: services: expected at least one service',
    ]);
  });

  it('warns when a wrong password that a client repeats would count several times', async () => {
    const shielded = async (shield: string) => (await load(`${SMALLEST}shield: ${shield}\n`)).warnings;

    expect(await shielded("{ rememberWrong: '1m' }")).toEqual([
      expect.stringMatching(/:7:9: shield: rememberWrong is/),
    ]);
    expect(await shielded("{ rememberWrong: '1m', wrongPasswords: { window: '1m' } }")).toEqual([]);
    expect(await shielded("{ rememberWrong: '1m', wrongPasswords: { max: 0 } }")).toEqual([]);
  });

  it('warns about a backend that accepts every user, unless it is the last one', async () => {
    const sso = '{ name: sso, type: oidc-password, issuer: https://id.example.com, client: { id: a } }';
    const local = '{ name: local, type: static-file, file: users.yaml }';
    const chained = (first: string, second: string) =>
      load(SMALLEST.replace(/backends:.*/, `backends: [${first}, ${second}]`));

    expect((await chained(local, sso)).warnings).toEqual([]);
    expect((await chained(sso.replace(' }', " }, usernames: ['*@corp']"), local)).warnings).toEqual([]);
    const template = "users: { template: 'uid={login},dc=a,dc=b' }";
    const direct = `{ name: direct, type: ldap, urls: [ldap://localhost], ${template} }`;
    expect((await chained(direct, local)).warnings).toEqual([
      expect.stringMatching(/so local after it is never asked/),
    ]);
    expect((await chained(direct.replace(/users: .*/, "users: { base: 'dc=a,dc=b' } }"), local)).warnings).toEqual([]);
    expect((await chained(sso, local)).warnings).toEqual([
      expect.stringMatching(/broker\.yaml:5:12: backends\.0: cannot distinguish .*, so local after it is never asked/),
    ]);
  });

  it.each([
    [
      'a service name with a space',
      'registry.example.com: {}',
      '"Docker registry": {}',
      /services\."Docker registry": the name has a space/,
    ],
    [
      'a listener that others reach without TLS',
      '127.0.0.1:0',
      '0.0.0.0:5001',
      /:2:9: listen: passwords arrive without TLS/,
    ],
    [
      'http to another machine',
      'http://localhost:5001',
      'http://auth.example.com',
      /:3:12: publicUrl: begins with http: clients send/,
    ],
    [
      'the address of the token endpoint as publicUrl',
      'http://localhost:5001',
      'http://localhost:5001/token',
      /:3:12: publicUrl: ends with \/token, which the realm gets in addition/,
    ],
    ['no backends', /backends:.*/, 'backends: []', /nobody can log in: everybody is anonymous/],
    [
      'proxies anywhere',
      'policy:',
      'trustedProxies: [0.0.0.0/0]\npolicy:',
      /believes the reported client address of everybody/,
    ],
    [
      'http with TLS',
      'policy:',
      'tls: { certFile: tls.crt, keyFile: tls.key }\npolicy:',
      /begins with http, but tls is/,
    ],
  ])('loads with %s, and warns', async (_what, from, to, warning) => {
    const { warnings } = await load(SMALLEST.replace(from, to));

    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('does not warn about a public listener with TLS, or a socket file', async () => {
    const tls = SMALLEST.replace('127.0.0.1:0', '"[::]:5001"').replace('http:', 'https:');

    expect((await load(`${tls}tls: { certFile: tls.crt, keyFile: tls.key }\n`)).warnings).toEqual([]);
    expect((await load(SMALLEST.replace('127.0.0.1:0', 'unix:a.sock'))).warnings).toEqual([]);
  });

  it('says that a DN in braces needs quotes', async () => {
    const ldap = 'name: corp, type: ldap, preset: openldap, urls: [ldaps://localhost], users: { base: ou=people,dc=x }';

    expect(await problems(SMALLEST.replace(/backends:.*/, `backends: [{ ${ldap} }]`))).toContainEqual(
      expect.stringMatching(/users\."dc=x": unknown key, expected .*; text with a comma needs quotes in \{ \}$/),
    );
  });

  it('refuses an empty file of a secret, and leaves an empty private key to its reader', async () => {
    await files.write('sso.secret', '');
    const broker = `${SMALLEST.replace(/backends:.*/, BACKEND_WITH_SECRET)}tls: { certFile: tls.crt, keyFile: tls.key }\n`;

    expect(await problems(broker)).toEqual([
      expect.stringMatching(/^5:\d+: backends\.0\.client\.secret\.file: .*sso\.secret is empty, expected a secret$/),
    ]);

    await files.write('sso.secret', 's');
    expect((await load(broker)).config.backends).toHaveLength(1);
  });

  it('refuses to trust peers on a socket file if there is none', async () => {
    const believing = SMALLEST.replace('policy:', 'trustedProxies: [unix]\npolicy:');

    const { config } = await load(believing.replace('127.0.0.1:0', 'unix:a.sock'));
    const found = await problems(believing);

    expect(config.trustedProxies).toEqual([{ kind: 'socket', text: 'unix' }]);
    expect(found).toEqual(['6:18: trustedProxies.0: found "unix", expected it only where listen is unix:/path']);
  });

  it('refuses the PROXY protocol with TLS on a Unix socket, where no request would have the address of its client', async () => {
    const tcp = `${SMALLEST}clientAddress: proxy-protocol\ntls: { certFile: tls.crt, keyFile: tls.key }\n`;
    const unix = tcp.replace('127.0.0.1:0', 'unix:a.sock');

    expect(await problems(unix)).toEqual([
      expect.stringContaining(
        'clientAddress: found proxy-protocol, expected it with tls only where listen is HOST:PORT',
      ),
    ]);
    // The controls: each without one of the three.
    expect((await load(tcp)).config.clientAddress).toBe('proxy-protocol');
    expect((await load(unix.replace(/^tls.*\n/m, ''))).config.clientAddress).toBe('proxy-protocol');
    expect((await load(unix.replace('proxy-protocol', 'forwarded'))).config.clientAddress).toBe('forwarded');
  });

  it.each([
    ['in the place of a reference', 'client: { id: a, secret: SECRET }'],
    ['as a key in that place', 'client: { id: a, secret: { SECRET } }'],
    ['next to a reference', 'client: { id: a, secret: { env: PATH, SECRET: 1 } }'],
    ['as the value of a wrong key', 'client: { id: a, password: SECRET }'],
    ['as a list', 'client: { id: a, secret: [SECRET] }'],
    ['after a star', 'client: { id: a, secret: *SECRET }'],
    ['after an exclamation mark', 'client: { id: a, secret: !SECRET x }'],
    ['with a colon', 'client: { id: a, secret: SECRET: }'],
    ['in quotes that do not end', 'client: { id: a, secret: "SECRET }'],
    ['in a URL', 'client: { id: a }, caFile: "https://u:SECRET@h/"'],
  ])('never quotes a secret that is written inline %s', async (_how, text) => {
    const content = SMALLEST.replace(
      /backends:.*/,
      `backends: [{ name: sso, type: oidc-password, issuer: https://i, ${text} }]`,
    );

    await assert(
      asyncProperty(stringMatching(/^[a-z][a-z0-9]{11,20}$/), async (secret) => {
        const found = await problems(content.replace('SECRET', secret));

        expect(found.length).toBeGreaterThan(0);
        expect(found.join('\n')).not.toContain(secret);
      }),
      { numRuns: 10 },
    );
  });

  it('says how to write a secret', async () => {
    const sso = 'name: sso, type: oidc-password, issuer: https://id.example.com, client: { id: a, secret: hunter2 }';

    expect(await problems(SMALLEST.replace(/backends:.*/, `backends: [{ ${sso} }]`))).toEqual([
      '5:103: backends.0.client.secret: found text, expected { env: NAME } or { file: PATH }: a secret is never written inline',
    ]);
  });

  it('refuses a file of more than 1 MiB', async () => {
    expect(await problems(`# ${'x'.repeat(1024 * 1024)}\n${SMALLEST}`)).toEqual([
      expect.stringMatching(/found 10\d+ bytes, expected 1048576 at most$/),
    ]);
  });
});

describe('clientAddress', () => {
  it('is X-Forwarded-For when it is not configured', async () => {
    expect((await load(SMALLEST)).config.clientAddress).toBe('x-forwarded-for');
  });

  it('has a warning without trustedProxies, and none with them', async () => {
    const warnings = async (more: string) => (await load(`${SMALLEST}clientAddress: x-real-ip\n${more}`)).warnings;

    expect(await warnings('')).toEqual([expect.stringContaining('has no effect without trustedProxies')]);
    expect(await warnings('trustedProxies: [10.0.0.1]\n')).toEqual([]);
  });
});

describe('cors', () => {
  it.each(["['https://ui.example.com', 'http://localhost:8080']", "['*']"])(
    'accepts the origins %s',
    async (origins) => {
      const { config } = await load(`${SMALLEST}cors: { origins: ${origins} }\n`);

      expect(config.cors?.origins).not.toEqual([]);
    },
  );

  it.each([
    ["['https://ui.example.com/']", 'did you mean "https://ui.example.com"?'],
    ["['https://ui.example.com/app']", 'did you mean "https://ui.example.com"?'],
    ["['https://UI.example.com']", 'did you mean "https://ui.example.com"?'],
    ["['ui.example.com']", 'expected an origin'],
    ["['null']", 'expected an origin'],
    ["['*', 'https://ui.example.com']", 'expected it alone'],
    ['[]', 'cors.origins'],
  ])('refuses the origins %s', async (origins, message) => {
    expect(await problems(`${SMALLEST}cors: { origins: ${origins} }\n`)).toEqual([expect.stringContaining(message)]);
  });
});
