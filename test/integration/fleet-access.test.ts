/** How brokers connect to their store: with least rights, by TLS with a client certificate, and through Sentinel. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aclCommand } from '../../src/platform/valkey/acl.ts';
import { openClient } from '../../src/platform/valkey/client.ts';
import type { ValkeyAddress } from '../../src/platform/valkey/client.ts';
import { inspectStore } from '../../src/platform/valkey/inspect.ts';
import { authenticated, fakeBackend, REFUSED } from '../support/fake-backend.ts';
import { openMember } from '../support/fleet-member.ts';
import type { TestMember } from '../support/fleet-member.ts';
import { freePort } from '../support/free-port.ts';
import { createLoopbackCertificate, OPENSSL } from '../support/loopback-certificate.ts';
import { findPart } from '../support/parts.ts';
import { logInThrough, word } from '../support/shielded.ts';
import { BUSY, openConnected, REDIS, SENTINEL, startSentinels, startStore } from '../support/valkey.ts';
import type { Store } from '../support/valkey.ts';
import { waitFor } from '../support/wait.ts';

const program = findPart(REDIS);
const sentinel = findPart(SENTINEL);

describe.skipIf(program === undefined || sentinel === undefined || findPart(OPENSSL) === undefined)(
  'brokers at their store',
  () => {
    let resources: AsyncDisposableStack;
    beforeEach(() => {
      resources = new AsyncDisposableStack();
    });
    afterEach(() => resources.disposeAsync());

    const startRedis = async (config: readonly string[] = [], port?: number): Promise<Store> =>
      resources.use(await startStore(program ?? '', { config, ...(port === undefined ? {} : { port }) }));

    /** Works through all that brokers ask of the store. */
    async function useAll(address: ValkeyAddress): Promise<TestMember> {
      const first = resources.use(await openMember({ address, patience: BUSY }));
      const second = resources.use(await openMember({ address, patience: BUSY }));
      const backend = fakeBackend(authenticated('alice'));
      await logInThrough(first.shield, backend.chained.authenticator, { password: 'correct' });
      await logInThrough(second.shield, backend.chained.authenticator, { password: 'correct' });
      await logInThrough(first.shield, fakeBackend(REFUSED).chained.authenticator, { password: 'wrong' });
      expect(backend.seen).toHaveLength(1);
      await waitFor('both to see each other', () => first.shared.state().brokers === 2);
      await second.shield.flush();
      expect(await second.shared.fleet.reach()).toMatchObject({ missed: [] });
      expect([first, second].map(({ shared }) => shared.state().failures)).toEqual([0, 0]);
      return first;
    }

    async function withLeastRights(): Promise<Store> {
      const store = await startRedis();
      const [, ...command] = aclCommand('fairlead').replace('PASSWORD', 'store-password-1').split(' ');
      await store.call('ACL', ...command);
      return store;
    }

    const loginOf = (password: string): Pick<ValkeyAddress, 'username' | 'readPassword'> => ({
      username: 'fairlead',
      readPassword: async () => password,
    });

    it('need no more rights than those that are printed', async () => {
      const store = await withLeastRights();
      const address = { ...store.address, ...loginOf('store-password-1') };

      await useAll(address);

      await using client = await openConnected(address);
      for (const [name = '', ...args] of [
        ['KEYS', '*'],
        ['FLUSHALL'],
        ['CONFIG', 'GET', '*'],
        ['GET', 'foreign'],
        ['EVAL', "return redis.call('get', 'foreign')", '0'],
        ['PUBLISH', 'foreign', ''],
      ]) {
        await expect(client.call(name, ...args)).rejects.toThrow(/NOPERM|can't access|can't run|ACL failure/);
      }
      const steps = await inspectStore(client, false);
      expect(steps.filter(({ ok }) => !ok)).toEqual([]);
      expect(steps.map(({ text }) => text)).toContain('the user of the store has the least rights');
    });

    it('report a right that is missing, and rights that they do not need', async () => {
      const store = await withLeastRights();
      await store.call('ACL', 'SETUSER', 'fairlead', '-zadd', '-pexpire');
      await using client = await openConnected({ ...store.address, ...loginOf('store-password-1') });
      await using free = await openConnected(store.address);

      const missing = (await inspectStore(client, true)).filter(({ ok }) => !ok);
      const warnings = (await inspectStore(free, false)).filter(({ isWarning }) => isWarning === true);

      expect(missing).toMatchObject([
        { text: expect.stringMatching(/may not use zadd, pexpire; `fairlead fleet acl`/) },
      ]);
      expect(warnings.map(({ text }) => text)).toEqual([
        expect.stringMatching(/^maxmemory is not set/),
        expect.stringMatching(/may do more than a broker needs/),
        expect.stringMatching(/is not encrypted/),
      ]);
    });

    it('use the address that is a primary, where they have several', async () => {
      const primary = await startRedis();
      const replica = await startRedis([`replicaof 127.0.0.1 ${primary.port}`]);
      const addresses = [...replica.address.addresses, ...primary.address.addresses];
      const { shared } = resources.use(await openMember({ address: { addresses, tls: {} } }));

      await waitFor('the broker to be in the list of the primary', async () =>
        /:1/.test(`:${String(await primary.call('HLEN', 'fl:brokers'))}`),
      );
      await waitFor('the store to be used', () => shared.state().down === undefined);
      expect(shared.state().brokers).toBe(1);
    });

    it('read a changed password at the next connection', async () => {
      const store = await withLeastRights();
      let password = 'store-password-1';
      const address = { ...store.address, username: 'fairlead', readPassword: async () => password };
      const { shared } = resources.use(await openMember({ address }));
      expect(shared.state().down).toBeUndefined();

      await store.call('ACL', 'SETUSER', 'fairlead', 'resetpass', '>store-password-2');
      await store.call('CLIENT', 'KILL', 'USER', 'fairlead');
      await waitFor('the outage to be noticed', () => shared.state().down !== undefined);
      password = 'store-password-2';

      await waitFor('the store to be used', () => shared.state().down === undefined);
    });

    it('accept only a store that their authority certifies, and show it their own certificate', async () => {
      const certificate = resources.use(await createLoopbackCertificate());
      const other = resources.use(await createLoopbackCertificate());
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-store-tls-'));
      resources.defer(() => rm(folder, { recursive: true }));
      await writeFile(join(folder, 'cert.pem'), certificate.cert);
      await writeFile(join(folder, 'key.pem'), certificate.key);
      const port = await freePort();
      await startRedis(
        [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${join(folder, 'cert.pem')}`,
          `tls-key-file ${join(folder, 'key.pem')}`,
          `tls-ca-cert-file ${certificate.caFile}`,
          'tls-auth-clients yes',
        ],
        port,
      );
      const read = (path: string): Promise<string> => readFile(path, 'utf8');
      const [ca, cert, key] = await Promise.all(
        [certificate.caFile, certificate.clientCertFile, certificate.clientKeyFile].map(read),
      );
      const addresses = [{ host: '127.0.0.1', port, isTls: true, database: 0 }];
      const own = { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
      const problemWith = async (tls: ValkeyAddress['tls']): Promise<string | undefined> => {
        await using client = await openClient({ addresses, tls });
        const problem = await client.connected(1000);
        return problem;
      };

      await useAll({ addresses, tls: own });

      expect(await problemWith(own)).toBeUndefined();
      expect(await problemWith({ ca: own.ca })).toBeDefined();
      expect(await problemWith({ ...own, ca: await read(other.caFile) })).toMatch(/certificate/);
    });

    it('go on through a failover of Sentinel, with all logins that are cached', async () => {
      const primary = await startRedis(['repl-diskless-sync-delay 0']);
      const replica = await startRedis([`replicaof 127.0.0.1 ${primary.port}`]);
      const { address } = resources.use(await startSentinels(sentinel ?? '', primary, 1));
      const settings = { maxWrongPerAccount: 4 };
      const brokers = [
        resources.use(await openMember({ address, settings })),
        resources.use(await openMember({ address, settings })),
      ];
      const backend = fakeBackend(authenticated('alice'));
      const refused = fakeBackend(REFUSED);
      const logIn = async (n: number): Promise<string> => {
        const shield = brokers[n % 2]?.shield;
        if (shield === undefined) throw new Error('there is no broker');
        return word(await logInThrough(shield, backend.chained.authenticator, { password: 'correct' }));
      };
      await waitFor('all brokers to see each other', () => brokers.every(({ shared }) => shared.state().brokers === 2));
      const words = [await logIn(0), await logIn(1)];
      await waitFor(
        'the replica to have all',
        async () => (await replica.call('DBSIZE')) === (await primary.call('DBSIZE')),
      );

      await primary.stop();
      await waitFor('the outage to be noticed', () => brokers.every(({ shared }) => shared.state().down !== undefined));
      await waitFor('the new primary to be used', async () => {
        for (const n of [0, 1]) words.push(await logIn(n));
        return brokers.every(({ shared }) => shared.state().down === undefined);
      });
      for (let n = 0; n < 12; n += 1) {
        const shield = brokers[n % 2]?.shield;
        const guess = { username: 'bob', password: `guess-${n}`, client: `198.${n}.100.1` };
        if (shield !== undefined) await logInThrough(shield, refused.chained.authenticator, guess);
      }

      expect(String(await replica.call('INFO', 'replication'))).toContain('role:master');
      expect(new Set(words)).toEqual(new Set(['authenticated']));
      expect(backend.seen).toHaveLength(1);
      expect(refused.seen).toHaveLength(3);
    });
  },
);
