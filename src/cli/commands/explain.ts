/** `fairlead explain`: what a user would be granted, rule by rule. */
import type { Command } from 'commander';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import { instant } from '../../config/policy-schema.ts';
import { scopeProblem } from '../../config/scope-check.ts';
import { decideFor } from '../../core/policy/decide-for.ts';
import { explain as explainGrant } from '../../core/policy/explain.ts';
import { nearMisses } from '../../core/policy/near-misses.ts';
import type { NearMiss } from '../../core/policy/near-misses.ts';
import { formatScope, parseScope } from '../../core/scope.ts';
import type { Scope } from '../../core/scope.ts';
import { systemClock } from '../../platform/clock.ts';
import { collectRemarks } from '../backend-remarks.ts';
import { explainedCaller, isAskingBackends } from '../explain-caller.ts';
import type { CallerOptions } from '../explain-caller.ts';
import { clientAddress, collect, createCommand, serviceFor, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { explainRunning } from '../explain-running.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';

interface ExplainOptions extends SharedOptions, CallerOptions {
  readonly scope: readonly string[];
  readonly service?: string;
  /** Undefined: now. */
  readonly at?: string;
  readonly running?: true;
}

export function explainCommand(run: Run): Command {
  return createCommand('explain', 'Explain a decision rule by rule; exit 1 when a requested action is not granted')
    .option('--user <name>', 'the user who asks, or robot:NAME; default: anonymous')
    .option('--group <name>', 'a group of the user (repeatable); default: the backends are asked', collect)
    .option(
      '--backend <name>',
      'with --group: compare names as this backend does; default: in lower case if all backends do so',
    )
    .option('--token-id <id>', 'a personal token, as `fairlead tokens list` names it: what its owner may do by it now')
    .option(
      '--limit <limit>',
      'with --user: within this limit of a token, as `fairlead tokens create` takes it (repeatable)',
      collect,
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
  const client = clientAddress(options.client);
  const { caller, lines, token, refusal } = await explainedCaller({ ...options, client }, config, remarks.log);
  const service = serviceFor(options.service, config);
  const situation = { caller, service, client, time: timeOf(options.at) };
  const grants = (refusal === undefined ? scopes : []).map((asked) => {
    const grant = decideFor(policy, situation, asked);
    return { ...grant, nearMisses: nearMisses(policy, situation, grant) };
  });

  const groups = caller.kind === 'anonymous' ? [] : [...caller.identity.groups];
  const via = caller.kind === 'anonymous' ? undefined : caller.via;
  for (const line of remarks.lines()) output.remark(`warning: ${line}`);
  output.result([...lines, ...grants.flatMap((grant) => explainGrant(grant, grant.nearMisses, via))], {
    user: caller.kind === 'anonymous' ? '' : caller.identity.username,
    groups,
    ...(token === undefined ? {} : { token }),
    ...(refusal === undefined ? {} : { refusal }),
    scopes: grants.map(({ asked, ...grant }) => ({
      scope: formatScope(asked),
      ...grant,
      nearMisses: grant.nearMisses.map(nearMissJson),
    })),
  });
  const all = grants.every(({ asked, granted }) => granted.length > 0 && granted.length >= asked.actions.length);
  return all && refusal === undefined ? EXIT.ok : EXIT.no;
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
