import { Resolver } from 'node:dns/promises';
import { expect, it } from 'vitest';
import { deadlineIn } from '../../../../../src/core/deadline.ts';
import { createServiceRecords } from '../../../../../src/backends/ldap/servers/service-records.ts';
import type { ResolveSrv, ServiceRecordsDeps } from '../../../../../src/backends/ldap/servers/service-records.ts';
import { fixedClock, realClock, recordingLog } from '../../../../support/fakes.ts';
import { startNameServer } from '../../../../support/name-server.ts';
import { waitFor } from '../../../../support/wait.ts';

const soon = (milliseconds = 5000) => deadlineIn(realClock, milliseconds);
const record = (name: string, priority = 0, weight = 0, port = 389) => ({ name, priority, weight, port });

function setUp(resolve: ResolveSrv, given: Partial<ServiceRecordsDeps> = {}) {
  const [clock, log] = [fixedClock(), recordingLog()];
  const asked: string[] = [];
  const servers = createServiceRecords({
    backend: 'corp',
    domain: 'corp.example',
    mode: 'starttls',
    hasServerName: false,
    clock,
    log,
    resolve: async (name) => {
      asked.push(name);
      return resolve(name);
    },
    ...given,
  });
  return { clock, log, asked, urls: async (ms?: number) => (await servers(soon(ms))).map(({ url }) => url) };
}

it('gives the servers of a domain in the order of their priority', async () => {
  const { asked, urls } = setUp(async () => [record('dc2.corp.example', 20), record('DC1.corp.example.', 10, 5, 3389)]);

  expect(await urls()).toEqual(['ldap://dc1.corp.example:3389', 'ldap://dc2.corp.example:389']);
  expect(asked).toEqual(['_ldap._tcp.corp.example']);
});

it('orders servers of one priority at random, by their weight', async () => {
  const firsts = new Map<string, number>();
  for (let round = 0; round < 400; round += 1) {
    const { urls } = setUp(async () => [record('heavy.corp.example', 0, 90), record('light.corp.example', 0, 10)]);
    const [first = ''] = await urls();
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }

  expect(firsts.get('ldap://heavy.corp.example:389')).toBeGreaterThan(300);
  expect(firsts.get('ldap://light.corp.example:389')).toBeGreaterThan(5);
});

it('uses port 636 with ldaps, because the records have the port of ldap', async () => {
  const { urls } = setUp(async () => [record('dc1.corp.example')], { mode: 'ldaps' });

  expect(await urls()).toEqual(['ldaps://dc1.corp.example:636']);
});

it('ignores a server of another domain, unless a server name is configured', async () => {
  const foreign = async () => [record('dc1.corp.example'), record('dc1.evil.example'), record('evilcorp.example')];
  const strict = setUp(foreign);
  const named = setUp(foreign, { hasServerName: true });

  expect(await strict.urls()).toEqual(['ldap://dc1.corp.example:389']);
  expect(strict.log.lines).toHaveLength(2);
  expect(await named.urls()).toHaveLength(3);
});

it('gives the servers of the site before those of all sites, each once', async () => {
  const { asked, urls } = setUp(
    async (name) =>
      name === '_ldap._tcp.Berlin._sites.corp.example'
        ? [record('dc3.corp.example', 5)]
        : [record('dc1.corp.example'), record('dc3.corp.example', 1)],
    { site: 'Berlin' },
  );

  expect(await urls()).toEqual(['ldap://dc3.corp.example:389', 'ldap://dc1.corp.example:389']);
  expect(asked.toSorted()).toEqual(['_ldap._tcp.Berlin._sites.corp.example', '_ldap._tcp.corp.example']);
});

it.each([
  ['has no records', () => Promise.reject(new Error('ENOTFOUND'))],
  ['names only servers of another domain', async () => [record('dc1.evil.example')]],
])('uses the servers of all sites when the site %s, and logs it', async (_what, ofSite) => {
  const { log, urls } = setUp(async (name) => (name.includes('._sites.') ? ofSite() : [record('dc1.corp.example')]), {
    site: 'Berln',
  });

  expect(await urls()).toEqual(['ldap://dc1.corp.example:389']);
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { backend: 'corp' } }]);
});

it('fails without the records of the domain, although the site has some', async () => {
  const { urls } = setUp(
    async (name) => {
      if (!name.includes('._sites.')) throw new Error('ENOTFOUND');
      return [record('dc3.corp.example')];
    },
    { site: 'Berlin' },
  );

  await expect(urls()).rejects.toThrow('_ldap._tcp.corp.example: DNS names no server');
});

it('asks a real name server for the records of the site', async () => {
  await using server = await startNameServer({
    '_ldap._tcp.berlin._sites.corp.example': { host: 'dc3.corp.example', port: 3890 },
    '_ldap._tcp.corp.example': { host: 'dc1.corp.example', port: 389 },
  });
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([server.address]);
  const { urls } = setUp((name) => resolver.resolveSrv(name), { site: 'berlin' });

  expect(await urls()).toEqual(['ldap://dc3.corp.example:3890', 'ldap://dc1.corp.example:389']);
  expect(server.names().toSorted()).toEqual(['_ldap._tcp.berlin._sites.corp.example', '_ldap._tcp.corp.example']);
});

it('looks up the records again after five minutes, and keeps the known servers when DNS fails', async () => {
  let answer: ResolveSrv = async () => [record('dc1.corp.example')];
  const { asked, clock, log, urls } = setUp((name) => answer(name));
  await urls();
  await urls();
  const before = asked.length;

  answer = () => Promise.reject(new Error('SERVFAIL'));
  clock.advance(301);
  const kept = await urls();
  await waitFor('the failure', () => log.lines.length === 1);
  answer = async () => [record('dc2.corp.example')];
  clock.advance(3);
  await waitFor('the new server', async () => (await urls()).join(' ') === 'ldap://dc2.corp.example:389');

  expect(before).toBe(1);
  expect(kept).toEqual(['ldap://dc1.corp.example:389']);
  expect(log.lines).toMatchObject([{ level: 'warn' }]);
});

it.each<[string, ResolveSrv]>([
  ['fails', () => Promise.reject(new Error('ENOTFOUND'))],
  ['names no server', async () => []],
  ['never answers', () => new Promise(() => undefined)],
])('fails as unreachable when DNS %s', async (_what, resolve) => {
  const { urls } = setUp(resolve);

  await expect(urls(50)).rejects.toMatchObject({ kind: 'unreachable' });
});
