/**
 * `npm run bench:exact`: what proofs about large and about awkward policies cost: comparisons, lint and invariants. Each
 * case ends within seconds, with a result or with the reason why there is none. Times are those of the processor, so that
 * they can be compared on a shared machine.
 */
import { invariantSchema, readInvariant } from '../../src/config/invariants.ts';
import { compareByClasses } from '../../src/core/policy/diff/classes.ts';
import { proveInvariant } from '../../src/core/policy/invariants.ts';
import { lintPolicy } from '../../src/core/policy/lint/lint.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { policyOf } from '../support/policy-builder.ts';
import type { RuleText } from '../support/policy-builder.ts';

const ROUNDS = 2;

interface Case {
  readonly name: string;
  /** @returns the result in a word */
  run(): string;
}

/** Rules that every organization has, and rules for one application each. */
function rulesFor(size: number): readonly RuleText[] {
  const shared: readonly RuleText[] = [
    { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] },
    { users: ['ci-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] },
    { users: ['*'], repositories: ['users/{user}/**'], allow: ['pull', 'push', 'delete'] },
    { users: ['*'], except: { users: ['release-bot'] }, repositories: ['*/release/**'], deny: ['push', 'delete'] },
    { everyone: true, repositories: ['public/**'], allow: ['pull'] },
    { groups: ['audit'], repositories: ['**'], allow: ['pull'] },
  ];
  const own = Array.from({ length: size - shared.length }, (_, index): RuleText => {
    const app = `app-${index}`;
    switch (index % 5) {
      case 0:
        return { groups: [`${app}-dev`, `${app}-ops-*`], repositories: [`${app}/**`], allow: ['pull', 'push'] };
      case 1:
        return { users: [`bot-${index}`], repositories: [`${app}/*`], allow: ['pull', 'push'], services: ['prod*'] };
      case 2:
        return {
          groups: [`${app}-dev`],
          except: { groups: [`${app}-lead`] },
          repositories: [`app-${index - 2}/live/**`],
          deny: ['push', 'delete'],
        };
      case 3:
        return { groups: [`partner-${index}-{part}`], repositories: [`${app}/{part}/**`], allow: ['pull', 'push'] };
      default:
        return {
          users: ['*'],
          except: { groups: [`${app}-ops`] },
          repositories: [`app-${index - 1}/secret/**`],
          deny: ['pull', 'push'],
        };
    }
  });
  return [...shared, ...own];
}

/** The same policy: each rule is split by its actions, so that no rule of one policy is in the other one. */
function split(rules: readonly RuleText[]): readonly RuleText[] {
  return rules.flatMap((rule) =>
    (rule.allow ?? rule.deny ?? []).map((action) => ({
      ...rule,
      ...(rule.allow === undefined ? { deny: [action] } : { allow: [action] }),
    })),
  );
}

function compared(before: Policy, after: Policy): string {
  const { classes, complete } = compareByClasses(before, after);
  return classes.length > 0 ? `${classes.length} kinds of decisions change` : complete ? 'proved equal' : 'open';
}

function comparison(name: string, before: readonly RuleText[], after: readonly RuleText[]): Case {
  const policies = [policyOf(before), policyOf(after)] as const;
  return { name, run: () => compared(...policies) };
}

const PULL: RuleText = { users: ['*'], repositories: ['x'], allow: ['pull'] };

function denialsExcept(exceptions: readonly Pick<RuleText, 'users' | 'groups'>[]): readonly RuleText[] {
  return exceptions.map((except) => ({ users: ['*'], except, repositories: ['x'], deny: ['pull'] }));
}

const CLAIMS: readonly object[] = [
  { only: { users: ['release-bot'], repositories: ['*/release/**'], actions: ['push', 'delete'] } },
  { never: { anonymous: true, repositories: ['**'], actions: ['push', 'delete'] } },
  { never: { groups: ['audit'], repositories: ['**'], catalog: true, actions: '*' } },
  {
    only: {
      groups: ['team-{team}', 'audit'],
      users: ['ci-{team}', 'bot-*'],
      repositories: ['{team}/x'],
      actions: 'pull',
    },
  },
  { always: { groups: ['team-{team}'], repositories: ['{team}/docs'], actions: 'pull' } },
];

function invariants(size: number): Case {
  const policy = policyOf(rulesFor(size));
  const all = CLAIMS.map((claim) => {
    const read = readInvariant(invariantSchema.parse({ name: 'claim', ...claim }), {
      file: '',
      line: 0,
      roles: new Map(),
    });
    if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
    return read.invariant;
  });
  const run = (): string => all.map((one) => proveInvariant(policy, one).kind).join(', ');
  return { name: `${all.length} invariants of ${size} rules`, run };
}

function lint(size: number): Case {
  const policy = policyOf(rulesFor(size));
  return { name: `lint of ${size} rules`, run: () => `${lintPolicy(policy, undefined).findings.length} findings` };
}

const groupsExcepted = denialsExcept(Array.from({ length: 80 }, (_, index) => ({ groups: [`g${index}`] })));
const infixes = denialsExcept(Array.from('abcdefghi', (letter) => ({ users: [`*${letter}*`] })));
const captures = (repositories: string): RuleText => ({
  groups: ['{a}-{b}-{c}'],
  repositories: [repositories],
  allow: ['pull'],
});

const cases: readonly Case[] = [
  ...[10, 100, 1000, 3000].map((size) =>
    comparison(`${size} rules, every rule split`, rulesFor(size), split(rulesFor(size))),
  ),
  comparison('1000 rules, one that adds nothing', rulesFor(1000), [
    ...rulesFor(1000),
    { groups: ['audit'], repositories: ['app-5/x'], allow: ['pull'] },
  ]),
  comparison('80 denials with an exception each', [PULL, ...groupsExcepted], groupsExcepted),
  comparison('a user who must fit 9 patterns', [PULL, ...infixes], infixes),
  comparison('3 captures in both policies, different', [captures('{a}/{b}/{c}')], [captures('{c}/{b}/{a}')]),
  comparison(
    '3 captures in both policies, equal',
    [captures('{a}/{b}/{c}')],
    split([{ ...captures('{a}/{b}/{c}'), name: 'other' }]),
  ),
  ...[100, 200].map(lint),
  ...[100, 1000].map(invariants),
];

for (const { name, run } of cases) {
  const times: number[] = [];
  let result = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = process.cpuUsage();
    result = run();
    const { user, system } = process.cpuUsage(started);
    times.push((user + system) / 1000);
  }
  process.stdout.write(`${name.padEnd(45)}${`${Math.min(...times).toFixed(0)} ms`.padStart(10)}  ${result}\n`);
}
