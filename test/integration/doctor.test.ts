/** What the doctor says of real registries that are set up wrongly, one fault at a time. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examine } from '../../src/app/doctor/examine.ts';
import type { DoctorFinding } from '../../src/app/doctor/finding.ts';
import { loadBroker } from '../../src/config/load.ts';
import type { BrokerConfig } from '../../src/config/broker-schema.ts';
import { certificateBundle, jwks, readKeys } from '../../src/platform/signing/keyset.ts';
import { makeKey } from '../../src/platform/signing/keygen.ts';
import { startBroker } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { realClock } from '../support/fakes.ts';
import {
  BUILD_TIMEOUT,
  buildDistribution3,
  canBuildDistribution3,
  startDistribution3,
} from '../support/distribution3.ts';
import { findPart } from '../support/parts.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import type { Registry, RegistryOptions, RegistryTrust } from '../support/registry.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';

const SERVICE = 'registry.example.com';

const CURES: Readonly<Record<string, RegExp>> = {
  registry: /: check the address, and http or https/,
  challenge: /: add the block that `fairlead registry-config` prints/,
  realm: /: set realm to http:\/\/localhost:\d+\/token in the registry, or publicUrl in broker\.yaml/,
  service: /: add it under services in broker\.yaml, or set service in the registry to one of: registry\.example\.com$/,
  issuer: /: set issuer to fairlead in the registry, or tokens\.issuer in broker\.yaml$/,
  trust: /: give it the block that `fairlead registry-config` prints, with this broker's certificate/,
  kid: /: set services\."registry\.example\.com"\.key\.header to x5c in broker\.yaml$/,
  chain: /: set services\."registry\.example\.com"\.key\.header to kid in broker\.yaml$/,
  clock: /: synchronize (?:both clocks|the clocks of registry and broker) with NTP/,
  bearer: /: configure the proxy before the registry to pass the Authorization header/,
};

const REGISTRIES: Readonly<
  Record<string, { readonly isHere: () => boolean; readonly start: (options: RegistryOptions) => Promise<Registry> }>
> = {
  'distribution 2.8': { isHere: () => findPart(DOCKER_REGISTRY) !== undefined, start: startRegistry },
  'distribution 3.1': { isHere: canBuildDistribution3, start: startDistribution3 },
};

describe.each(Object.entries(REGISTRIES))('the doctor and %s', (name, { isHere, start }) => {
  describe.skipIf(!isHere())('(if it is installed)', () => {
    const resources = new AsyncDisposableStack();
    let broker: Broker;
    let config: BrokerConfig;
    let good: RegistryTrust;
    let folder: string;

    beforeAll(async () => {
      if (name === 'distribution 3.1') await buildDistribution3();
      folder = await mkdtemp(join(tmpdir(), 'fairlead-doctor-'));
      resources.defer(() => rm(folder, { recursive: true, force: true }));
      broker = resources.use(
        await startBroker({
          config: { services: { [SERVICE]: { anonymous: 'allow' } }, policy: 'policy.yaml' },
          files: { 'policy.yaml': TEAM_POLICY },
        }),
      );
      ({ config } = await loadBroker(join(broker.folder, 'broker.yaml')));
      good = { realm: broker.realm, service: SERVICE, issuer: 'fairlead', rootCertBundle: broker.certificate };
    }, BUILD_TIMEOUT);
    afterAll(() => resources.disposeAsync());

    async function findings(
      trust: RegistryTrust | undefined,
      own = config,
      shift = 0,
    ): Promise<readonly DoctorFinding[]> {
      await using registry = await start({ trust });
      const keyset = await readKeys(own.keys, own.stateDir);
      const clock = { ...realClock, now: () => realClock.now() + shift };
      return await examine({ registry: registry.url, config: own, keyset, announced: [], clock });
    }

    /** What is wrong, each with the cure for just that. */
    function wrong(all: readonly DoctorFinding[]): readonly string[] {
      const found = all.filter(({ ok }) => !ok);
      for (const { about, cure } of found) expect(`${about}: ${cure}`).toMatch(CURES[about] ?? /^no cure is known$/);
      return found.map(({ about }) => about);
    }

    const withHeader = (header: string): BrokerConfig => {
      const service = {
        ...config.services[SERVICE],
        anonymous: 'allow',
        key: { header },
      } as BrokerConfig['services'][string];
      return { ...config, services: { [SERVICE]: service } };
    };

    it('finds nothing wrong with a correct setup', async () => {
      const all = await findings(good);

      expect(all.map(({ about, ok }) => `${about} ${ok}`)).toEqual(
        ['registry', 'challenge', 'realm', 'login', 'service', 'clock', 'token'].map((about) => `${about} true`),
      );
    });

    it.each<[string, () => Partial<RegistryTrust>, string, RegExp]>([
      ['realm', () => ({ realm: 'http://localhost:1/auth' }), 'realm', /which is not this broker/],
      ['issuer', () => ({ issuer: 'Acme auth server' }), 'issuer', /expects the issuer "Acme auth server"/],
    ])('finds another %s', async (_what, change, about, text) => {
      const all = await findings({ ...good, ...change() });

      expect(wrong(all)).toEqual([about]);
      expect(all.find(({ ok }) => !ok)?.text).toMatch(text);
    });

    it('finds a service that is not configured (the audience of tokens)', async () => {
      expect(wrong(await findings({ ...good, service: 'other.example.com' }))).toEqual(['service']);
    });

    it('finds a registry that trusts another certificate', async () => {
      const rootCertBundle = join(folder, 'other.crt');
      await writeFile(rootCertBundle, (await makeKey('ES256', 'other')).certificate);

      expect(wrong(await findings({ ...good, rootCertBundle }))).toEqual(['trust']);
    });

    it('finds a key id of the wrong kind', async () => {
      const header = name === 'distribution 2.8' ? 'kid-rfc7638' : 'kid';

      expect(wrong(await findings(good, withHeader(header)))).toEqual(['kid']);
      expect(wrong(await findings(good, withHeader('x5c')))).toEqual([]);
    });

    // distribution 2.8 takes certificates only, so it cannot be set up without one.
    if (name === 'distribution 3.1') {
      it('finds a registry that has the key set and no certificate (the chain)', async () => {
        const file = join(folder, 'jwks.json');
        await writeFile(file, jwks(await readKeys(config.keys, config.stateDir)));
        const { realm, service, issuer } = good;
        const trust = { realm, service, issuer, jwks: file };

        expect(wrong(await findings(trust))).toEqual(['chain']);
        expect(wrong(await findings(trust, withHeader('kid')))).toEqual([]);
      });
    }

    it.each([-3600, 3600])('finds a clock difference of %i s', async (shift) => {
      expect(wrong(await findings(good, config, shift))).toEqual(['clock', 'clock']);
    });

    it('finds a registry that does not ask for a token', async () => {
      expect(wrong(await findings(undefined))).toEqual(['challenge']);
    });

    it('finds a proxy that drops the token', async () => {
      await using registry = await start({ trust: good });
      await using proxy = await dropAuthorization(registry.url);
      const keyset = await readKeys(config.keys, config.stateDir);

      expect(wrong(await examine({ registry: proxy.url, config, keyset, announced: [], clock: realClock }))).toEqual([
        'bearer',
      ]);
    });

    it('finds a registry that does not answer', async () => {
      const keyset = await readKeys(config.keys, config.stateDir);

      expect(
        wrong(await examine({ registry: 'http://127.0.0.1:1', config, keyset, announced: [], clock: realClock })),
      ).toEqual(['registry']);
    });

    it('accepts tokens with the certificate bundle of the broker', async () => {
      const rootCertBundle = join(folder, 'bundle.crt');
      await writeFile(rootCertBundle, certificateBundle(await readKeys(config.keys, config.stateDir)));

      expect(wrong(await findings({ ...good, rootCertBundle }))).toEqual([]);
    });
  });
});

/** Passes requests on without the header, as a proxy does that authenticates by itself. */
async function dropAuthorization(target: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void (async () => {
      const answer = await fetch(target + (request.url ?? '/'));
      const challenge = answer.headers.get('www-authenticate');
      response.writeHead(answer.status, challenge === null ? {} : { 'www-authenticate': challenge });
      response.end(await answer.text());
    })();
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
