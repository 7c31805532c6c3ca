/** `fairlead check --watch` while somebody edits. */
import { mkdir, mkdtempDisposable, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run, start } from '../support/process.ts';
import type { RunningProcess } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const BROKER = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
stateDir: state
services: { registry.example.com: {} }
backends: [{ name: local, type: static-file, file: users.yaml }]
policy: policy.yaml
`;
const USERS = 'users: {}\n';
const policy = (key: string, expected: string): string => `rules:
  - { name: public, ${key}: true, repositories: ["public/**"], allow: [pull] }
tests:
  - { anonymous: true, scope: "repository:public/a:pull", expect: [${expected}] }
`;
const GOOD = policy('everyone', 'pull');

async function editing(files: Readonly<Record<string, string>> = {}) {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-watch-'))).path;
  /** In one step: a file that is empty for a moment could be checked once more. */
  const write = async (name: string, text: string): Promise<void> => {
    const path = join(folder, name);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  const all = { 'broker.yaml': BROKER, 'users.yaml': USERS, 'policy.yaml': GOOD, ...files };
  for (const [name, text] of Object.entries(all)) await write(name, text);
  const watching = resources.use(
    start(process.execPath, [MAIN, 'check', '--watch'].concat('--config', 'broker.yaml'), { cwd: folder }),
  );
  const open = resources.move();
  return {
    folder,
    watching,
    write,
    /** The output of one more check, from the end of the last one. */
    nextCheck: checksOf(watching),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function checksOf(watching: RunningProcess): () => Promise<string> {
  let seen = 0;
  return async () => {
    const end = /waiting for a change.*\n/;
    await waitFor('the next check', () => end.test(watching.output().slice(seen)));
    const fresh = watching.output().slice(seen);
    const length = fresh.search(end) + (end.exec(fresh)?.[0].length ?? 0);
    seen += length;
    return fresh.slice(0, length);
  };
}

describe('fairlead check --watch', () => {
  it('reports each mistake when it is saved, and when it is corrected, and exits with 0', async () => {
    await using edit = await editing();
    const outputs = [await edit.nextCheck()];

    for (const text of [policy('evryone', 'pull'), policy('everyone', 'push'), GOOD]) {
      await edit.write('policy.yaml', text);
      outputs.push(await edit.nextCheck());
    }
    edit.watching.signal('SIGINT');

    expect(outputs).toEqual([
      expect.stringMatching(/policy tests: 1 passed, 0 failed\n\d\d:\d\d:\d\d fine; waiting/),
      expect.stringMatching(
        /policy\.yaml:2:21: rules\.0\.evryone: .*did you mean "everyone"\?\n\d\d:\d\d:\d\d NOT fine/s,
      ),
      expect.stringMatching(/policy\.yaml:4: FAILED anonymous .*granted pull\n.*NOT fine/s),
      expect.stringMatching(/\d\d:\d\d:\d\d fine; waiting/),
    ]);
    expect(await edit.watching.exited).toEqual({ code: 0, signal: null });
  });

  it('watches the configuration and the users, too, and a policy file that is replaced', async () => {
    await using edit = await editing();
    await edit.nextCheck();

    await edit.write('users.yaml', 'users: { alice: { pasword: x } }\n');
    const users = await edit.nextCheck();
    await edit.write('users.yaml', USERS);
    await edit.nextCheck();
    await edit.write('broker.yaml', `${BROKER}polcy: x\n`);
    const broker = await edit.nextCheck();
    await edit.write('broker.yaml', BROKER.replace('policy.yaml', 'next.yaml'));
    const missing = await edit.nextCheck();
    await edit.write('.next.yaml.swp', GOOD);
    await rename(join(edit.folder, '.next.yaml.swp'), join(edit.folder, 'next.yaml'));
    const appeared = await edit.nextCheck();
    await rm(join(edit.folder, 'next.yaml'));
    const gone = await edit.nextCheck();

    expect(users).toMatch(/users\.yaml:1:19: users\.alice: found the key "pasword"/);
    expect(broker).toMatch(/broker\.yaml:7:1: polcy: .*did you mean "policy"/);
    expect(missing).toMatch(/broker\.yaml:6:9: policy: .*next\.yaml cannot be read/);
    expect(appeared).toMatch(/ fine; waiting/);
    expect(gone).toMatch(/ NOT fine; waiting/);
  });

  it('notices when a symbolic link is swapped, as Kubernetes does', async () => {
    await using edit = await editing({ 'broker.yaml': BROKER.replace('policy.yaml', 'mounted/policy.yaml') });
    const mounted = join(edit.folder, 'mounted');
    await edit.nextCheck();
    for (const [version, text] of [
      ['v1', GOOD],
      ['v2', policy('evryone', 'pull')],
    ] as const) {
      await mkdir(join(mounted, version), { recursive: true });
      await writeFile(join(mounted, version, 'policy.yaml'), text);
    }
    await symlink('v1', join(mounted, '..data'));
    await symlink('..data/policy.yaml', join(mounted, 'policy.yaml'));
    const first = await edit.nextCheck();

    await symlink('v2', join(mounted, '..new'));
    await rename(join(mounted, '..new'), join(mounted, '..data'));

    expect(first).toMatch(/ fine; waiting/);
    expect(await edit.nextCheck()).toMatch(/did you mean "everyone"/);
  });

  it('refuses options that read standard input', async () => {
    const { code, stderr } = await run(process.execPath, [MAIN, 'check', '--watch', '--login', 'alice']);

    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('without --watch') as string });
  });
});
