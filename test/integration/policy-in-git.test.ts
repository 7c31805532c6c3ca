/** The recipe for a policy in git: its hooks and jobs are run as they are written, on a repository of their own. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MAIN } from '../support/broker.ts';
import { findPart } from '../support/parts.ts';
import { run, runOk } from '../support/process.ts';
import { recipeTexts } from '../support/recipes.ts';

const BROKER = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
stateDir: state
services: { registry.example.com: {} }
backends: [{ name: local, type: static-file, file: users.yaml }]
policy: policy.yaml
`;
const policy = (key: string, allow: string): string => `rules:
  - { name: public, ${key}: true, repositories: ["public/**"], allow: [${allow}] }
tests:
  - { anonymous: true, scope: "repository:public/a:pull", expect: [pull] }
`;
const GOOD = policy('everyone', 'pull');
const WIDER = GOOD.replace('"public/**"', '"public/**", "docs/**"');
const MISTAKES = [
  ['a misspelt key', policy('evryone', 'pull'), 'did you mean "everyone"'],
  ['a failing test', policy('everyone', 'push'), 'FAILED anonymous'],
  [
    'a rule without effect',
    GOOD.replace('tests:', '  - { name: nothing, users: [bob], repositories: ["public/a"], allow: [pull] }\ntests:'),
    'rule "nothing"',
  ],
] as const;

interface Repository extends AsyncDisposable {
  readonly env: NodeJS.ProcessEnv;
  write(path: string, text: string): Promise<void>;
  read(path: string): Promise<string>;
  sh(script: string): ReturnType<typeof run>;
}

/** A clone with a good configuration in it, and `fairlead` on the path. */
async function repository(): Promise<Repository> {
  await using resources = new AsyncDisposableStack();
  const { path } = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-git-')));
  const [origin, clone, bin] = [join(path, 'origin.git'), join(path, 'clone'), join(path, 'bin')];
  await mkdir(bin);
  await writeFile(join(bin, 'fairlead'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, { mode: 0o755 });
  const env = {
    PATH: `${bin}${delimiter}${process.env['PATH']}`,
    HOME: path,
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'a'],
        [`GIT_${who}_EMAIL`, 'a@example.com'],
      ]),
    ),
  };
  await runOk('git', ['init', '--quiet', '--bare', '--initial-branch=main', origin], { env });
  await runOk('git', ['clone', '--quiet', origin, clone], { env });
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(join(clone, name, '..'), { recursive: true });
    await writeFile(join(clone, name), text);
  };
  for (const [name, text] of [
    ['broker.yaml', BROKER],
    ['users.yaml', 'users: {}\n'],
    ['policy.yaml', GOOD],
  ] as const)
    await write(`config/${name}`, text);
  const sh = (script: string) => run('sh', ['-e', '-c', script], { env, cwd: clone });
  const pushed = await sh('git checkout -q -B main && git add -A && git commit -qm first && git push -q origin main');
  if (pushed.code !== 0) throw new Error(pushed.stderr);
  const open = resources.move();
  return {
    env,
    write,
    sh,
    read: (name) => readFile(join(clone, name), 'utf8'),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function withHook(): Promise<Repository> {
  const made = await repository();
  const [hook, setUp] = recipeTexts('policy-in-git', 'sh').slice(1);
  await made.write('.githooks/pre-commit', hook ?? '');
  await made.sh(setUp ?? '');
  return made;
}

const COMMIT = 'git add config && git commit -qm change';

const git = findPart({ program: 'git', debian: 'git' });

describe.skipIf(git === undefined)('the git hook of the recipe', () => {
  it.each(MISTAKES)('refuses a commit with %s, and says what is wrong', async (_what, text, message) => {
    await using made = await withHook();

    await made.write('config/policy.yaml', text);
    const { code, stdout, stderr } = await made.sh(COMMIT);

    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(message);
    expect((await made.sh('git log --format=%s')).stdout).toBe('first\n');
  });

  it('lets a good policy pass, by what is committed and not by what is in the working tree', async () => {
    await using made = await withHook();

    await made.write('config/policy.yaml', GOOD.replace('public,', 'images for all,'));
    await made.sh('git add config');
    await made.write('config/policy.yaml', 'rules: [\n');
    const { code, stderr } = await made.sh('git commit -qm change');

    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('1 passed, 0 failed') as string });
  });

  it('has nothing to say about commits of other files', async () => {
    await using made = await withHook();

    await made.write('README', 'hello');
    const { code, stdout } = await made.sh('git add README && git commit -qm readme');

    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});

interface Hook {
  readonly language: string;
  readonly entry: string;
  readonly files: string;
  readonly pass_filenames: boolean;
}

describe.skipIf(git === undefined)('the hooks for the pre-commit framework', () => {
  const [text] = recipeTexts('policy-in-git', '.pre-commit-config.yaml');
  const { repos } = parse(text) as {
    readonly repos: readonly { readonly repo: string; readonly hooks: readonly Hook[] }[];
  };
  const hooks = repos.flatMap((repo) => (repo.repo === 'local' ? repo.hooks : []));

  it.each([['a good policy', GOOD, ''] as const, MISTAKES[0], MISTAKES[2]])(
    'decide as the git hook does: %s',
    async (_what, policyText, message) => {
      await using made = await repository();
      await made.write('config/policy.yaml', policyText);

      const results = [];
      for (const { entry } of hooks) results.push(await made.sh(entry));

      expect(results.every(({ code }) => code === 0)).toBe(message === '');
      expect(results.map(({ stdout, stderr }) => stdout + stderr).join('')).toContain(message);
    },
  );

  it('are run for changes of the configuration, without the names of files', () => {
    expect(hooks).toHaveLength(2);
    for (const { language, files, pass_filenames: names } of hooks) {
      expect({ language, names }).toEqual({ language: 'system', names: false });
      expect(['config/policy.yaml', 'src/config/x'].map((file) => new RegExp(files).test(file))).toEqual([true, false]);
    }
  });
});

/** Runs a job's commands one after another, each with the rest of its line, up to the first that fails. */
async function runJob(made: Repository, scripts: readonly string[], variables: Readonly<Record<string, string>>) {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
  return made.sh([...exports, ...scripts].join('\n'));
}

describe.skipIf(git === undefined)('the jobs of the recipe', () => {
  const [github] = recipeTexts('policy-in-git', '.github/workflows/policy.yaml');
  const [gitlab] = recipeTexts('policy-in-git', '.gitlab-ci.yml');
  const workflow = parse(github) as {
    readonly jobs: { readonly policy: { readonly steps: readonly { readonly run?: string }[] } };
  };
  const jobs = parse(gitlab) as Readonly<Record<'policy' | 'policy-before', { readonly script: readonly string[] }>>;

  const pipelines = {
    'GitHub Actions': async (made: Repository) => {
      // What the container would see under /config is in the repository here.
      const steps = workflow.jobs.policy.steps.flatMap(
        ({ run: script }) => script?.replaceAll(' /config/', ' config/') ?? [],
      );
      const result = await runJob(made, steps, {
        FAIRLEAD: 'fairlead',
        GITHUB_BASE_REF: 'main',
        GITHUB_STEP_SUMMARY: 'summary.md',
      });
      return { ...result, changes: await made.read('summary.md').catch(() => '') };
    },
    'GitLab CI': async (made: Repository) => {
      const { stdout: base } = await made.sh('git rev-parse origin/main');
      const steps = [...jobs['policy-before'].script, ...jobs.policy.script];
      const result = await runJob(made, steps, { CI_MERGE_REQUEST_DIFF_BASE_SHA: base.trim() });
      return { ...result, changes: result.stdout };
    },
  };

  it.each(Object.entries(pipelines))('pass a change and show which decisions change: %s', async (_name, pipeline) => {
    await using made = await repository();
    await made.write('config/policy.yaml', WIDER);
    await made.sh(`git checkout -q -b change && ${COMMIT}`);

    const { code, changes, stderr } = await pipeline(made);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(changes).toContain('docs/');
    expect(changes).not.toContain('public/');
  });

  it.each(Object.entries(pipelines))('stop at a policy that is broken: %s', async (_name, pipeline) => {
    await using made = await repository();
    await made.write('config/policy.yaml', MISTAKES[1][1]);
    await made.sh(`git checkout -q -b change && ${COMMIT}`);

    const { code, stdout } = await pipeline(made);

    expect(code).not.toBe(0);
    expect(stdout).toContain('FAILED anonymous');
  });
});
