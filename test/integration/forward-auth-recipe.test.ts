/** The recipe for registries behind a proxy: its blocks, with real registries and proxies. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { proxyBlock } from '../../src/core/proxy-config/index.ts';
import type { ProxyFacts, ProxySite } from '../../src/core/proxy-config/site.ts';
import { REGISTRY_PROXIES } from '../../src/core/registry-proxy.ts';
import type { RegistryProxy } from '../../src/core/registry-proxy.ts';
import { openForwardAuthWorld } from '../support/forward-auth-world.ts';
import type { ForwardAuthOptions, ForwardAuthWorld } from '../support/forward-auth-world.ts';
import { canRunProxy, checkForwardBlock, DOWNLOAD_TIMEOUT } from '../support/forward-proxy.ts';
import { writeImage } from '../support/image.ts';
import { findPart } from '../support/parts.ts';
import { run, runOk } from '../support/process.ts';
import { openRecipeRegistry } from '../support/recipe-registry.ts';
import { readRecipe, recipeTexts } from '../support/recipes.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { SKOPEO, skopeoPush } from '../support/skopeo.ts';
import { SLAPD } from '../support/slapd.ts';

const RECIPE = 'forward-auth';
const HTPASSWD = { program: 'htpasswd', debian: 'apache2-utils' };
const isMissing = [DOCKER_REGISTRY, SLAPD, HTPASSWD].some((part) => findPart(part) === undefined);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-recipe-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The service of the recipe. */
function serviceIn(title: string): Pick<ForwardAuthOptions, 'service' | 'settings'> {
  const { services } = parse(recipeTexts(RECIPE, title)[0]) as {
    readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const service = services['registry.example.com'] ?? {};
  const { proxy: _, ...settings } = service['forwardAuth'] as Readonly<Record<string, unknown>>;
  return { service, settings };
}

/** The row of the recipe that puts the credentials of the proxy in place of those of the client. */
async function credentialsRow(proxy: RegistryProxy): Promise<(block: string) => string> {
  const rows = (await readRecipe(RECIPE)).matchAll(/^\| `(\w+)` \| `([^`]+)` \| `([^`]+CREDENTIALS[^`]+)` \|$/gm);
  const [, , from = '', to = ''] = [...rows].find(([, name]) => name === proxy) ?? [];
  const [, , encode = ''] = recipeTexts(RECIPE, 'sh')[1]?.split('\n') ?? [];
  const credentials = await runOk('sh', ['-c', encode], { env: { ...process.env, PASSWORD } });
  return (block) => {
    expect(block.split(from)).toHaveLength(2);
    return block.replace(from, to.replace('CREDENTIALS', credentials));
  };
}

const PASSWORD = 'of-the-proxy-alone-77';

/** The status of a request for this repository, with a token for it. */
async function statusOf(world: ForwardAuthWorld, method: string, target: string, scope: string): Promise<number> {
  return (await world.ask({ method, target, headers: await world.bearer(scope, world.people.alice) })).status;
}

describe.skipIf(isMissing)('the recipe for a registry behind a proxy', () => {
  it.each(REGISTRY_PROXIES.filter(canRunProxy))(
    'lets %s log in to a registry with htpasswd, with HTTPS and the tokens at one host',
    async (proxy) => {
      await writeFile(join(folder, 'htpasswd'), await runOk('htpasswd', ['-nbB', '-C', '5', 'proxy', PASSWORD]));
      await using world = await openForwardAuthWorld({
        proxy,
        hasTls: true,
        edit: await credentialsRow(proxy),
        openRegistry: () =>
          openRecipeRegistry('config.yml of a registry with htpasswd', {
            '/etc/docker/registry/htpasswd': join(folder, 'htpasswd'),
          }),
      });
      const direct = await fetch(`http://127.0.0.1:${world.registry.port}/v2/web/shop/tags/list`);

      expect(direct.status).toBe(401);
      expect(await statusOf(world, 'GET', '/v2/web/shop/tags/list', 'repository:web/shop:pull')).toBe(404);
      expect(await statusOf(world, 'POST', '/v2/web/shop/blobs/uploads/', 'repository:web/shop:pull,push')).toBe(202);
    },
    DOWNLOAD_TIMEOUT,
  );

  it.skipIf(!canRunProxy('nginx') || findPart(SKOPEO) === undefined)('serves a mirror for pulls alone', async () => {
    await using source = await startRegistry({ trust: undefined });
    const image = await writeImage(join(folder, 'image'));
    expect(await skopeoPush(image, `${source.host}/library/tool:1`)).toMatchObject({ code: 0 });
    await using world = await openForwardAuthWorld({
      proxy: 'nginx',
      ...serviceIn('services in broker.yaml for a mirror'),
      policy: recipeTexts(RECIPE, 'policy.yaml for a mirror')[0],
      openRegistry: () => openRecipeRegistry('config.yml of a mirror', { 'https://registry-1.docker.io': source.url }),
    });
    const { alice } = world.people;

    const inspect = ['inspect', '--tls-verify=false', `docker://${world.host}/library/tool:1`];
    expect((await run('skopeo', inspect)).code).not.toBe(0);
    expect(await run('skopeo', [...inspect, '--creds', `${alice.user}:${alice.password}`])).toMatchObject({ code: 0 });
    const list = '/v2/library/tool/tags/list?ns=docker.io';
    expect(await statusOf(world, 'GET', list, 'repository:library/tool:pull')).toBe(200);
    expect((await skopeoPush(image, `${world.host}/library/tool:2`, alice)).stderr).toContain('denied');
  });
});

const SITE: ProxySite = {
  service: 'registry.example.com',
  host: 'registry.example.com',
  port: 443,
  registry: '127.0.0.1:5000',
  brokerPath: undefined,
};
const OTHER: ProxySite = { ...SITE, service: 'b c', host: 'b.example.com', registry: 'registry-b:5000' };
const BROKER = { host: '127.0.0.1', port: 5001, isTls: false } as const;

/** Traefik has no command that checks a configuration. */
describe.each((['nginx', 'caddy', 'envoy'] as const).filter(canRunProxy))('%s accepts the block', (proxy) => {
  it.each<readonly [what: string, facts: ProxyFacts]>([
    ['for several registries', { broker: BROKER, sites: [SITE, { ...OTHER, registry: '[::1]:5000' }] }],
    ['for registries at other ports', { broker: BROKER, sites: [SITE, { ...SITE, port: 8443 }] }],
    ['for tokens at the same host, without a path', { broker: BROKER, sites: [{ ...SITE, brokerPath: '' }] }],
    ['for a broker at a socket file', { broker: { socket: '/run/fairlead.sock' }, sites: [SITE] }],
    ['for a broker with HTTPS', { broker: { host: 'localhost', port: 5001, isTls: true }, sites: [SITE] }],
    ['for a broker at IPv6', { broker: { ...BROKER, host: '[::1]' }, sites: [SITE] }],
  ])('%s', async (_what, facts) => {
    const block = proxyBlock(proxy, facts);

    await checkForwardBlock(proxy, typeof block === 'string' ? '' : block.text);
  });

  it('and no other text', async () => {
    await expect(checkForwardBlock(proxy, 'no configuration at all {')).rejects.toThrow(/ended with/);
  });
});
