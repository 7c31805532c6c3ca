/** `fairlead check`: reads all files that the broker reads, and on request contacts the backends. */
import type { Command } from 'commander';
import { buildBackends } from '../../app/backends.ts';
import { checkRecords } from '../../app/check-records.ts';
import { checkFleetFiles, inspectShared } from '../../app/check-shared.ts';
import { policySources, proveOptions } from '../../app/policy-sources.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { startProblems } from '../../app/start-check.ts';
import { readTlsCertificate } from '../../app/tls-certificate.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import type { LoadedPolicy } from '../../config/load.ts';
import { shownPath } from '../../config/read-text.ts';
import { createSecrets } from '../../config/secrets.ts';
import { Secret } from '../../core/identity.ts';
import { sourceFindings } from '../../core/policy/lint/sources.ts';
import { foldedNameFindings } from '../../core/policy/lint/folded-names.ts';
import type { Sources } from '../../core/policy/lint/sources.ts';
import { runPolicyTests } from '../../core/policy/policy-test.ts';
import type { Step } from '../../core/ports.ts';
import type { Chain } from '../../flows/walk-chain.ts';
import { systemClock } from '../../platform/clock.ts';
import { checkKeys } from '../../platform/signing/keyset.ts';
import { checkState } from '../../platform/signing/state-check.ts';
import { collectRemarks } from '../backend-remarks.ts';
import { checkOnChange } from '../check-on-change.ts';
import { createCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { lockoutWarnings } from '../lockout-warnings.ts';
import { EXIT } from '../output.ts';
import type { Output, Terminal } from '../output.ts';
import { areProved, invariantJson, invariantLines, proveAll } from '../invariant-text.ts';
import { readPassword } from '../read-password.ts';
import { checkLogin, probeAll, stepLine } from '../walk.ts';
import { checkToken } from '../walk-token.ts';
import { plural } from '../plural.ts';
import { testLines } from './test.ts';

interface CheckOptions extends SharedOptions {
  readonly connect?: true;
  readonly login?: string;
  readonly token?: true;
  readonly watch?: true;
  readonly withoutSecrets?: true;
}

export function checkCommand(run: Run): Command {
  return createCommand(
    'check',
    'Read configuration, policy, users and keys, run the tests of the policy and prove its invariants',
  )
    .option(
      '--connect',
      'also test the connection to each backend, to the records in PostgreSQL and to the shared store',
    )
    .option('--login <user>', 'trace one login through the backends; the password is read from standard input')
    .option(
      '--token',
      'explain an ID token claim by claim, and whether the backends accept it; it is read from standard input',
    )
    .option('--without-secrets', 'read no secret, key or certificate, for a pipeline that has none')
    .option('--watch', 'check again whenever a file changes, until interrupted')
    .action(run(check));
}

async function check(options: CheckOptions, output: Output, terminal: Terminal): Promise<number> {
  const { config, login, token, watch, connect, withoutSecrets } = options;
  if (withoutSecrets === true && (connect === true || login !== undefined || token === true))
    throw new UsageError('--connect, --login and --token need the secrets: expected them without --without-secrets');
  if (login !== undefined && token === true) throw new UsageError('expected one of --login and --token, found both');
  if (watch !== true) return checkOnce(options, output, terminal);
  if (login !== undefined || token === true)
    throw new UsageError('--login and --token read standard input once: expected them without --watch');
  return checkOnChange(config, options.format, output, () => checkOnce(options, output, terminal));
}

/** Checks once, whatever `watch` says. @returns the exit code */
export async function checkOnce(options: CheckOptions, output: Output, terminal: Terminal): Promise<number> {
  const { config: path, connect, login, token, withoutSecrets } = options;
  const hasSecrets = withoutSecrets !== true;
  const { config, loaded, shadow, warnings: fromFiles, problems } = await readFiles(path, hasSecrets);
  await using resources = new AsyncDisposableStack();
  const remarks = collectRemarks();
  const deps = { clock: systemClock, log: remarks.log, secret: createSecrets() };
  const backends = hasSecrets ? await buildBackends(config.backends, deps) : [];
  for (const { authenticator } of backends) resources.use(authenticator);

  const tests = policiesOf({ loaded, shadow }).flatMap((one) => runPolicyTests(one.policy, one.tests));
  const invariants = policiesOf({ loaded, shadow }).flatMap((one) => proveAll(one, proveOptions(config)));
  const chain = { backends, clock: systemClock };
  const { wrongPasswords } = config.shield;
  const lockouts = connect === true ? await lockoutWarnings(backends, wrongPasswords, systemClock) : [];
  const tokenCheck = token === true ? await checkToken(chain, await readPassword('Token: ', terminal)) : undefined;
  const steps = [
    ...problems,
    ...(await backendSteps(chain, connect === true, login, terminal)),
    ...(hasSecrets ? await checkRecords(config, connect === true) : []),
    ...(connect === true ? await inspectShared(config) : []),
    ...(tokenCheck?.steps ?? []),
  ];
  const warnings = [...fromFiles, ...lockouts, ...remarks.lines(steps.map(({ text }) => text))];
  const fine = tests.every(({ passed }) => passed) && areProved(invariants) && steps.every(({ ok }) => ok);
  output.result(
    [
      ...warnings.map((warning) => `warning: ${warning}`),
      `${path}: ${plural(Object.keys(config.services).length, 'service')}, ${plural(config.backends.length, 'backend')}`,
      policyLine(config.policy.file, loaded),
      ...(shadow === undefined ? [] : [`shadow ${policyLine(config.policy.shadow ?? '', shadow)}`]),
      ...testLines(tests),
      ...invariantLines(invariants),
      ...(tokenCheck?.lines ?? []),
      ...steps.map(stepLine),
      ...(tokenCheck?.warnings ?? []).map((warning) => `warning: ${warning}`),
      ...boundLines(tokenCheck?.bound ?? []),
    ],
    {
      warnings,
      services: Object.keys(config.services),
      backends: config.backends.map(({ name, type }) => ({ name, type })),
      policy: policyJson(config.policy.file, loaded),
      ...(shadow === undefined ? {} : { shadow: policyJson(config.policy.shadow ?? '', shadow) }),
      tests: tests.map(({ passed, summary }) => ({ passed, summary })),
      invariants: invariants.map(invariantJson),
      ...(tokenCheck === undefined
        ? {}
        : { token: tokenCheck.lines, tokenWarnings: tokenCheck.warnings, bound: tokenCheck.bound }),
      steps,
    },
  );
  return fine ? EXIT.ok : EXIT.no;
}

interface Policies {
  readonly loaded: LoadedPolicy;
  readonly shadow: LoadedPolicy | undefined;
}

interface ReadFiles extends Policies {
  readonly config: BrokerConfig;
  readonly warnings: readonly string[];
  /** What keeps the broker from starting. */
  readonly problems: readonly Step[];
}

/** Reads everything that the broker reads but the backends. @throws Error when a file cannot be used */
async function readFiles(path: string, hasSecrets: boolean): Promise<ReadFiles> {
  const broker = await loadBroker(path, { secrets: hasSecrets ? 'required' : 'unused' });
  const { config } = broker;
  const { file, shadow: shadowFile } = config.policy;
  const services = Object.keys(config.services);
  const loaded = await loadPolicy(file, { services });
  const shadow = shadowFile === undefined ? undefined : await loadPolicy(shadowFile, { services });
  const sources = await policySources(config);
  const start = hasSecrets ? await startProblems(config) : [];
  const warnings = [
    ...broker.warnings,
    ...policiesOf({ loaded, shadow }).flatMap((one) => [...one.warnings, ...nameWarnings(one, sources)]),
    ...(hasSecrets ? await fileWarnings(config) : []),
    ...start.filter(({ isCertain }) => !isCertain).map(({ text }) => `the broker does not start here: ${text}`),
  ];
  const problems = start.filter(({ isCertain }) => isCertain).map(({ text }) => ({ ok: false, text }));
  return { config, loaded, shadow, warnings, problems };
}

function policiesOf({ loaded, shadow }: Policies): readonly LoadedPolicy[] {
  return [loaded, ...(shadow === undefined ? [] : [shadow])];
}

/**
 * Users, groups and values that no backend delivers, and names that differ in case only: warnings, because accounts come
 * and go.
 */
function nameWarnings({ policy }: LoadedPolicy, sources: Sources): readonly string[] {
  const unknown = sourceFindings(policy, sources);
  const folded = foldedNameFindings(policy, sources).filter(({ severity }) => severity === 'warning');
  return [
    ...unknown.map(({ rule, message }) => `${rule.file}:${rule.line}: rule "${rule.name}" ${message}`),
    ...folded.map(({ rule, message, cure }) => `${rule.file}:${rule.line}: rule "${rule.name}" ${message}; ${cure}`),
  ];
}

/** Of keys and certificates. @throws Error that names the file when one cannot be used */
async function fileWarnings(config: BrokerConfig): Promise<readonly string[]> {
  await checkFleetFiles(config);
  const tls = config.tls === undefined ? [] : (await readTlsCertificate(config.tls)).warnings;
  return [...tls, ...(await checkKeys(config.keys, config.stateDir)), ...(await stateWarnings(config))];
}

/** Warnings only: `check` may run as another user than the broker. */
async function stateWarnings({ keys, stateDir }: BrokerConfig): Promise<readonly string[]> {
  const { refusals, warnings } = await checkState(keys, stateDir);
  return [...refusals.map((refusal) => `run by this user, the broker does not start: ${refusal}`), ...warnings];
}

function boundLines(bound: readonly string[]): readonly string[] {
  return bound.length === 0 ? [] : ['to accept the jobs of the same owner and no others, in broker.yaml:', ...bound];
}

function policyLine(file: string, { policy }: LoadedPolicy): string {
  return `${shownPath(file)}: ${plural(policy.rules.length, 'rule')}, revision ${policy.revision}`;
}

function policyJson(file: string, { policy }: LoadedPolicy) {
  return { file, revision: policy.revision, rules: policy.rules.length };
}

async function backendSteps(
  chain: Chain,
  connect: boolean,
  username: string | undefined,
  terminal: Terminal,
): Promise<readonly Step[]> {
  const probes = connect ? await probeAll(chain.backends, chain.clock) : [];
  if (username === undefined) return probes;
  const password = new Secret(await readPassword(`Password of ${username}: `, terminal));
  return [...probes, ...(await checkLogin(chain, { username, password }))];
}
