/** `fairlead who-can`: who may do something with a repository, and by which rule. */
import { Argument } from 'commander';
import type { Command } from 'commander';
import { nameForms } from '../../app/policy-sources.ts';
import { listedCallers } from '../../app/listed-users.ts';
import { exactBackends } from '../../app/policy-sources.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { loadBroker, loadPolicy } from '../../config/load.ts';
import { actionProblem, repositoryProblem } from '../../config/scope-check.ts';
import { ACTIONS, isAction } from '../../core/access.ts';
import type { Action } from '../../core/access.ts';
import { isOpen, whoCan } from '../../core/policy/who-can.ts';
import type { Grantee, WhoCan } from '../../core/policy/who-can.ts';
import { separateRobots } from '../../core/robot-name.ts';
import { clientAddress, createCommand, serviceFor, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import { tokensThatCan } from '../tokens/tokens-that-can.ts';
import { shownPersonalToken, tokenText } from '../tokens/list.ts';
import type { ListedToken } from '../../flows/personal-token/list.ts';
import type { Output } from '../output.ts';

interface WhoCanOptions extends SharedOptions {
  readonly action: string;
  readonly repository: string;
  readonly service?: string;
  readonly client: string;
  readonly tokens?: true;
}

export function whoCanCommand(run: Run): Command {
  const running = run(answer);
  return createCommand(
    'who-can',
    'List who may do something with a repository, and by which rule; exit 1 when nobody may',
  )
    .addArgument(actionArgument())
    .argument('<repository>', 'such as web/shop')
    .option('--service <name>', 'the registry that asks; default: the first that is configured')
    .option('--client <address>', 'the address of the client', '127.0.0.1')
    .option('--tokens', 'list the personal tokens, too, by which their owners may do it now; the backends are asked')
    .action((action: string, repository: string, options: Omit<WhoCanOptions, 'action' | 'repository'>) =>
      running({ ...options, action, repository }),
    );
}

async function answer(
  { config: path, repository, tokens, ...options }: WhoCanOptions,
  output: Output,
): Promise<number> {
  const action = actionOf(options.action);
  const problem = repositoryProblem(repository);
  if (problem !== undefined) throw new UsageError(problem);
  const { config } = await loadBroker(path, { secrets: tokens === true ? 'required' : 'unused' });
  const { policy } = await loadPolicy(config.policy.file);
  const service = serviceFor(options.service, config);
  const client = clientAddress(options.client);
  const users = await listedCallers(config);
  const found = whoCan(policy, action, repository, {
    service,
    client,
    users,
    forms: nameForms(config),
  });
  const byToken = tokens === true ? await tokensThatCan({ config, policy, service, client, action, repository }) : [];
  const ofTokens = tokens === true ? tokenLines(byToken) : [];
  output.result([...linesOf(action, repository, found), ...ofTokens, ...spellingNote(found, config)], {
    action,
    repository,
    service,
    ...jsonOf(found),
    ...(tokens === true ? { tokens: byToken.map(shownPersonalToken) } : {}),
  });
  return found.anonymous || found.users.length > 0 || found.grantees.some(isOpen) ? EXIT.ok : EXIT.no;
}

function tokenLines(tokens: readonly ListedToken[]): readonly string[] {
  if (tokens.length === 0) return ['by a personal token: nobody'];
  return ['by these personal tokens:', ...tokens.map((token) => `  ${tokenText(token)}`)];
}

function actionOf(text: string): Action {
  if (isAction(text)) return text;
  throw new UsageError(actionProblem(text));
}

const EVERYTHING = "only rules with allow: ['*'] grant the action *; ask for pull, push or delete for the others";

function linesOf(action: string, repository: string, { grantees, users, anonymous, gaps }: WhoCan): readonly string[] {
  const open = grantees.filter(isOpen);
  const closed = grantees.filter((grantee) => !isOpen(grantee));
  const { people, robots } = separateRobots(users);
  const what = action === '*' ? `do everything (*) in ${repository}` : `${action} ${repository}`;
  const nobody = [`nobody can ${what}`, ...(action === '*' ? [EVERYTHING] : [])];
  return [
    ...(open.length === 0 ? nobody : [`who can ${what}:`]),
    ...open.flatMap((grantee) => sentences(grantee)),
    ...(closed.length === 0
      ? []
      : ['allowed by a rule, and denied all the same:', ...closed.flatMap((grantee) => sentences(grantee))]),
    ...(people.length === 0 ? [] : [`of the users in files: ${people.join(', ')}`]),
    ...(robots.length === 0 ? [] : [`of the robots: ${robots.join(', ')}`]),
    `without a login: ${anonymous ? 'yes' : 'no'}`,
    ...gaps.map((gap) => `others may be able to, which is not proved: ${gap}`),
  ];
}

/** The values of placeholders are in lower case, so `{user}` of `Alice` is `alice`. */
function spellingNote({ grantees }: WhoCan, config: BrokerConfig): readonly string[] {
  const backends = exactBackends(config);
  const isByName = grantees.some(({ rule }) => rule.repositories.some(({ placeholders }) => placeholders.length > 0));
  if (backends.length === 0 || !isByName) return [];
  return [`a name in the repository stands for every spelling of it in ${backends.join(', ')}: alice, Alice, ALICE`];
}

function sentences({ who, rule, conditions, except, denials }: Grantee): readonly string[] {
  const ifs = conditions.length === 0 ? '' : `, if ${conditions.join(' and ')}`;
  const exceptions = except.length === 0 ? '' : `, but for ${except.join(', ')}`;
  return [
    `  ${who}${ifs}${exceptions}`,
    `      by rule "${rule.name}" (${rule.file}:${rule.line})`,
    ...denials.map((denial) => {
      const unless = denial.except.length === 0 ? '' : `, unless as ${denial.except.join(' or ')}`;
      const times = denial.conditions.length === 0 ? '' : ` if ${denial.conditions.join(' and ')}`;
      return `      but rule "${denial.rule}" (${denial.file}:${denial.line}) denies it${times}${unless}`;
    }),
  ];
}

function jsonOf({ grantees, users, anonymous, gaps }: WhoCan) {
  return {
    ways: grantees.map(({ rule, isExceptionAllowed, ...grantee }) => ({
      ...grantee,
      spared: isExceptionAllowed,
      rule: rule.name,
      file: rule.file,
      line: rule.line,
    })),
    users: separateRobots(users).people,
    robots: separateRobots(users).robots,
    anonymous,
    complete: gaps.length === 0,
    gaps,
  };
}

/** Shells complete the actions. The command says itself what is wrong with another word, and what was meant. */
function actionArgument(): Argument {
  const argument = new Argument('<action>', `one of ${ACTIONS.join(', ')}`);
  argument.argChoices = [...ACTIONS];
  return argument;
}
