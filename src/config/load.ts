/** Reads the configuration and the policy. A file is valid as a whole, or refused with all of its problems. */
import { resolve } from 'node:path';
import { brokerFile } from './broker-schema.ts';
import type { BrokerConfig, BrokerFile } from './broker-schema.ts';
import { checkBroker, warnBroker } from './broker-checks.ts';
import type { Report } from './broker-checks.ts';
import { explainIssues } from './explain-issues.ts';
import type { ListenAddress } from '../core/listen-address.ts';
import { loadYaml } from './load-yaml.ts';
import type { YamlFile } from './load-yaml.ts';
import { ConfigError, formatProblem } from './problems.ts';
import type { ConfigProblem, Path } from './problems.ts';
import { checkReferences, namedFiles, resolveReferences, warnExposed } from './references.ts';
import { isRecord } from './schema-walk.ts';

export { loadPolicy } from './load-policy.ts';
export { loadPolicyInBackground } from './policy-task.ts';
export type { UsablePolicy } from './policy-task.ts';
export type { LoadedPolicy } from './load-policy.ts';

export interface LoadedBroker {
  readonly config: BrokerConfig;
  /** The file that it was read from. */
  readonly source: ConfigSource;
  /** What works but probably should change, each with its place. */
  readonly warnings: readonly string[];
}

export interface ConfigSource {
  /** Absolute path. */
  readonly path: string;
  /** The first digits of the SHA-256 of its bytes. */
  readonly revision: string;
  /** The line of a key. */
  lineOf(path: Path): number;
}

export const MAX_BROKER_BYTES = 1024 * 1024;

interface BrokerOptions {
  /**
   * `required`: secrets, keys and certificates must be there. `unused`: the command needs names only, and works where
   * the secrets are not, such as in a pipeline.
   */
  readonly secrets?: 'required' | 'unused';
  /** In place of `listen`, for several brokers with one file. */
  readonly listen?: string | undefined;
  /** In place of `admin.listen`. */
  readonly adminListen?: string | undefined;
}

/** @throws ConfigError with all problems: form, unknown keys, invalid values, missing files, unset variables. */
export async function loadBroker(path: string, options: BrokerOptions = {}): Promise<LoadedBroker> {
  const { secrets = 'required' } = options;
  const yaml = await loadYaml(path, { maxBytes: MAX_BROKER_BYTES });
  const value = withAddresses(yaml.value, options);
  // It is parsed once: to compile the schema takes longer than that.
  const parsed = brokerFile.safeParse(value, { reportInput: true, jitless: true });
  const problems: ConfigProblem[] = [
    ...yaml.problems,
    ...explainIssues(parsed.error?.issues ?? [], { schema: brokerFile, yaml }),
    ...(secrets === 'required' ? await checkReferences(yaml, brokerFile, process.env) : []),
  ];
  checkBroker(value, reportInto(problems, yaml));
  if (parsed.data === undefined || problems.length > 0) throw new ConfigError(problems);

  const warnings: ConfigProblem[] = secrets === 'required' ? [...(await warnExposed(yaml, brokerFile))] : [];
  warnBroker(parsed.data, reportInto(warnings, yaml));
  const source = { path: resolve(path), revision: yaml.revision, lineOf: yaml.line };
  return { config: finish(parsed.data, yaml.folder), source, warnings: warnings.map(formatProblem) };
}

function withAddresses(value: unknown, { listen, adminListen }: BrokerOptions): unknown {
  if (!isRecord(value) || Array.isArray(value)) return value;
  return {
    ...value,
    ...(listen === undefined ? {} : { listen }),
    ...(adminListen === undefined ? {} : { admin: { listen: adminListen } }),
  };
}

/** The file and the files that it names, as absolute paths; only the file itself when it cannot be read. */
export async function brokerFiles(path: string): Promise<readonly string[]> {
  const own = resolve(path);
  try {
    const yaml = await loadYaml(path, { maxBytes: MAX_BROKER_BYTES });
    return [...new Set([own, ...namedFiles(yaml, brokerFile), ...shadowFile(yaml)])];
  } catch (error) {
    if (error instanceof ConfigError) return [own];
    throw error;
  }
}

/** The shadow policy may be missing, so the schema does not list it as a file. */
function shadowFile({ value, folder }: YamlFile): readonly string[] {
  const policy = isRecord(value) ? value['policy'] : undefined;
  const shadow = isRecord(policy) ? policy['shadow'] : undefined;
  return typeof shadow === 'string' ? [resolve(folder, shadow)] : [];
}

function reportInto(problems: ConfigProblem[], yaml: YamlFile): Report {
  return (path, message, at) => void problems.push(yaml.problem(path, message, at));
}

function finish(file: BrokerFile, folder: string): BrokerConfig {
  const resolved = resolveReferences(file, folder);
  const services = Object.entries(resolved.services).map(([name, service]) => {
    const lifetime = { ...resolved.tokens.lifetime, ...definedOnly(service.lifetime) };
    return [name, Object.freeze({ ...service, lifetime: Object.freeze(lifetime) })] as const;
  });
  return Object.freeze({
    ...resolved,
    listen: absoluteSocket(resolved.listen, folder),
    ...(resolved.admin === undefined ? {} : { admin: { listen: absoluteSocket(resolved.admin.listen, folder) } }),
    stateDir: resolve(folder, resolved.stateDir),
    audit: absoluteAudit(resolved.audit, folder),
    ...(resolved.trustDir === undefined ? {} : { trustDir: resolve(folder, resolved.trustDir) }),
    services: Object.freeze(Object.fromEntries(services)),
    policy: policyFiles(resolved.policy, folder),
  });
}

function policyFiles(policy: BrokerFile['policy'], folder: string): BrokerConfig['policy'] {
  if (!('file' in policy)) return { file: policy.path, onFailedTests: 'refuse' };
  const { file, shadow, onFailedTests, invariants } = policy;
  return {
    file: file.path,
    onFailedTests,
    ...(shadow === undefined ? {} : { shadow: resolve(folder, shadow) }),
    ...(invariants === undefined ? {} : { invariants }),
  };
}

function absoluteAudit({ file, onLoss }: BrokerFile['audit'], folder: string): BrokerFile['audit'] {
  return { ...(file === undefined ? {} : { file: resolve(folder, file) }), onLoss };
}

function absoluteSocket(address: ListenAddress, folder: string): ListenAddress {
  return 'socket' in address ? { socket: resolve(folder, address.socket) } : address;
}

function definedOnly<Value>(record: Readonly<Record<string, Value | undefined>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
