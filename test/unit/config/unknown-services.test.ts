/** Services that a policy names and that its broker does not have. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lintFile } from '../../../src/config/lint.ts';
import { loadPolicy, loadPolicyInBackground } from '../../../src/config/load.ts';
import { createBackground } from '../../../src/platform/background.ts';
import { problemsOf, writtenFiles } from './written-files.ts';
import type { WrittenFiles } from './written-files.ts';

const SERVICES = ['registry.example.com', 'eu.example.com'];

let files: WrittenFiles;
beforeEach(async () => {
  files = await writtenFiles({});
});
afterEach(() => files[Symbol.asyncDispose]());

async function policyFile(
  services: string,
  test = '{ user: u, scope: "repository:a:pull", expect: [] }',
): Promise<string> {
  return files.write(
    'policy.yaml',
    `rules:
  - { name: frozen, everyone: true, services: ${services}, repositories: ["**"], deny: [push] }
tests:
  - ${test}
`,
  );
}

describe('a service that the broker does not have', () => {
  it.each([
    [
      '[registry.exmaple.com]',
      'rules.0.services.0: names the service "registry.exmaple.com", which broker.yaml does not have; did you mean "registry.example.com"?',
    ],
    [
      '[eu.example.com, other]',
      'rules.0.services.1: names the service "other", which broker.yaml does not have (registry.example.com, eu.example.com)',
    ],
  ])('is an error with its place in a rule: services: %s', async (services, message) => {
    const path = await policyFile(services);

    expect(await problemsOf(files, () => loadPolicy(path, { services: SERVICES }))).toEqual([
      expect.stringMatching(/^policy\.yaml:2:\d+: /) as string,
    ]);
    expect(await problemsOf(files, () => loadPolicy(path, { services: SERVICES }))).toEqual([
      expect.stringContaining(message) as string,
    ]);
  });

  it('is an error in a test, where the same misspelling would make the test pass', async () => {
    const path = await policyFile(
      '[registry.example.com]',
      '{ user: u, service: registry.exmaple.com, scope: "repository:a:push", expect: [] }',
    );

    expect(await problemsOf(files, () => loadPolicy(path, { services: SERVICES }))).toEqual([
      expect.stringMatching(
        /^policy\.yaml:4:\d+: tests\.0\.service: names the service "registry\.exmaple\.com"/,
      ) as string,
    ]);
  });

  it('is a warning as a pattern, because another broker may have such a service', async () => {
    const { warnings } = await loadPolicy(await policyFile('["us.*"]'), { services: SERVICES });

    expect(warnings).toEqual([
      expect.stringContaining(
        'names services like "us.*", and broker.yaml has none (registry.example.com, eu.example.com)',
      ) as string,
    ]);
  });

  it.each(['[registry.example.com]', '["*.example.com"]', '["*"]'])('is not %s', async (services) => {
    const { warnings } = await loadPolicy(await policyFile(services), { services: SERVICES });

    expect(warnings).toEqual([]);
  });

  it('is not looked for where the broker is not known', async () => {
    await expect(loadPolicy(await policyFile('[registry.exmaple.com]'))).resolves.toMatchObject({ warnings: [] });
  });

  it('keeps a broker from using the policy', async () => {
    await using background = createBackground();
    const use = { services: SERVICES, onFailedTests: 'warn' } as const;
    const load = async (services: string) => loadPolicyInBackground(await policyFile(services), use, background.run);

    await expect(load('[registry.exmaple.com]')).rejects.toThrow('did you mean "registry.example.com"?');
    expect(await load('["us.*"]')).toMatchObject({
      warnings: [expect.stringContaining('names services like "us.*"') as string],
    });
    expect(await load('[registry.example.com]')).toMatchObject({ warnings: [] });
  });

  it('is a finding of lint: a warning as a name, a hint as a pattern', async () => {
    const path = await policyFile('[registry.exmaple.com, "us.*"]');
    const everything = { canBe: () => true, like: () => undefined };
    const sources = {
      groups: everything,
      users: everything,
      robots: everything,
      canFill: () => true,
      sameInLowerCase: { users: [], groups: [] },
      exactBackends: [],
    };
    const { findings } = await lintFile(path, { sources, services: SERVICES });

    expect(findings.filter(({ code }) => code === 'no-such-service')).toMatchObject([
      {
        severity: 'warning',
        rule: 'frozen',
        line: 2,
        message: expect.stringContaining('registry.exmaple.com') as string,
      },
      { severity: 'hint', rule: 'frozen', line: 2, message: expect.stringContaining('us.*') as string },
    ]);
  });
});

describe('a policy whose own tests fail', () => {
  const FAILING = '{ user: u, scope: "repository:a:push", expect: [push] }';

  it('is refused with the place of each failed test', async () => {
    await using background = createBackground();
    const use = { services: SERVICES, onFailedTests: 'refuse' } as const;

    expect(
      await problemsOf(files, async () =>
        loadPolicyInBackground(await policyFile('["*"]', FAILING), use, background.run),
      ),
    ).toEqual(['policy.yaml:4:5: tests.0: the test fails: u asks repository:a:push: expected push, granted nothing']);
    await expect(loadPolicyInBackground(await policyFile('["*"]'), use, background.run)).resolves.toMatchObject({
      failedTests: 0,
      warnings: [],
    });
  });

  it('is used with a warning for each where the configuration says so', async () => {
    await using background = createBackground({ small: 0 });
    const use = { services: SERVICES, onFailedTests: 'warn' } as const;

    expect(await loadPolicyInBackground(await policyFile('["*"]', FAILING), use, background.run)).toMatchObject({
      failedTests: 1,
      warnings: [expect.stringContaining('the test fails: u asks repository:a:push') as string],
    });
  });
});
