/** `fairlead check`: reads all files that the broker reads, and on request contacts the backends. */
import type { Command } from 'commander';
import { buildBackends } from '../../app/backends.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { readTlsCertificate } from '../../app/tls-certificate.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import type { LoadedPolicy } from '../../config/load.ts';
import { shownPath } from '../../config/read-text.ts';
import { createSecrets } from '../../config/secrets.ts';
import { Secret } from '../../core/identity.ts';
import { runPolicyTests } from '../../core/policy/policy-test.ts';
import type { Step } from '../../core/ports.ts';
import type { Chain } from '../../flows/walk-chain.ts';
import { systemClock } from '../../platform/clock.ts';
import { checkKeys } from '../../platform/signing/keyset.ts';
import { checkState } from '../../platform/signing/state-check.ts';
import { checkOnChange } from '../check-on-change.ts';
import { createCommand, terminalLog, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { lockoutWarnings } from '../lockout-warnings.ts';
import { EXIT } from '../output.ts';
import type { Output, Terminal } from '../output.ts';
import { readPassword } from '../read-password.ts';
import { checkLogin, probeAll } from '../walk.ts';
import { checkToken } from '../walk-token.ts';
import { testLines } from './test.ts';

interface CheckOptions extends SharedOptions {
  readonly connect?: true;
  readonly login?: string;
  readonly token?: true;
  readonly watch?: true;
}

export function checkCommand(run: Run): Command {
  return createCommand('check', 'Read configuration, policy, users and keys, and run the tests of the policy')
    .option('--connect', 'also test the connection to each backend')
    .option('--login <user>', 'trace one login through the backends; the password is read from standard input')
    .option(
      '--token',
      'explain an ID token claim by claim, and whether the backends accept it; it is read from standard input',
    )
    .option('--watch', 'check again whenever a file changes, until interrupted')
    .action(run(check));
}

async function check(options: CheckOptions, output: Output, terminal: Terminal): Promise<number> {
  const { config, login, token, watch } = options;
  if (login !== undefined && token === true) throw new UsageError('expected one of --login and --token, found both');
  if (watch !== true) return checkOnce(options, output, terminal);
  if (login !== undefined || token === true)
    throw new UsageError('--login and --token read standard input once: expected them without --watch');
  return checkOnChange(config, options.format, output, () => checkOnce(options, output, terminal));
}

async function checkOnce(
  { config: path, connect, login, token }: CheckOptions,
  output: Output,
  terminal: Terminal,
): Promise<number> {
  const broker = await loadBroker(path);
  const { config } = broker;
  const loaded = await loadPolicy(config.policy.file);
  const shadow = config.policy.shadow === undefined ? undefined : await loadPolicy(config.policy.shadow);
  const keyWarnings = [...(await checkKeys(config.keys, config.stateDir)), ...(await stateWarnings(config))];
  const tlsWarnings = config.tls === undefined ? [] : (await readTlsCertificate(config.tls)).warnings;
  await using resources = new AsyncDisposableStack();
  const deps = { clock: systemClock, log: terminalLog, secret: createSecrets() };
  const backends = await buildBackends(config.backends, deps);
  for (const { authenticator } of backends) resources.use(authenticator);

  const policies = [loaded, ...(shadow === undefined ? [] : [shadow])];
  const tests = policies.flatMap((one) => runPolicyTests(one.policy, one.tests));
  const chain = { backends, clock: systemClock };
  const { wrongPasswords } = config.shield;
  const lockouts = connect === true ? await lockoutWarnings(backends, wrongPasswords, systemClock) : [];
  const warnings = [
    ...broker.warnings,
    ...policies.flatMap((one) => one.warnings),
    ...tlsWarnings,
    ...keyWarnings,
    ...lockouts,
  ];
  const tokenCheck = token === true ? await checkToken(chain, await readPassword('Token: ', terminal)) : undefined;
  const steps = [...(await backendSteps(chain, connect === true, login, terminal)), ...(tokenCheck?.steps ?? [])];
  const fine = tests.every(({ passed }) => passed) && steps.every(({ ok }) => ok);
  output.result(
    [
      ...warnings.map((warning) => `warning: ${warning}`),
      `${path}: ${count(Object.keys(config.services).length, 'service')}, ${count(backends.length, 'backend')}`,
      policyLine(config.policy.file, loaded),
      ...(shadow === undefined ? [] : [`shadow ${policyLine(config.policy.shadow ?? '', shadow)}`]),
      ...testLines(tests),
      ...(tokenCheck?.lines ?? []),
      ...steps.map(({ ok, text }) => `${ok ? 'ok' : 'FAILED'}: ${text}`),
      ...(tokenCheck?.warnings ?? []).map((warning) => `warning: ${warning}`),
      ...boundLines(tokenCheck?.bound ?? []),
    ],
    {
      warnings,
      services: Object.keys(config.services),
      backends: backends.map(({ authenticator: { name, type } }) => ({ name, type })),
      policy: policyJson(config.policy.file, loaded),
      ...(shadow === undefined ? {} : { shadow: policyJson(config.policy.shadow ?? '', shadow) }),
      tests: tests.map(({ passed, summary }) => ({ passed, summary })),
      ...(tokenCheck === undefined
        ? {}
        : { token: tokenCheck.lines, tokenWarnings: tokenCheck.warnings, bound: tokenCheck.bound }),
      steps,
    },
  );
  return fine ? EXIT.ok : EXIT.no;
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
  return `${shownPath(file)}: ${count(policy.rules.length, 'rule')}, revision ${policy.revision}`;
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

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
