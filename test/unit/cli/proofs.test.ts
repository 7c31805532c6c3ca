/** Commands that prove: what they print, and how they end. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { hiddenChanges } from '../../support/hidden-changes.ts';
import type { RuleText } from '../../support/policy-builder.ts';
import { CONFIG, POLICY, workspace } from './workspace.ts';

function policyFile(rules: readonly RuleText[], evaluation: string): string {
  return stringify({ evaluation, rules: rules.map((rule, index) => ({ name: `rule ${index + 1}`, ...rule })) });
}

describe('fairlead diff exits with 1 and shows an example', () => {
  it.each(hiddenChanges)('for $title', async ({ before, after, evaluation = 'union' }) => {
    await using files = await workspace({
      'old.yaml': policyFile(before, evaluation),
      'new.yaml': policyFile(after, evaluation),
    });

    const { code, stdout } = await files.fairlead(['diff', files.path('old.yaml'), files.path('new.yaml')]);

    expect(stdout).toMatch(/\n {2}example: user .* asks repository:/);
    expect(stdout).not.toContain('no decision changes');
    expect(code).toBe(1);
  });
});

it('fairlead diff exits with 1 and gives the reason where it neither found an example nor a proof', async () => {
  const rules = [{ users: ['*'], repositories: ['host:*/x'], allow: ['pull'] }];
  await using files = await workspace({
    'old.yaml': policyFile(rules, 'union'),
    'new.yaml': policyFile([...rules, { users: ['a'], repositories: ['host:80/x'], allow: ['pull'] }], 'union'),
  });

  const { code, stdout } = await files.fairlead(['diff', files.path('old.yaml'), files.path('new.yaml')]);

  expect(stdout).toContain('not proved, more decisions may change: "rule 1" (old.yaml:3) has a port with a wildcard');
  expect(stdout).toContain('no change was found');
  expect(code).toBe(1);
});

it('fairlead lint names the rule of which it is not proved that it is needed, and exits with 1 only if it is strict', async () => {
  const rules: readonly RuleText[] = [
    { groups: ['team-{team}'], repositories: ['*{team}*'], allow: ['pull'] },
    { groups: ['a'], repositories: ['x/**'], allow: ['pull'] },
    { groups: ['a'], repositories: ['y', 'z'], allow: ['pull'] },
    { groups: ['a'], repositories: ['x/1', 'y'], allow: ['pull'] },
  ];
  await using files = await workspace({ 'policy.yaml': policyFile(rules, 'union') });
  const lint = (...options: readonly string[]) => files.fairlead(['lint', files.path('policy.yaml'), ...options]);

  const { code, stdout } = await lint('--format', 'json');

  expect(JSON.parse(stdout)).toMatchObject({
    complete: false,
    gaps: [
      { rule: 'rule 4', file: 'policy.yaml', line: 25, message: expect.stringMatching(/^may add nothing, which/) },
    ],
  });
  expect(code).toBe(0);
  expect((await lint()).stdout).toContain('policy.yaml:25: open: rule "rule 4" may add nothing, which is not proved: ');
  expect((await lint('--strict')).code).toBe(1);
});

it('fairlead lint says that it does not test each rule of a policy of more than 200 rules', async () => {
  const rules = (count: number) =>
    Array.from({ length: count }, (_, index): RuleText => ({
      groups: [`g${index}`],
      repositories: [`r${index}/**`],
      allow: ['pull'],
    }));
  await using files = await workspace({
    'most.yaml': policyFile(rules(200), 'union'),
    'more.yaml': policyFile(rules(201), 'union'),
  });
  const remark = 'only found in policies of up to 200 rules';

  expect((await files.fairlead(['lint', files.path('most.yaml')])).stderr).not.toContain(remark);
  expect((await files.fairlead(['lint', files.path('more.yaml')])).stderr).toContain(remark);
});

describe('invariants of a policy', () => {
  const PROVED = `${POLICY}invariants:
  - { name: releases, only: { users: [release], repositories: ["web/release/**"], actions: push } }
`;
  const BROKEN = PROVED.replace('only: { users: [release]', 'only: { users: [bob]');

  it.each(['check', 'lint'])('are proved by fairlead %s', async (command) => {
    await using files = await workspace({ 'policy.yaml': PROVED });

    const { code, stdout } = await files.fairlead([command, '--config', files.config]);

    expect(stdout).toContain('policy.yaml:9: invariant "releases": PROVED\n');
    expect(code).toBe(0);
  });

  it.each(['check', 'lint'])('make fairlead %s exit with 1 when one is broken', async (command) => {
    await using files = await workspace({ 'policy.yaml': BROKEN });

    const { code, stdout } = await files.fairlead([command, '--config', files.config]);

    expect(stdout).toContain(
      'policy.yaml:9: invariant "releases": BROKEN: user release, in team-web asks repository:web/release:push and is granted it by rule "web" (policy.yaml:3)\n',
    );
    expect(code).toBe(1);
  });

  it('make fairlead diff exit with 1 when the new policy breaks one, even if no decision changes', async () => {
    await using files = await workspace({ 'policy.yaml': PROVED, 'next.yaml': BROKEN });
    const diff = (next: string) => files.fairlead(['diff', files.path('policy.yaml'), files.path(next)]);

    const [broken, proved] = [await diff('next.yaml'), await diff('policy.yaml')];

    expect(broken.stdout).toMatch(/\nno decision changes\n.*next\.yaml:9: invariant "releases": BROKEN: user /);
    expect(broken.code).toBe(1);
    expect(proved.stdout).toMatch(/\nno decision changes\n$/);
    expect(proved.code).toBe(0);
  });

  it('are printed as JSON', async () => {
    await using files = await workspace({ 'policy.yaml': BROKEN });

    const { stdout } = await files.fairlead(['check', '--config', files.config, '--format', 'json']);

    expect(JSON.parse(stdout)).toMatchObject({
      invariants: [{ name: 'releases', line: 9, kind: 'only', result: 'broken' }],
    });
  });

  it('may be required by the configuration', async () => {
    const policy = { file: 'policy.yaml', invariants: 'required' };
    await using files = await workspace({
      'broker.yaml': JSON.stringify({ ...CONFIG, policy }),
      'policy.yaml': BROKEN,
    });

    const { code, stderr } = await files.fairlead(['serve', '--config', files.config]);

    expect(stderr).toContain('the invariant "releases" is BROKEN');
    expect(code).toBe(2);
  });
});
