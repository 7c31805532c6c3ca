/** The workflow of the forge, checked by actionlint, which is built from its Go module. */
import { join, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { madeOnce } from '../support/made-once.ts';
import { findPart } from '../support/parts.ts';
import { run, runOk } from '../support/process.ts';

const WORKFLOW = resolve(import.meta.dirname, '../../.github/workflows/build.yaml');
const VERSION = 'v1.7.12';
const BUILD_TIMEOUT = 400_000;

describe.skipIf(findPart({ program: 'go' }) === undefined)('the workflow', () => {
  let actionlint: string;

  beforeAll(async () => {
    actionlint = await madeOnce(`actionlint-${VERSION}`, async (draft) => {
      await runOk('nice', ['go', 'install', `github.com/rhysd/actionlint/cmd/actionlint@${VERSION}`], {
        env: { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod' },
        timeoutMs: BUILD_TIMEOUT,
      });
      return join(draft, 'actionlint');
    });
  }, BUILD_TIMEOUT);

  it('has no findings', async () => {
    expect(await run(actionlint, ['-no-color', WORKFLOW])).toMatchObject({ code: 0, stdout: '' });
  });

  it('with a mistake has one: the linter finds it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-workflow-'));
    try {
      const broken = join(folder, 'broken.yaml');
      await writeFile(broken, (await readFile(WORKFLOW, 'utf8')).replace('needs: [test,', 'needs: [tests,'));

      const { code, stdout } = await run(actionlint, ['-no-color', broken]);

      expect(code).toBe(1);
      expect(stdout).toContain('job "package" needs job "tests" which does not exist');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
