import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicy, loadPolicyInBackground } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import type { ProveOptions } from '../../../src/core/policy/invariants.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { createBackground } from '../../../src/platform/background.ts';
import { ask } from '../../support/policy-builder.ts';
import type { Asker } from '../../support/policy-builder.ts';

const UNION = `roles: { writer: [pull, push] }
rules:
  - { name: teams, groups: ["team-{team}"], repositories: ["{team}/**"], allow: writer }
  - { name: office, users: ["*"], except: { users: [bob] }, clients: [10.0.0.0/8], repositories: ["lab/*"], allow: [pull] }
  - { name: one registry, everyone: true, services: [eu.*], repositories: ["public/**"], allow: [pull] }
  - { name: frozen, everyone: true, repositories: ["web/old"], deny: [push] }
  - { name: homes, users: ["*"], repositories: ["sites/{attr:site}/**"], allow: [pull] }
`;
const FIRST_MATCH = `evaluation: first-match
rules:
  - { name: own, users: ["*"], match: { name: "/^u/(\${account})$/" }, repositories: ["**"], allow: ["*"] }
  - { name: none, everyone: true, match: { account: "b*" }, repositories: ["**"], deny: ["*"] }
  - { name: rest, everyone: true, repositories: ["**"], allow: [pull] }
`;
const ASKERS: readonly Asker[] = [
  {},
  { user: 'alice', groups: ['team-web'], client: '10.1.2.3', service: 'eu.example' },
  { user: 'bob', groups: ['Team-Web'], client: '10.1.2.3', attributes: { 'attr:site': ['rome'] } },
];
const SCOPES = ['web/shop', 'web/old', 'lab/x', 'public/a', 'sites/rome/a', 'u/alice', 'u/bob'].map(
  (name) => `repository:${name}:pull,push`,
);

async function bothWays<Result>(text: string, look: (load: Promise<Policy>) => Promise<Result>) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-policy-'));
  await using background = createBackground({ small: 0 });
  const path = join(folder.path, 'policy.yaml');
  await writeFile(path, text);
  const here = await look(loadPolicy(path).then(({ policy }) => policy));
  const there = await look(
    loadPolicyInBackground(path, { services: ['eu.example'], onFailedTests: 'refuse' }, background.run).then(
      ({ policy }) => policy,
    ),
  );
  return { here, there };
}

describe('a policy that was read on another thread', () => {
  it.each([
    ['union', UNION],
    ['first match', FIRST_MATCH],
  ])('decides as one that was read on this one: %s', async (_evaluation, text) => {
    const { here, there } = await bothWays(text, async (load) => {
      const policy = await load;
      const grants = ASKERS.flatMap((asker) => SCOPES.map((scope) => ask(policy, asker, scope)));
      return { grants, revision: policy.revision, attributes: policy.attributes };
    });

    expect(there).toEqual(here);
    expect(new Set(here.grants.map(({ granted }) => granted.join())).size).toBeGreaterThan(1);
  });

  it.each([
    ['a misspelt key', 'rules:\n  - name: a\n    evryone: true\n'],
    ['a pattern', 'rules:\n  - { name: a, everyone: true, repositories: ["A/**"], allow: [pull] }\n'],
    ['text that is no YAML', 'rules: [\n'],
  ])('is refused with the same places: %s', async (_what, text) => {
    const problems = async (load: Promise<Policy>): Promise<unknown> =>
      load.then(
        () => 'no error',
        (error: unknown) =>
          error instanceof ConfigError ? { problems: error.problems, message: error.message } : error,
      );

    const { here, there } = await bothWays(text, problems);

    expect(there).toEqual(here);
    expect(here).toMatchObject({ message: expect.stringMatching(/policy\.yaml:\d+:\d+: /) as string });
  });
});

describe('a policy whose invariants are required', () => {
  const rules = 'rules: [{ name: all, users: ["*"], repositories: ["**"], allow: [pull] }]';
  const never = (action: string): string =>
    `${rules}\ninvariants:\n  - { name: claim, never: { everyone: true, repositories: ["**"], actions: ${action} } }\n`;

  async function load(text: string, prove?: ProveOptions): Promise<unknown> {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-policy-'));
    await using background = createBackground({ small: 0 });
    const path = join(folder.path, 'policy.yaml');
    await writeFile(path, text);
    const use = { services: [], onFailedTests: 'refuse', ...(prove === undefined ? {} : { prove }) } as const;
    return (await loadPolicyInBackground(path, use, background.run)).policy;
  }

  it('is loaded when they are proved', async () => {
    await expect(load(never('push'), {})).resolves.toMatchObject({ rules: [{ name: 'all' }] });
  });

  it('is refused when one is broken, with its place and a request that breaks it', async () => {
    await expect(load(never('pull'), {})).rejects.toThrow(
      /policy\.yaml:3:\d+: .*the invariant "claim" is BROKEN: user x asks repository:y:pull and is granted it/,
    );
  });

  it('is loaded with a broken one where they are not required', async () => {
    await expect(load(never('pull'))).resolves.toMatchObject({ rules: [{ name: 'all' }] });
  });
});
