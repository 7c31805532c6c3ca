/**
 * Keycloak and Dex, as far as this machine can run them, and a broker with sign-in at both. Browsers reach the broker at
 * `localhost` and the providers at `127.0.0.1`, so that they share no cookies.
 */
import { hashSync } from 'bcrypt';
import type { Page } from 'playwright-core';
import { startBroker } from './broker.ts';
import type { Broker } from './broker.ts';
import { openConsoleApp } from './console-app.ts';
import type { ConsoleApp } from './console-app.ts';
import { canBuildDex, startDex } from './dex.ts';
import type { Dex } from './dex.ts';
import { realClock } from './fakes.ts';
import { freePort } from './free-port.ts';
import { fetchKeycloak, findKeycloakJava } from './keycloak-distribution.ts';
import { createRealm, PEOPLE } from './keycloak-realm.ts';
import type { Realm } from './keycloak-realm.ts';
import { startKeycloak } from './keycloak.ts';
import type { Keycloak } from './keycloak.ts';
import { signInAtDex, signInAtKeycloak } from './provider-chromium.ts';
import type { ProviderLogin } from './provider-chromium.ts';
import { createSignInBackend } from './sign-in-backend.ts';
import { OWN_POLICY } from './user-sources.ts';

const java = findKeycloakJava();
/** The names of the providers that this machine can run, as their backends are called. */
export const PROVIDERS = [
  ...(java === undefined ? [] : (['sso'] as const)),
  ...(canBuildDex() ? (['dex'] as const) : []),
];
export type ProviderName = 'sso' | 'dex';

export interface ProviderInWorld {
  readonly label: string;
  readonly login: ProviderLogin;
  signIn(page: Page, login?: ProviderLogin): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface ProviderWorld extends AsyncDisposable {
  /** The address that browsers use. */
  readonly site: string;
  readonly broker: Broker;
  /** Where a registry of the broker may listen: its service is `localhost:PORT`. */
  readonly registryPort: number;
  /** Undefined: no Java. */
  readonly realm: Realm | undefined;
  provider(name: ProviderName): ProviderInWorld;
  /** A console whose clock is ahead of the providers by so many seconds. */
  consoleAhead(seconds: number): ConsoleApp;
}

const SECRET = 'secret-of-the-console';
const DEX_CLIENT = 'console';
const AT_DEX: ProviderLogin = { username: 'alice@example.com', password: 'alice-has-this-at-dex' };
/** The least cost of bcrypt that Dex accepts. */
const DEX_COST = 10;

/** Keys of the backends but for issuer and client. Dex has no claim `auth_time`, and asks for a proof each time. */
const CONFIG = {
  sso: { preset: 'keycloak' },
  dex: { preset: 'dex', claims: { username: 'name' }, recentSignIn: 'sign-in' },
} as const;

type Issuers = Readonly<Partial<Record<ProviderName, string>>>;

/** @param ahead seconds by which the clocks of further consoles differ */
export async function openProviderWorld(ahead: readonly number[]): Promise<ProviderWorld> {
  await using resources = new AsyncDisposableStack();
  const keycloak = java === undefined ? undefined : resources.use(await startKeycloak(await fetchKeycloak(java)));
  const realm = keycloak === undefined ? undefined : await createRealm(keycloak);
  const [port, dexPort, registryPort] = [await freePort(), await freePort(), await freePort()];
  const issuers: Issuers = {
    ...(realm === undefined ? {} : { sso: realm.issuer }),
    ...(canBuildDex() ? { dex: `http://127.0.0.1:${dexPort}/dex` } : {}),
  };
  const consoles = new Map<number, ConsoleApp>();
  for (const seconds of ahead) consoles.set(seconds, resources.use(await openConsole(seconds, issuers)));

  const site = `http://localhost:${port}`;
  const sites = new Map([['console', site]]);
  for (const [seconds, { url }] of consoles) sites.set(clientAhead(seconds), url);
  for (const [client, url] of sites) await realm?.register(client, SECRET, url);
  // Dex reads its clients at its start.
  const dex = canBuildDex() ? resources.use(await startDexFor([...sites.values()], dexPort)) : undefined;
  const broker = resources.use(await startBrokerOver(issuers, { port, registryPort }));

  const opened = resources.move();
  return {
    site,
    broker,
    registryPort,
    realm,
    provider: (name) => present(name === 'sso' ? keycloakOf(keycloak) : dexOf(dex)),
    consoleAhead: (seconds) => present(consoles.get(seconds)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

const keycloakOf = (keycloak: Keycloak | undefined): ProviderInWorld | undefined =>
  keycloak && {
    label: 'Keycloak',
    login: PEOPLE.alice,
    signIn: (page, login = PEOPLE.alice) => signInAtKeycloak(page, login),
    stop: keycloak.stop,
    start: keycloak.start,
  };

const dexOf = (dex: Dex | undefined): ProviderInWorld | undefined =>
  dex && {
    label: 'Dex',
    login: AT_DEX,
    signIn: (page, login = AT_DEX) => signInAtDex(page, login),
    stop: dex.stop,
    start: dex.start,
  };

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('this machine cannot run the provider');
  return value;
}

const clientAhead = (seconds: number): string => `console-${seconds}`;

function backendOver(name: ProviderName, issuers: Issuers, clientId: string) {
  const client = { id: name === 'sso' ? clientId : DEX_CLIENT, secret: { env: 'SSO_CLIENT_SECRET' } };
  return { name, issuer: present(issuers[name]), config: { ...CONFIG[name], client } };
}

function openConsole(seconds: number, issuers: Issuers): Promise<ConsoleApp> {
  const clock = { ...realClock, now: () => realClock.now() + seconds };
  const clientSecret = (): string => SECRET;
  return openConsoleApp({
    clock,
    backends: async (accounts) =>
      Promise.all(
        PROVIDERS.map((name) =>
          createSignInBackend({ ...backendOver(name, issuers, clientAhead(seconds)), accounts, clock, clientSecret }),
        ),
      ),
  });
}

function startDexFor(sites: readonly string[], port: string | number): Promise<Dex> {
  const redirectURIs = sites.map((site) => `${site}/sign-in/callback`);
  const { username: email, password } = AT_DEX;
  const config = {
    enablePasswordDB: true,
    staticPasswords: [{ email, username: 'alice', userID: '1', hash: hashSync(password, DEX_COST) }],
    staticClients: [{ id: DEX_CLIENT, secret: SECRET, name: 'Registry', redirectURIs }],
  };
  return startDex(config, {}, String(port));
}

function startBrokerOver(
  issuers: Issuers,
  { port, registryPort }: { readonly port: number; readonly registryPort: number },
): Promise<Broker> {
  return startBroker({
    port,
    config: {
      services: { [`localhost:${registryPort}`]: { refreshTokens: {} } },
      backends: PROVIDERS.map((name) => {
        const { config, ...backend } = backendOver(name, issuers, 'console');
        return { type: 'oidc-sign-in', label: name === 'sso' ? 'Keycloak' : 'Dex', ...backend, ...config };
      }),
      policy: 'policy.yaml',
      console: {},
      helper: {},
      personalTokens: {},
    },
    files: { 'policy.yaml': OWN_POLICY },
    env: { SSO_CLIENT_SECRET: SECRET },
  });
}
