/** Policies for tests, written as short as they can be read. */
import { BlockList } from 'node:net';
import type { Grant } from '../../src/core/access.ts';
import { groupName } from '../../src/core/groups.ts';
import { ANONYMOUS, username } from '../../src/core/identity.ts';
import type { Caller } from '../../src/core/identity.ts';
import { compilePolicy } from '../../src/core/policy/compile.ts';
import type { ClientRange, Evaluation, RuleCondition, RuleDocument, Who } from '../../src/core/policy/document.ts';
import { decide } from '../../src/core/policy/decide.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { parseScope } from '../../src/core/scope.ts';

export interface RuleText {
  readonly name?: string;
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly everyone?: boolean;
  readonly except?: Partial<Who>;
  readonly services?: readonly string[];
  /** IPv4 CIDRs. */
  readonly clients?: readonly string[];
  readonly match?: RuleCondition;
  readonly repositories?: readonly string[];
  readonly catalog?: boolean;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** @throws Error with all problems. */
export function policyOf(
  rules: readonly RuleText[],
  roles: Readonly<Record<string, readonly string[]>> = {},
  evaluation?: Evaluation,
): Policy {
  const result = compilePolicy({
    revision: 'test',
    evaluation,
    roles: new Map(Object.entries(roles)),
    rules: rules.map((rule, index) => documentOf(rule, index)),
  });
  if (result.kind === 'compiled') return result.policy;
  throw new Error(result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
}

function documentOf(rule: RuleText, index: number): RuleDocument {
  return {
    name: rule.name ?? `rule ${index + 1}`,
    file: 'policy.yaml',
    line: index + 1,
    who: whoOf(rule),
    except: rule.except === undefined ? undefined : whoOf(rule.except),
    services: rule.services,
    clients: rule.clients?.map(rangeOf),
    match: rule.match,
    repositories: rule.repositories ?? [],
    catalog: rule.catalog ?? false,
    effect: rule.deny === undefined ? 'allow' : 'deny',
    actions: rule.deny ?? rule.allow ?? [],
  };
}

function whoOf({ users = [], groups = [], everyone = false }: Partial<Who>): Who {
  return { users, groups, everyone };
}

function rangeOf(text: string): ClientRange {
  const [address = '', bits = '32'] = text.split('/');
  const list = new BlockList();
  list.addSubnet(address, Number(bits), 'ipv4');
  return { text, contains: (client) => list.check(client, 'ipv4') };
}

export interface Asker {
  readonly user?: string;
  readonly groups?: readonly string[];
  /** As a directory gives them: names lower-cased and compared without case. */
  readonly caseless?: boolean;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  readonly service?: string;
  readonly client?: string;
}

export function callerOf({ user, groups = [], caseless = false, attributes = {} }: Asker): Caller {
  if (user === undefined) return ANONYMOUS;
  return {
    kind: 'user',
    identity: {
      username: username(caseless ? user.toLowerCase() : user),
      groups: new Set(groups.map((group) => groupName(group, { lowercase: caseless }))),
      backend: 'test',
      caseless,
      attributes: new Map(Object.entries(attributes)),
    },
  };
}

export function ask(policy: Policy, asker: Asker, scope: string): Grant {
  const asked = parseScope(scope);
  if (asked === undefined) throw new Error(`not a scope: ${scope}`);
  const situation = { caller: callerOf(asker), service: asker.service ?? '', client: asker.client ?? '' };
  return decide(policy, situation, asked);
}
