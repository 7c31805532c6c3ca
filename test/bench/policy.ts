/**
 * `npm run bench:policy`: what a decision costs as the policy grows. The cost should follow the rules that can match,
 * not the rules there are; the last ratio says how far that is so.
 */
import { decide } from '../../src/core/policy/decide.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { parseScope } from '../../src/core/scope.ts';
import type { Scope } from '../../src/core/scope.ts';
import { callerOf, policyOf } from '../support/policy-builder.ts';
import type { RuleText } from '../support/policy-builder.ts';

const SIZES = [10, 100, 1000, 10_000];
const GROUPS = [5, 500];
const ROUNDS = 5;
const DECISIONS = 4000;

/** Half of the rules name a team of their own, the rest are the kinds every policy has some of. */
function rulesFor(size: number): readonly RuleText[] {
  return Array.from({ length: size }, (_, index): RuleText => {
    if (index === 0) return { groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] };
    if (index === 1) return { users: ['*'], repositories: ['users/{user}/**'], allow: ['*'] };
    if (index === 2) return { everyone: true, repositories: ['public/**'], allow: ['pull'] };
    if (index === 3)
      return {
        users: ['*'],
        except: { users: ['release-bot'] },
        repositories: ['*/release/**'],
        deny: ['push', 'delete'],
      };
    if (index % 2 === 0)
      return { groups: [`app-${index}`], repositories: [`apps/app-${index}/**`], allow: ['pull', 'push'] };
    return { users: [`bot-${index}`], repositories: [`apps/app-${index}/*`], allow: ['pull', 'push'] };
  });
}

function scopesFor(size: number): readonly Scope[] {
  const names = [
    'team-3/shop',
    'users/alice/x',
    'public/nginx',
    'team-3/release/1',
    `apps/app-${size - 2}/web`,
    'nobody/has/this',
  ];
  return names.flatMap((name) => parseScope(`repository:${name}:pull,push`) ?? []);
}

function perSecond(policy: Policy, groups: number, scopes: readonly Scope[]): number {
  const caller = callerOf({
    user: 'alice',
    groups: Array.from({ length: groups }, (_, index) => `team-team-${index}`),
    caseless: true,
  });
  const situation = { caller, service: 'registry.example.com', client: '192.0.2.1', time: 0 };
  let best = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    for (let index = 0; index < DECISIONS; index += 1)
      decide(policy, situation, scopes[index % scopes.length] as Scope);
    best = Math.max(best, DECISIONS / ((performance.now() - started) / 1000));
  }
  return best;
}

// Once unmeasured: the just-in-time compiler would charge the first row for all.
for (const size of SIZES) perSecond(policyOf(rulesFor(size)), 5, scopesFor(size));

const rows = GROUPS.map((groups) => {
  const rates = SIZES.map((size) => perSecond(policyOf(rulesFor(size)), groups, scopesFor(size)));
  return { groups, rates, ratio: (rates[0] ?? 0) / (rates.at(-1) ?? 1) };
});
const cell = (text: string): string => text.padStart(12);
process.stdout.write(
  [
    `Decisions per second, best of ${ROUNDS} rounds of ${DECISIONS}, Node ${process.version}`,
    [cell('groups'), ...SIZES.map((size) => cell(`${size} rules`)), cell('first/last')].join(''),
    ...rows.map(({ groups, rates, ratio }) =>
      [cell(String(groups)), ...rates.map((rate) => cell(rate.toFixed(0))), cell(ratio.toFixed(2))].join(''),
    ),
    '',
  ].join('\n'),
);
