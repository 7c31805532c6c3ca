/** The schema of `policy.yaml`. JSON Schema, editor completion and checks follow from it; README.md in `config` is its reference. */
import { z } from 'zod';
import { ACTIONS } from '../core/access.ts';
import { parseScope } from '../core/scope.ts';
import type { Scope } from '../core/scope.ts';
import { clientRange } from './client-range.ts';
import { matchCondition } from './match/match-condition.ts';

const text = z.string().min(1);
const texts = z.array(text).min(1);
const action = z.enum(ACTIONS);
/** Actions or roles, one or several. */
const actions = z.union([text, texts]).transform((names) => (typeof names === 'string' ? [names] : names));

const who = {
  users: texts.optional().meta({ description: 'User names; * matches any characters, {name} captures them' }),
  groups: texts.optional().meta({ description: 'Group names or DNs; * matches any characters, {name} captures them' }),
  everyone: z.boolean().optional().meta({ description: 'true: anybody, anonymous included' }),
};

interface WhoFile {
  readonly users?: unknown;
  readonly groups?: unknown;
  readonly everyone?: boolean | undefined;
}

function namesSomebody({ users, groups, everyone }: WhoFile): boolean {
  return users !== undefined || groups !== undefined || everyone === true;
}

const NOBODY = 'expected users, groups or everyone: true, found none of them';

export const policyRule = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'What the rule is called in explanations and in the audit log' }),
    ...who,
    except: z
      .strictObject(who)
      .refine(namesSomebody, { error: NOBODY })
      .optional()
      .meta({ description: 'Those the rule is not for, although they match' }),
    services: texts
      .optional()
      .meta({ description: 'The services the rule is for (* matches any characters); default: all' }),
    clients: z
      .array(clientRange)
      .min(1)
      .optional()
      .meta({ description: 'The client addresses the rule is for, as addresses or CIDRs; default: all' }),
    match: matchCondition.optional(),
    repositories: texts.optional().meta({
      description:
        'Repository patterns: * within one segment, ** for any number of segments, {name} for a captured value',
    }),
    catalog: z
      .boolean()
      .optional()
      .meta({ description: 'true: the list of all repositories (registry:catalog:*), too' }),
    allow: actions.optional().meta({ description: 'Actions (pull, push, delete, *) or roles that are granted' }),
    deny: actions.optional().meta({ description: 'Actions (pull, push, delete, *) or roles that no rule can grant' }),
  })
  .superRefine((rule, context) => {
    const report = (message: string): void => context.addIssue({ code: 'custom', message, input: undefined });
    if (!namesSomebody(rule)) report(NOBODY);
    if ((rule.allow === undefined) === (rule.deny === undefined)) {
      report(`expected one of allow and deny, found ${rule.allow === undefined ? 'none' : 'both'}`);
    }
    if (rule.repositories === undefined && rule.catalog !== true) {
      report('expected repositories or catalog: true, found none of them');
    }
  })
  .meta({ description: 'Who may, or may not, do what to which repositories' });

const scope = z.string().transform((value, context): Scope => {
  const parsed = parseScope(value);
  if (parsed !== undefined) return parsed;
  const message = 'expected type:name:actions, such as repository:web/shop:pull,push';
  context.addIssue({ code: 'custom', message, input: value });
  return z.NEVER;
});

const policyTest = z
  .strictObject({
    user: text.optional().meta({ description: 'Who asks' }),
    groups: z.array(text).optional().meta({ description: 'The groups of the user' }),
    anonymous: z.literal(true).optional().meta({ description: 'true: somebody without credentials asks' }),
    service: text.optional().meta({ description: 'The service asked through; default: one that no rule names' }),
    client: clientRange
      .refine(({ text: address }) => !address.includes('/'), { error: 'expected one address' })
      .optional()
      .meta({ description: 'The address asked from; default: one that no rule names' }),
    scope: scope.meta({ description: 'What is asked: type:name:actions' }),
    expect: z.array(action).meta({ description: 'The actions that must be granted, and no others; [] is none' }),
  })
  .superRefine(({ user, groups, anonymous }, context) => {
    if ((user === undefined) === (anonymous === undefined)) {
      const found = user === undefined ? 'none' : 'both';
      const message = `expected one of user and anonymous: true, found ${found}`;
      context.addIssue({ code: 'custom', message, input: undefined });
    }
    if (user === undefined && groups !== undefined) {
      context.addIssue({ code: 'custom', path: ['groups'], message: 'expected beside user only', input: groups });
    }
  })
  .meta({ description: 'A request and what must be granted; `fairlead test` runs it' });

const evaluation = z.enum(['union', 'first-match']).default('union').meta({
  description: 'union: all rules that match count; first-match: the first one alone, for policies that were imported',
});

const roles = z.record(text, z.array(action).min(1)).default({}).meta({ description: 'Names for lists of actions' });

/** The names of roles, whatever they stand for. */
export const outlineRoles = z.record(text, z.array(action).catch([]));

export const policyFile = z
  .strictObject({
    evaluation,
    roles,
    rules: z
      .array(policyRule)
      .meta({ description: 'The rules; their order does not matter unless the first match decides' }),
    tests: z.array(policyTest).default([]).meta({ description: 'Tests of the rules' }),
  })
  .superRefine((file, context) => {
    if (file.evaluation === 'first-match') return;
    for (const [index, { match }] of file.rules.entries()) {
      const message = 'expected beside evaluation: first-match only';
      if (match !== undefined) context.addIssue({ code: 'custom', path: ['rules', index, 'match'], message });
    }
  })
  .meta({ title: 'Fairlead policy', description: 'Who may do what in the registries; what no rule allows is denied' });

export type PolicyFile = z.output<typeof policyFile>;
export type RuleFile = z.output<typeof policyRule>;
export type TestFile = z.output<typeof policyTest>;
