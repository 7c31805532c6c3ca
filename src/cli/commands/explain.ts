/** `fairlead explain`: what a user would be granted, rule by rule. */
import type { Command } from 'commander';
import { buildBackends } from '../../app/backends.ts';
import { traitsOf } from '../../backends/index.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { instant } from '../../config/policy-schema.ts';
import { scopeProblem } from '../../config/scope-check.ts';
import { createSecrets } from '../../config/secrets.ts';
import type { Caller } from '../../core/identity.ts';
import type { Log } from '../../core/ports.ts';
import { decide } from '../../core/policy/decide.ts';
import { explain as explainGrant } from '../../core/policy/explain.ts';
import { nearMisses } from '../../core/policy/near-misses.ts';
import type { NearMiss } from '../../core/policy/near-misses.ts';
import { imaginedCaller } from '../../core/policy/policy-test.ts';
import { formatScope, parseScope } from '../../core/scope.ts';
import type { Scope } from '../../core/scope.ts';
import { lookUpUser } from '../../flows/look-up-user.ts';
import { systemClock } from '../../platform/clock.ts';
import { collectRemarks } from '../backend-remarks.ts';
import { clientAddress, collect, createCommand, serviceFor, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { explainRunning } from '../explain-running.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface ExplainOptions extends SharedOptions {
  readonly user?: string;
  readonly group?: readonly string[];
  readonly scope: readonly string[];
  readonly backend?: string;
  readonly service?: string;
  readonly client: string;
  /** Undefined: now. */
  readonly at?: string;
  readonly running?: true;
}

export function explainCommand(run: Run): Command {
  return createCommand('explain', 'Explain a decision rule by rule; exit 1 when a requested action is not granted')
    .option('--user <name>', 'the user who asks; default: anonymous')
    .option('--group <name>', 'a group of the user (repeatable); default: the backends are asked', collect)
    .option(
      '--backend <name>',
      'with --group: compare names as this backend does; default: in lower case if all backends do so',
    )
    .requiredOption(
      '--scope <scope>',
      'the requested scope, such as repository:web/shop:pull,push (repeatable)',
      collect,
    )
    .option('--service <name>', 'the registry that asks; default: the first that is configured')
    .option('--client <address>', 'the address of the client', '127.0.0.1')
    .option('--running', 'ask the running broker, for the policy that is in force there')
    .option('--at <time>', 'the time of the request, such as 2026-05-04T09:30:00Z; default: now')
    .action(run(explain));
}

async function explain(options: ExplainOptions, output: Output): Promise<number> {
  if (options.running === true) return explainAtBroker(options, output);
  const scopes = options.scope.map(scopeOf);
  const { config } = await loadBroker(options.config, { secrets: isAskingBackends(options) ? 'required' : 'unused' });
  const { policy } = await loadPolicy(config.policy.file);
  const remarks = collectRemarks();
  const caller = await callerFor(options, config, remarks.log);
  const service = serviceFor(options.service, config);
  const situation = { caller, service, client: clientAddress(options.client), time: timeOf(options.at) };
  const grants = scopes.map((asked) => {
    const grant = decide(policy, situation, asked);
    return { ...grant, nearMisses: nearMisses(policy, situation, grant) };
  });

  const groups = caller.kind === 'anonymous' ? [] : [...caller.identity.groups];
  const lines = [whoLine(caller, groups), ...caseLines(options, config)];
  for (const line of remarks.lines()) output.remark(`warning: ${line}`);
  output.result([...lines, ...grants.flatMap((grant) => explainGrant(grant, grant.nearMisses))], {
    user: caller.kind === 'anonymous' ? '' : caller.identity.username,
    groups,
    scopes: grants.map(({ asked, ...grant }) => ({
      scope: formatScope(asked),
      ...grant,
      nearMisses: grant.nearMisses.map(nearMissJson),
    })),
  });
  const all = grants.every(({ asked, granted }) => granted.length > 0 && granted.length >= asked.actions.length);
  return all ? EXIT.ok : EXIT.no;
}

async function explainAtBroker(options: ExplainOptions, output: Output): Promise<number> {
  const { user, group, backend, scope, service, client, at } = options;
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const groups = group === undefined ? undefined : [...group];
  return explainRunning(config.stateDir, { user, groups, backend, scopes: [...scope], service, client, at }, output);
}

function nearMissJson({ expected, phrase: _phrase, ...miss }: NearMiss) {
  return { ...miss, wanted: expected };
}

function timeOf(text: string | undefined): number {
  if (text === undefined) return systemClock.now();
  const parsed = instant.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`"${text}" is not a time; expected one such as 2026-05-04T09:30:00Z`);
}

function scopeOf(text: string): Scope {
  const scope = parseScope(text);
  const problem = scope === undefined ? undefined : scopeProblem(scope);
  if (problem !== undefined) throw new UsageError(`--scope ${text}: ${problem}`);
  if (scope !== undefined) return scope;
  throw new UsageError(`"${text}" is not a scope; expected type:name:actions, such as repository:web/shop:pull,push`);
}

/** Without --group, the backends are asked for the groups of the user. */
function isAskingBackends({ user, group }: ExplainOptions): boolean {
  return user !== undefined && group === undefined;
}

async function callerFor({ user, group, backend }: ExplainOptions, config: BrokerConfig, log: Log): Promise<Caller> {
  if (user === undefined && group !== undefined) throw new UsageError('--group needs --user');
  if (backend !== undefined && group === undefined) throw new UsageError('--backend needs --group');
  if (user === undefined || group !== undefined) {
    return imaginedCaller(user, group ?? [], isCaseless(config.backends, backend));
  }
  await using resources = new AsyncDisposableStack();
  const deps = { clock: systemClock, log, secret: createSecrets() };
  const backends = await buildBackends(config.backends, deps);
  for (const { authenticator } of backends) resources.use(authenticator);
  const found = await lookUpUser({ backends, clock: systemClock }, user);
  if (found.kind === 'found') return { kind: 'user', identity: found.identity };
  const { withoutLookUp } = found;
  const hint = withoutLookUp.length === 0 ? '' : ` (${withoutLookUp.join(', ')} cannot be asked without a password)`;
  throw new UsageError(`no backend knows the user "${user}"${hint}; give the groups with --group`);
}

function isCaselessBackend(backend: BrokerConfig['backends'][number]): boolean {
  return traitsOf(backend).names === 'caseless';
}

/** Whether all backends, or the named one, compare names without case. */
function isCaseless(backends: BrokerConfig['backends'], name: string | undefined): boolean {
  const named = backends.filter((backend) => name === undefined || backend.name === name);
  if (name !== undefined && named.length === 0) {
    const known = backends.map((backend) => backend.name).join(', ');
    throw new UsageError(`the backend "${name}" is not configured; expected one of ${known}`);
  }
  return named.length > 0 && named.every(isCaselessBackend);
}

/** Which of them would know the user is open, and with it whether case matters. */
function caseLines({ user, group, backend }: ExplainOptions, { backends }: BrokerConfig): readonly string[] {
  if (user === undefined || group === undefined || backend !== undefined) return [];
  const lower = backends.filter(isCaselessBackend).map(({ name }) => name);
  if (lower.length === 0 || lower.length === backends.length) return [];
  return [`names are compared by case; --backend ${lower.join(' or ')} takes them in lower case, as it gives them`];
}

function whoLine(caller: Caller, groups: readonly string[]): string {
  if (caller.kind === 'anonymous') return 'anonymous';
  const { username, backend } = caller.identity;
  const source =
    backend === ''
      ? `as given${caller.identity.caseless ? ', in lower case as a directory gives names' : ''}`
      : `from backend ${backend}`;
  return `user ${username}, ${source}, groups: ${groups.length === 0 ? 'none' : groups.join('; ')}`;
}
