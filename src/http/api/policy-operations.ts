/** Operations about the policy: what is in force, what it decides, and whether another one would be valid. */
import { z } from 'zod';
import { ACTIONS } from '../../core/access.ts';
import { name } from './fields.ts';
import type { Operation } from './operation.ts';

const action = z.enum(ACTIONS);
const line = z.int().min(0).meta({ description: 'Counted from 1; 0: the file as a whole' });

/** The most findings of each kind in one answer. */
export const MAX_FINDINGS = 100;
/** A policy of some thousand rules. */
const MAX_POLICY_BYTES = 1024 * 1024;

const problem = z
  .object({ line, column: line, path: z.string(), message: z.string() })
  .meta({ id: 'PolicyProblem', description: 'Why the policy would be refused' });

const finding = z
  .object({
    code: z.string(),
    severity: z.enum(['warning', 'hint']),
    line,
    rule: z.string().meta({ description: 'The name of the rule; empty: it is about no rule' }),
    message: z.string(),
    cure: z.string().meta({ description: 'What to do about it' }),
  })
  .meta({ id: 'PolicyFinding', description: 'What works, but is probably a mistake' });

const check = z
  .object({
    valid: z.boolean().meta({ description: 'Whether a broker with this configuration would use it' }),
    revision: z.string().nullable().meta({ description: 'Null: it cannot be read' }),
    rules: z.int().min(0),
    problems: z.array(problem),
    findings: z.array(finding),
    tests: z.object({
      passed: z.int().min(0),
      failed: z.array(z.object({ line, summary: z.string() })),
    }),
    invariants: z.array(z.object({ name: z.string(), proved: z.boolean(), result: z.string() })),
    complete: z.boolean().meta({
      description: `Whether everything was examined to the end, and no list has more than ${MAX_FINDINGS} entries`,
    }),
  })
  .meta({ id: 'PolicyCheck' });

const reason = z
  .object({
    rule: z.string(),
    file: z.string(),
    line,
    effect: z.enum(['allow', 'deny', 'skipped']),
    actions: z.array(action),
    via: z.string().meta({ description: 'Why the rule matches the caller: `group team-web`' }),
    note: z.string().optional(),
  })
  .meta({ id: 'Reason' });

const decision = z
  .object({
    scope: z.string(),
    granted: z.array(action),
    complete: z.boolean().meta({ description: 'Whether every requested action is granted' }),
    because: z.array(reason),
    explanation: z.array(z.string()).meta({ description: 'The decision in sentences, with rules that nearly match' }),
  })
  .meta({ id: 'Decision' });

const grantee = z
  .object({
    who: z.string(),
    rule: z.string(),
    file: z.string(),
    line,
    conditions: z.array(z.string()),
    except: z.array(z.string()),
    verdict: z.enum(['yes', 'no', 'perhaps']),
    denials: z.array(
      z.object({
        rule: z.string(),
        file: z.string(),
        line,
        via: z.string(),
        except: z.array(z.string()),
        conditions: z.array(z.string()),
      }),
    ),
    exceptionAllowed: z.boolean(),
  })
  .meta({ id: 'Grantee' });

const explainBody = z
  .strictObject({
    user: name.optional().meta({ description: 'Absent: anonymous' }),
    groups: z.array(name).max(1000).optional().meta({ description: 'Absent: the backends are asked' }),
    backend: name.optional().meta({ description: 'With `groups`: compare names as this backend does' }),
    scopes: z.array(z.string().min(1).max(1024)).min(1).max(50).meta({
      description: 'Such as `repository:web/shop:pull,push`',
    }),
    service: name.optional().meta({ description: 'Absent: the first that is configured' }),
    client: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1').meta({ description: 'The address of the client' }),
    at: z.iso.datetime().optional().meta({ description: 'The time of the request; absent: now' }),
  })
  .refine(({ user, groups }) => user !== undefined || groups === undefined, { error: 'groups need a user' })
  .refine(({ groups, backend }) => groups !== undefined || backend === undefined, { error: 'backend needs groups' })
  .meta({ id: 'ExplainRequest' });

export const policyOperations = {
  getPolicy: {
    method: 'GET',
    path: '/policy',
    access: 'read',
    summary: 'The policy in force, and the shadow policy',
    answer: z
      .object({
        revision: z.string(),
        stale: z.boolean(),
        rules: z.int().min(0),
        failedTests: z.int().min(0),
        warnings: z.array(z.string()),
        shadow: z
          .object({ revision: z.string().nullable(), stale: z.boolean() })
          .nullable()
          .meta({ description: 'Null: there is none' }),
      })
      .meta({ id: 'Policy' }),
  },
  checkPolicy: {
    method: 'POST',
    path: '/policy/check',
    access: 'read',
    summary: 'Examines the text of a policy as `fairlead check`, `lint` and `test` do; it is not put in force',
    body: z
      .strictObject({ text: z.string().min(1).max(MAX_POLICY_BYTES).meta({ description: 'YAML' }) })
      .meta({ id: 'PolicyCheckRequest' }),
    // JSON needs up to six bytes for a character.
    maxBytes: 2 * MAX_POLICY_BYTES,
    answer: check,
    problems: ['too-much-work'],
  },
  explain: {
    method: 'POST',
    path: '/policy/explain',
    access: 'read',
    summary: 'What the policy in force grants to a user, rule by rule',
    body: explainBody,
    answer: z
      .object({
        user: z.string().nullable().meta({ description: 'The canonical name; null: anonymous' }),
        groups: z.array(z.string()),
        backend: z.string().nullable().meta({ description: 'Null: the groups are those of the request' }),
        policyRevision: z.string(),
        decisions: z.array(decision),
      })
      .meta({ id: 'Explanation' }),
    problems: ['not-found', 'unavailable', 'too-much-work'],
  },
  whoCan: {
    method: 'POST',
    path: '/policy/who-can',
    access: 'read',
    summary: 'Who may do something with a repository, and by which rule',
    body: z
      .strictObject({
        action,
        repository: z.string().min(1).max(255),
        service: name.optional().meta({ description: 'Absent: the first that is configured' }),
        client: z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1').meta({ description: 'The address of the client' }),
      })
      .meta({ id: 'WhoCanRequest' }),
    answer: z
      .object({
        policyRevision: z.string(),
        grantees: z.array(grantee),
        users: z.array(z.string()).meta({ description: 'Those of the users in files who can' }),
        anonymous: z.boolean(),
        gaps: z.array(z.string()).meta({ description: 'Why there may be somebody who is not listed' }),
        complete: z.boolean(),
      })
      .meta({ id: 'WhoCan' }),
    problems: ['too-much-work'],
  },
} as const satisfies Readonly<Record<string, Operation>>;
