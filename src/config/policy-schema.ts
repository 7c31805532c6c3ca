/** The schema of `policy.yaml`. JSON Schema, editor completion and checks follow from it; `config/reference` is generated from it. */
import { z } from 'zod';
import { ACTIONS } from '../core/access.ts';
import { isRobotName, isRobotUsername, looksLikeRobot, ROBOT_PREFIX } from '../core/robot-name.ts';
import { parseScope } from '../core/scope.ts';
import type { Scope } from '../core/scope.ts';
import { clientRange } from './client-range.ts';
import { conditionKinds } from './conditions/index.ts';
import { reportSentence } from './conditions/kind.ts';
import type { ConditionKind } from './conditions/index.ts';
import { invariantSchema } from './invariants.ts';
import { scopeProblem } from './scope-check.ts';
import { names, namesSomebody, NOBODY_NAMED, whoKeys } from './who-schema.ts';

const text = z.string().min(1);
const action = z.enum(ACTIONS);
/** Actions or roles, one or several. */
const actions = z.union([text, names]).transform((list) => (typeof list === 'string' ? [list] : list));

function ruleSchema(kinds: readonly ConditionKind[]) {
  return z
    .strictObject({
      name: z.string().min(1).max(200).meta({
        description:
          'What the rule is called in explanations and in the audit log. A warning is given when two rules have the same name.',
      }),
      ...whoKeys,
      ...conditionKeys(kinds),
      repositories: names.optional().meta({
        description:
          'Repository patterns: * within one segment, ** for any number of segments, {name} for a captured value. Either this or `catalog` is required.',
      }),
      catalog: z
        .boolean()
        .optional()
        .meta({ description: '`true`: the rule also covers `registry:catalog:*`, the list of all repositories' }),
      allow: actions.optional().meta({
        description:
          'Actions (pull, push, delete, *) or roles that are granted. One or a list. Either this or `deny` is required.',
      }),
      deny: actions.optional().meta({
        description: 'Actions (pull, push, delete, *) or roles that no rule can grant to those the rule matches',
      }),
    })
    .superRefine((rule, context) => {
      const report = (message: string): void => context.addIssue({ code: 'custom', message, input: undefined });
      if (!namesSomebody(rule)) report(NOBODY_NAMED);
      if ((rule.allow === undefined) === (rule.deny === undefined)) {
        report(`expected one of allow and deny, found ${rule.allow === undefined ? 'none' : 'both'}`);
      }
      if (rule.repositories === undefined && rule.catalog !== true) {
        report('expected repositories or catalog: true, found none of them');
      }
    })
    .meta({ description: 'Who may, or may not, do what to which repositories' });
}

/** The keys are not part of the type, so that no code can name one: `conditionsIn` reads the values. */
function conditionKeys(kinds: readonly ConditionKind[]): object {
  return Object.fromEntries(
    kinds.map(({ key, schema, description }) => [key, schema.optional().meta({ description })]),
  );
}

const scope = z.string().transform((value, context): Scope => {
  const parsed = parseScope(value);
  const problem = parsed === undefined ? undefined : scopeProblem(parsed);
  if (parsed !== undefined && problem === undefined) return parsed;
  if (problem !== undefined) reportSentence(context, [], problem);
  else {
    const message = 'expected type:name:actions, such as repository:web/shop:pull,push';
    context.addIssue({ code: 'custom', message, input: value });
  }
  return z.NEVER;
});

/** RFC 3339 (section 5.6) with an offset, in seconds since 1970-01-01T00:00:00Z. */
export const instant = z.iso
  .datetime({ offset: true, error: 'expected a time such as 2026-05-04T09:30:00Z' })
  .transform((value) => Math.floor(Date.parse(value) / 1000));

const policyTest = z
  .strictObject({
    user: text
      .optional()
      .meta({ description: 'The user name, or `robot:NAME`. Either this or `anonymous` is required.' }),
    groups: z.array(text).optional().meta({ description: 'The groups of the user' }),
    anonymous: z.literal(true).optional().meta({ description: '`true`: the request has no credentials' }),
    service: text
      .optional()
      .meta({ description: 'The service that the request is for. Default: one that no rule names.' }),
    client: clientRange
      .refine(({ text: address }) => !address.includes('/'), { error: 'expected one address' })
      .optional()
      .meta({ description: 'The client address. Default: one that no rule names.' }),
    at: instant
      .optional()
      .meta({ description: 'The time of the request, such as 2026-05-04T09:30:00Z; default: 1970-01-01T00:00:00Z' }),
    scope: scope.meta({
      description: 'The scope that is requested: type:name:actions. For example `repository:web/shop:pull,push`.',
    }),
    expect: z.array(action).meta({ description: 'The actions that must be granted, and no others; [] is none' }),
  })
  .superRefine(({ user, groups, anonymous }, context) => {
    if ((user === undefined) === (anonymous === undefined)) {
      const found = user === undefined ? 'none' : 'both';
      const message = `expected one of user and anonymous: true, found ${found}`;
      context.addIssue({ code: 'custom', message, input: undefined });
    }
    if (user !== undefined && looksLikeRobot(user)) {
      if (!isRobotUsername(user) || !isRobotName(user.slice(ROBOT_PREFIX.length))) {
        context.addIssue({ code: 'custom', path: ['user'], message: `expected ${ROBOT_PREFIX}NAME`, input: user });
      }
      if (groups !== undefined) {
        const message = 'expected only with a user: a robot is in no group';
        context.addIssue({ code: 'custom', path: ['groups'], message, input: groups });
      }
    }
    if (user === undefined && groups !== undefined) {
      context.addIssue({ code: 'custom', path: ['groups'], message: 'expected only with user', input: groups });
    }
  })
  .meta({ description: 'A request and what must be granted; `fairlead test` runs it' });

const evaluation = z.enum(['union', 'first-match']).default('union').meta({
  description:
    'How rules combine. `union`: all rules that match count. `first-match`: the first rule that matches decides alone; if it denies, nothing is granted. `first-match` is for imported policies, see [migration](../migration.md).',
});

const roles = z
  .record(text, z.array(action).min(1).meta({ description: 'The actions: `pull`, `push`, `delete`, `*` (all)' }))
  .default({})
  .meta({ description: 'Names for lists of actions. A role cannot have the name of an action.' });

/** The names of roles, with whatever valid actions they have. */
export const outlineRoles = z.record(text, z.array(action).catch([]));

function fileSchema(kinds: readonly ConditionKind[]) {
  return z
    .strictObject({
      evaluation,
      roles,
      rules: z
        .array(ruleSchema(kinds))
        .meta({ description: 'The rules. Their order does not matter, except with `evaluation: first-match`.' }),
      tests: z
        .array(policyTest)
        .default([])
        .meta({ description: 'Requests and what must be granted. `fairlead test` and `fairlead check` run them.' }),
      invariants: z.array(invariantSchema).default([]).meta({
        description:
          'What must be true of every decision. `fairlead check` and `fairlead lint` prove each, or show a request that breaks it.',
      }),
    })
    .superRefine((file, context) => {
      if (file.evaluation === 'first-match') return;
      const message = 'expected only with evaluation: first-match';
      for (const { key } of kinds.filter((kind) => kind.evaluation === 'first-match')) {
        for (const [index, rule] of file.rules.entries()) {
          if (Object.hasOwn(rule, key)) context.addIssue({ code: 'custom', path: ['rules', index, key], message });
        }
      }
    })
    .meta({
      title: 'Fairlead policy',
      description: 'Who may do what in the registries; what no rule allows is denied',
    });
}

/** @param kinds the conditions that rules may have */
export function policySchema(kinds: readonly ConditionKind[]): PolicySchema {
  return { file: fileSchema(kinds), rule: ruleSchema(kinds) };
}

export interface PolicySchema {
  readonly file: ReturnType<typeof fileSchema>;
  readonly rule: ReturnType<typeof ruleSchema>;
}

export const { file: policyFile } = policySchema(conditionKinds);

export type PolicyFile = z.output<PolicySchema['file']>;
export type RuleFile = z.output<PolicySchema['rule']>;
export type TestFile = z.output<typeof policyTest>;
