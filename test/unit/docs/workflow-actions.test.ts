/** The actions of the workflow: a tag can be moved to other code, a commit cannot. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const WORKFLOW = resolve(import.meta.dirname, '../../../.github/workflows/build.yaml');

it('every action of the workflow is named by its commit, with its version in a comment', async () => {
  const workflow = await readFile(WORKFLOW, 'utf8');
  const actions = workflow.match(/(?<=uses: ).*/g) ?? [];

  expect(actions.length).toBeGreaterThan(5);
  expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
});
