/** `invariants:` of the policy file: claims that every version of the policy must satisfy. */
import { z } from 'zod';
import { compilePolicy } from '../core/policy/compile.ts';
import type { Condition } from '../core/policy/condition.ts';
import type { PolicyProblem, RuleDocument, Who } from '../core/policy/document.ts';
import { textWithoutValues } from '../core/policy/invariants.ts';
import type { Invariant } from '../core/policy/invariants.ts';
import { conditionKinds, conditionsIn } from './conditions/index.ts';
import { names, namesSomebody, whoKeys, whoOf } from './who-schema.ts';

const kinds = conditionKinds.filter(({ evaluation }) => evaluation === 'any');
const actions = z.union([z.string().min(1), names]).transform((list) => (typeof list === 'string' ? [list] : list));

const claim = z
  .strictObject({
    ...whoKeys,
    anonymous: z.literal(true).optional().meta({
      description: '`true`: requests without a login. In `never` only, and without `users`, `groups`, `everyone`.',
    }),
    ...Object.fromEntries(kinds.map(({ key, schema, description }) => [key, schema.optional().meta({ description })])),
    repositories: names.optional().meta({ description: 'Repository patterns, as in a rule' }),
    catalog: z.boolean().optional().meta({ description: '`true`: the list of all repositories' }),
    actions: actions.meta({ description: 'Actions (pull, push, delete, *) or roles. One or a list.' }),
  })
  .superRefine((written, context) => {
    const report = (message: string): void => context.addIssue({ code: 'custom', message, input: undefined });
    if (namesSomebody(written) === (written.anonymous === true))
      report('expected users, groups or everyone: true, or instead of them anonymous: true');
    if (written.repositories === undefined && written.catalog !== true)
      report('expected repositories or catalog: true, found none of them');
  });

const KINDS = ['never', 'only', 'always'] as const;

export const invariantSchema = z
  .strictObject({
    name: z.string().min(1).max(200).meta({ description: 'What the invariant is called in messages' }),
    never: claim.optional().meta({ description: 'Nobody of these callers is ever granted one of the actions.' }),
    only: claim.optional().meta({
      description: 'Nobody else is ever granted one of the actions. Captures: each value for itself.',
    }),
    always: claim.optional().meta({ description: 'All of these callers are always granted the actions.' }),
  })
  .superRefine((written, context) => {
    const report = (message: string): void => context.addIssue({ code: 'custom', message, input: undefined });
    if (KINDS.filter((kind) => written[kind] !== undefined).length !== 1)
      report('expected one of never, only and always');
    if ((written.only ?? written.always)?.anonymous === true) report('expected anonymous: true in never only');
    if (written.only?.everyone === true) report('expected users or groups in only, found everyone');
  })
  .meta({ description: 'What must be true of every decision; `fairlead check` and `fairlead lint` prove it' });

type InvariantFile = z.output<typeof invariantSchema>;

interface Place {
  readonly file: string;
  readonly line: number;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

type InvariantResult =
  | { readonly kind: 'invariant'; readonly invariant: Invariant }
  | { readonly kind: 'problems'; readonly problems: readonly PolicyProblem[] };

/** @returns the problems with their paths in the invariant */
export function readInvariant(written: InvariantFile, { file, line, roles }: Place): InvariantResult {
  const kind = KINDS.find((one) => written[one] !== undefined) ?? 'never';
  const body = written[kind];
  // The schema requires one of the kinds.
  if (body === undefined) return { kind: 'problems', problems: [] };
  const isAnonymous = body.anonymous === true;
  const document: RuleDocument = {
    name: written.name,
    file,
    line,
    who: isAnonymous ? { users: [], groups: [], everyone: true } : whoOf(body),
    conditions: conditionsOf(body),
    repositories: body.repositories ?? [],
    catalog: body.catalog ?? false,
    effect: 'allow',
    actions: body.actions,
  };
  const rules = kind === 'only' ? perCapture(document) : [document];
  const result = compilePolicy({ revision: '', roles, rules });
  if (result.kind === 'problems')
    return {
      kind: 'problems',
      problems: result.problems.map(({ path: [, , ...path], message }) => ({
        path: [kind, ...path.map((key) => (key === 'allow' ? 'actions' : key))],
        message,
      })),
    };
  return { kind: 'invariant', invariant: { name: written.name, file, line, kind, claim: result.policy, isAnonymous } };
}

function conditionsOf(body: object): readonly Condition[] {
  return conditionsIn(body, kinds);
}

/** In `only`, callers without captures are for all values: `groups: ["team-{team}", admins]` on `{team}/**`. */
function perCapture(document: RuleDocument): readonly RuleDocument[] {
  const captures = document.repositories.flatMap((text) =>
    [...text.matchAll(/\{([a-z][a-z0-9_]*)\}/g)].map(([one]) => one),
  );
  const own = captures.filter((capture) => capture !== '{user}' && capture !== '{group}');
  if (own.length === 0) return [document];
  const gives = (text: string): boolean => own.every((capture) => text.includes(capture));
  const [giving, other] = [partOf(document.who, gives), partOf(document.who, (text) => !gives(text))];
  const repositories = document.repositories.map(textWithoutValues);
  return [
    ...(namesAny(giving) ? [{ ...document, who: giving }] : []),
    ...(namesAny(other) ? [{ ...document, who: other, repositories }] : []),
  ];
}

function partOf({ users, groups }: Who, test: (text: string) => boolean): Who {
  return { users: users.filter(test), groups: groups.filter(test), everyone: false };
}

function namesAny({ users, groups }: Who): boolean {
  return users.length + groups.length > 0;
}
