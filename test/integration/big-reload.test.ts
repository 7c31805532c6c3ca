/** A policy that takes long to read, while requests come in. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../../src/app/compose.ts';
import { loadBroker } from '../../src/config/load.ts';
import { claimsOf } from '../support/broker.ts';
import { recordingLog, recordingLogs } from '../support/fakes.ts';

const RULES = 8000;
const BROKER = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
stateDir: state
services: { bench: { anonymous: allow } }
backends: [{ name: local, type: static-file, file: users.yaml }]
policy: policy.yaml
`;

/** Everyone may pull, or push as well; the rule comes last, so that a policy cut short would not have it. */
function bigPolicy(actions: string): string {
  const rules = Array.from(
    { length: RULES },
    (_, at) => `  - { name: rule ${at}, groups: [team-${at}], repositories: ["apps/a${at}/**"], allow: [pull] }\n`,
  );
  return `rules:\n${rules.join('')}  - { name: public, everyone: true, repositories: ["public/**"], allow: ${actions} }\n`;
}

async function startBig(folder: string, log: ReturnType<typeof recordingLog>) {
  await writeFile(join(folder, 'broker.yaml'), BROKER);
  await writeFile(join(folder, 'users.yaml'), 'users: {}\n');
  await writeFile(join(folder, 'policy.yaml'), bigPolicy('[pull]'));
  const loaded = await loadBroker(join(folder, 'broker.yaml'));
  const broker = await startBroker(loaded, recordingLogs(log));
  const granted = async (): Promise<string> => {
    const answer = await fetch(`${broker.url}/token?service=bench&scope=repository:public/app:pull,push`);
    const { token } = (await answer.json()) as { readonly token: string };
    const [entry] = claimsOf(token)['access'] as readonly { readonly actions: readonly string[] }[];
    return (entry?.actions ?? []).join();
  };
  return { broker, granted };
}

/** What is granted, request after request, until the work is done. */
async function whileReloading(granted: () => Promise<string>, work: Promise<void>): Promise<readonly string[]> {
  const answers: string[] = [];
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) answers.push(await granted());
  await done;
  return answers;
}

describe('a big policy that is read again', () => {
  it('keeps no request waiting, and is not in force before it is whole', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-big-'));
    const { broker, granted } = await startBig(folder.path, recordingLog());
    await using _ = broker;

    await writeFile(join(folder.path, 'policy.yaml'), bigPolicy('[pull, push]'));
    const answers = await whileReloading(granted, broker.reload());
    const after = await granted();

    // Read on the event loop it would let through the few that come before and after.
    expect(answers.length).toBeGreaterThan(40);
    expect(new Set(answers.slice(0, 20))).toEqual(new Set(['pull']));
    expect(after).toBe('pull,push');
  });

  it('leaves the old one in force when it is bad, and names the place', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-big-'));
    const log = recordingLog();
    const { broker, granted } = await startBig(folder.path, log);
    await using _ = broker;

    await writeFile(join(folder.path, 'policy.yaml'), bigPolicy('[pul]'));
    const answers = await whileReloading(granted, broker.reload());

    expect(new Set([...answers, await granted()])).toEqual(new Set(['pull']));
    const [line] = log.lines.filter(({ level }) => level === 'error');
    expect(line?.message).toMatch(/^policy NOT reloaded/);
    expect(line?.fields['cause']).toMatch(/policy\.yaml:8002:\d+: rules\.8000\.allow/);
  });
});
