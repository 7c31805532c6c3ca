/** What answers to clients have of the configuration. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { answerSettings } from '../../../src/app/operator-deps.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { CONFIG, workspace } from '../cli/workspace.ts';
import type { Workspace } from '../cli/workspace.ts';

let files: Workspace;
beforeEach(async () => {
  files = await workspace();
});
afterEach(() => files[Symbol.asyncDispose]());

async function settingsWith(more: object) {
  const publicUrl = 'https://example.com/registry-auth';
  await files.write('broker.yaml', JSON.stringify({ ...CONFIG, publicUrl, ...more }));
  return answerSettings((await loadBroker(files.config)).config);
}

it('answers name the console at the public URL, where there is one', async () => {
  const consoleUrl = 'https://example.com/registry-auth/console';

  expect(await settingsWith({ console: {} })).toMatchObject({ consoleUrl });
  expect(await settingsWith({})).not.toHaveProperty('consoleUrl');
});
