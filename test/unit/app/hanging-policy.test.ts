import { mkdtempDisposable, open, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { policyInForce } from '../../../src/app/policy-in-force.ts';
import { createReload } from '../../../src/app/reload.ts';
import { readFileWithin } from '../../../src/backends/read-file.ts';
import { recordingLog } from '../../support/fakes.ts';
import { policyOf } from '../../support/policy-builder.ts';
import { runOk } from '../../support/process.ts';

it('a policy file that hangs is logged and makes the state stale, and the next reload reads its successor', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-hang-'));
  const path = (name: string): string => join(folder.path, name);
  const pointTo = async (target: string): Promise<void> => {
    await symlink(path(target), path('next'));
    await rename(path('next'), path('policy.yaml'));
  };
  // Nobody writes to the pipe: a read of it hangs, as on a network share that does not answer.
  await runOk('mkfifo', [path('pipe')]);
  for (const name of ['old', 'new']) await writeFile(path(name), name);
  await pointTo('old');
  const policy = await policyInForce(async () => {
    const revision = (await readFileWithin(path('policy.yaml'), undefined, 100)).toString();
    return { policy: { ...policyOf([]), revision }, warnings: [], failedTests: 0 };
  });
  const log = recordingLog();
  const deps = { log, onReload: () => undefined, later: () => undefined };
  const reloadable = { what: 'policy', reload: async () => void (await policy.reload()) };
  const reload = createReload({ ...deps, reloadable });

  await pointTo('pipe');
  await reload();
  expect(policy.state()).toEqual({ revision: 'old', stale: true });
  expect(log.lines).toMatchObject([{ level: 'error', fields: { cause: expect.stringContaining('does not answer') } }]);

  await pointTo('new');
  await reload();
  expect(policy.state()).toEqual({ revision: 'new', stale: false });

  await (await open(path('pipe'), 'r+')).close();
  expect(await readFile(path('policy.yaml'), 'utf8')).toBe('new');
});
