/** `fairlead registry-config`: prints the configuration that a registry, or a proxy before it, needs for this broker. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { loadBroker } from '../../config/load.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { proxyBlock } from '../../core/proxy-config/index.ts';
import type { ProxyBlock } from '../../core/proxy-config/site.ts';
import { REGISTRIES, registryBlock } from '../../core/registry-config.ts';
import type { RegistryBlock, RegistryFacts, RegistryKind } from '../../core/registry-config.ts';
import { REGISTRY_PROXIES } from '../../core/registry-proxy.ts';
import type { RegistryProxy } from '../../core/registry-proxy.ts';
import { readGenerations, signingGeneration } from '../../platform/signing/generations.ts';
import { trustPaths } from '../../platform/signing/trust-files.ts';
import { createCommand, serviceFor, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { proxyFacts } from '../proxy-facts.ts';

interface RegistryConfigOptions extends SharedOptions {
  readonly service?: string;
  readonly for: RegistryKind | RegistryProxy;
  readonly upstream: string;
}

export function registryConfigCommand(run: Run): Command {
  return createCommand(
    'registry-config',
    'Print the configuration of a registry, or of a proxy in front of it, for this broker',
  )
    .option(
      '--service <name>',
      'the service name of the registry; default: the first that is configured, and for a proxy all with its forwardAuth',
    )
    .addOption(
      new Option('--for <program>', 'the kind of registry, or of the proxy that asks the broker about each request')
        .choices([...REGISTRIES, ...REGISTRY_PROXIES])
        .default('distribution-2'),
    )
    .option('--upstream <host:port>', 'where a proxy reaches the registry', '127.0.0.1:5000')
    .action(run(registryConfig));
}

async function registryConfig(options: RegistryConfigOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const { for: kind, service } = options;
  const block = isProxy(kind) ? blockOfProxy(kind, options, config) : await blockFor(kind, service, config);
  if (typeof block === 'string') {
    output.result([], { problem: block });
    output.remark(`fairlead: ${block}`);
    return EXIT.no;
  }
  output.result([block.text.trimEnd()], block);
  for (const note of block.notes) output.remark(`note: ${note}`);
  return EXIT.ok;
}

function isProxy(kind: RegistryKind | RegistryProxy): kind is RegistryProxy {
  return REGISTRY_PROXIES.some((proxy) => proxy === kind);
}

/** @returns the block, or a sentence that says why there is none */
function blockOfProxy(
  kind: RegistryProxy,
  { service, upstream }: RegistryConfigOptions,
  config: BrokerConfig,
): ProxyBlock | string {
  const named = service === undefined ? undefined : serviceFor(service, config);
  const found = proxyFacts(kind, named, hostAndPort(upstream), config);
  if (typeof found === 'string') return found;
  const block = proxyBlock(kind, found.facts);
  return typeof block === 'string' ? block : { ...block, notes: [...found.notes, ...block.notes] };
}

/** @throws UsageError when the text is not an address */
function hostAndPort(text: string): string {
  if (/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\]):\d{1,5}$/i.test(text)) return text;
  throw new UsageError(`--upstream ${text}: expected HOST:PORT, such as 127.0.0.1:5000`);
}

/** @returns the block, or a sentence that says why this registry cannot verify the tokens */
export async function blockFor(
  kind: RegistryKind,
  service: string | undefined,
  config: BrokerConfig,
): Promise<RegistryBlock | string> {
  return registryBlock(kind, await factsFor(service, config));
}

async function factsFor(name: string | undefined, config: BrokerConfig): Promise<RegistryFacts> {
  const service = serviceFor(name, config);
  const settings = config.services[service];
  const key = config.keys.find((candidate) => candidate.name === settings?.signingKey) ?? config.keys[0];
  if (settings === undefined || key === undefined)
    throw new UsageError('no service or no signing key is configured: add one under services or keys');
  const announced = otherKeys(service, key, config);
  const [own, ...generations] = await certificateFilesOf(key, config);
  const others = await Promise.all(announced.map((other) => announcedFacts(other, config)));
  return {
    realm: `${config.publicUrl}/token`,
    service,
    issuer: config.tokens.issuer,
    algorithm: key.algorithm,
    header: settings.key.header,
    isCertified: key.authority !== undefined || key.caFile !== undefined,
    certificateFile: own,
    isKeyShared: servicesWith(key, config).length > 1,
    announced: [
      ...generations.map((certificateFile) => ({ algorithm: key.algorithm, certificateFile })),
      ...others.flat(),
    ],
    jwksUrl: `${config.publicUrl}/.well-known/jwks.json`,
    ...(config.trustDir === undefined ? {} : { trust: trustOf(config.trustDir, announced.length + 1, config) }),
  };
}

async function announcedFacts(key: Key, config: BrokerConfig) {
  const files = await certificateFilesOf(key, config);
  return files.map((certificateFile) => ({ algorithm: key.algorithm, certificateFile }));
}

/** What a registry must trust for this key, beginning with what signs now. With `trustDir`, one file has all of it. */
async function certificateFilesOf(
  key: Key,
  { stateDir, trustDir }: BrokerConfig,
): Promise<readonly (string | undefined)[]> {
  const generations = await readGenerations(key, stateDir);
  const signing = signingGeneration(generations);
  if (signing.certFile === undefined) return [undefined];
  if (trustDir !== undefined) return [trustPaths(trustDir).certificate(key.name)];
  if (key.caFile !== undefined) return [key.caFile.path];
  const others = generations.filter(({ state }) => state === 'announced' || state === 'previous');
  return [signing.certFile, ...others.map(({ certFile }) => certFile)];
}

function trustOf(trustDir: string, trusted: number, { keys }: BrokerConfig): NonNullable<RegistryFacts['trust']> {
  const { keySet, bundle } = trustPaths(trustDir);
  return { keySetFile: keySet, bundleFile: trusted === keys.length ? bundle : undefined };
}

/** Keys that may sign for this service in the future: all except those that sign for other services now. */
function otherKeys(service: string, key: Key, config: BrokerConfig): readonly Key[] {
  const isElsewhere = (other: Key): boolean => servicesWith(other, config).some((name) => name !== service);
  return config.keys.filter((other) => other !== key && !isElsewhere(other));
}

/** The services for which the key signs. */
function servicesWith(key: Key, { keys, services }: BrokerConfig): readonly string[] {
  return Object.entries(services).flatMap(([name, { signingKey }]) =>
    (signingKey ?? keys[0]?.name) === key.name ? [name] : [],
  );
}

type Key = BrokerConfig['keys'][number];
