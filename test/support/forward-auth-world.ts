/** A registry that checks nothing, behind a real proxy that asks the broker about each request. */
import { join } from 'node:path';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { proxyFacts } from '../../src/cli/proxy-facts.ts';
import { loadBroker } from '../../src/config/load.ts';
import { proxyBlock } from '../../src/core/proxy-config/index.ts';
import type { RegistryProxy } from '../../src/core/registry-proxy.ts';
import { basic, startBroker } from './broker.ts';
import type { Broker, Login } from './broker.ts';
import { startForwardProxy } from './forward-proxy.ts';
import type { ForwardProxy } from './forward-proxy.ts';
import { freePort } from './free-port.ts';
import { startOutageProxy } from './outage-proxy.ts';
import type { Outages } from './outage-proxy.ts';
import { openRecipeRegistry } from './recipe-registry.ts';
import type { RecipeRegistry } from './recipe-registry.ts';
import { noteSecret } from './secrets.ts';
import { startSlapd } from './slapd.ts';
import { directoryBackend, TEAM_POLICY } from './user-sources.ts';
import { waitFor } from './wait.ts';

export interface ForwardAuthOptions {
  readonly proxy: RegistryProxy;
  readonly mode?: 'bearer' | 'basic';
  /** HTTPS as printed, and one host for the registry and the tokens: `publicUrl` is the proxy with the path `/auth`. */
  readonly hasTls?: boolean;
  /** Further keys of the service, and of its `forwardAuth`. */
  readonly service?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Changes the printed block, as a recipe says. */
  readonly edit?: (block: string) => string;
  /** Default: the registry without auth of the recipe. */
  readonly openRegistry?: () => Promise<RecipeRegistry>;
  readonly policy?: string;
}

/** A raw request to the proxy. */
interface Question {
  readonly method?: string;
  /** As it is sent, without any change. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface ForwardAuthWorld extends AsyncDisposable {
  /** `localhost:PORT` of the proxy, as images are named. */
  readonly host: string;
  readonly broker: Broker;
  readonly registry: RecipeRegistry;
  readonly proxy: ForwardProxy;
  /** The connection of the broker to the directory. */
  readonly directory: Outages;
  readonly people: Readonly<Record<'alice' | 'bob' | 'carol', Login>>;
  ask(question: Question): Promise<Answer>;
  /** Such as `repository:web/shop:pull`. @returns the header of a registry token */
  bearer(scope: string, login?: Login): Promise<{ readonly authorization: string }>;
}

export async function openForwardAuthWorld(options: ForwardAuthOptions): Promise<ForwardAuthWorld> {
  const { proxy: kind, mode = 'bearer', hasTls = false, edit = (block) => block } = options;
  const { openRegistry = () => openRecipeRegistry('config.yml of a registry without auth') } = options;
  await using resources = new AsyncDisposableStack();
  const slapd = resources.use(await startSlapd());
  noteSecret(slapd.bindPassword);
  const directory = resources.use(await startOutageProxy(() => slapd.port));
  const registry = resources.use(await openRegistry());
  const port = await freePort();
  const service = `localhost:${port}`;
  const broker = resources.use(
    await startBroker({
      config: {
        services: {
          [service]: {
            anonymous: 'allow',
            ...options.service,
            forwardAuth: { proxy: kind, mode, ...options.settings },
          },
        },
        trustedProxies: ['127.0.0.1'],
        ...(hasTls ? { publicUrl: `https://${service}/auth` } : {}),
        backends: [{ ...directoryBackend(slapd), urls: [`ldap://127.0.0.1:${directory.port}`] }],
        policy: 'policy.yaml',
      },
      files: { 'ldap.password': slapd.bindPassword, 'policy.yaml': options.policy ?? TEAM_POLICY },
    }),
  );
  const block = edit(await blockFor(kind, broker, registry));
  const proxy = resources.use(await startForwardProxy(kind, { block, port, hasTls }));
  const ask = (question: Question): Promise<Answer> => askProxy({ port, hasTls }, question);
  // Traefik listens before it has read its routes.
  await waitFor('the proxy to ask the broker', async () => (await ask({ target: '/v2/' })).status === 401);

  const { alice, bob, carol } = slapd.people;
  const loginOf = ({ username, password }: typeof alice): Login => ({ user: username, password });
  const running = resources.move();
  return {
    host: service,
    broker,
    registry,
    proxy,
    directory,
    people: { alice: loginOf(alice), bob: loginOf(bob), carol: loginOf(carol) },
    ask,
    bearer: async (scope, login) => {
      const query = `service=${service}&scope=${scope}`;
      const { body } = await (hasTls ? tokenBehind(ask, query, login) : broker.token(query, login));
      return { authorization: `Bearer ${String(body['token'])}` };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The block as `registry-config` prints it. */
async function blockFor(kind: RegistryProxy, broker: Broker, registry: RecipeRegistry): Promise<string> {
  const { config } = await loadBroker(join(broker.folder, 'broker.yaml'), { secrets: 'unused' });
  const found = proxyFacts(kind, undefined, `127.0.0.1:${registry.port}`, config);
  const block = typeof found === 'string' ? found : proxyBlock(kind, found.facts);
  if (typeof block === 'string') throw new Error(block);
  return block.text;
}

/** Asks for a token at the host of the registry. */
async function tokenBehind(ask: ForwardAuthWorld['ask'], query: string, login: Login | undefined) {
  const headers = login === undefined ? {} : basic(login);
  const { text } = await ask({ target: `/auth/token?${query}`, headers });
  return { body: JSON.parse(text) as Readonly<Record<string, unknown>> };
}

async function askProxy(
  { port, hasTls }: { readonly port: number; readonly hasTls: boolean },
  { method = 'GET', target, headers = {}, body }: Question,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const all = { host: `localhost:${port}`, ...headers };
  const options = { host: '127.0.0.1', port, method, path: target, headers: all, agent: false } as const;
  const sent = hasTls
    ? requestTls({ ...options, servername: 'localhost', rejectUnauthorized: false }, resolve)
    : request(options, resolve);
  sent.on('error', reject).end(body);
  const response = await promise;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() };
}
