/** Shadow mode: the next policy decides in addition to the one in force, and never changes a decision. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import type { Broker, LogLine } from '../support/broker.ts';
import { run } from '../support/process.ts';
import { ASK_PUBLIC, granted, SERVICE, startStaticBroker, STATIC_CONFIG } from '../support/static-broker.ts';
import { TEAM_POLICY } from '../support/user-sources.ts';
import { waitFor } from '../support/wait.ts';

const SHADOWED = { ...STATIC_CONFIG, policy: { file: 'policy.yaml', shadow: 'next.yaml' } };
const FREEZE = { name: 'freeze', users: ['*'], repositories: ['web/**'], deny: ['push'] };
const OPEN = { name: 'shared', everyone: true, repositories: ['shared/**'], allow: ['pull'] };
const BROKEN = 'rules: [{ name: broken }]';

function withRules(...rules: readonly object[]): string {
  const policy = JSON.parse(TEAM_POLICY) as { readonly rules: readonly object[] };
  return JSON.stringify({ ...policy, rules: [...policy.rules, ...rules] });
}

/** Serving does not wait for it. */
const loaded = (broker: Broker) => broker.waitForLine(({ message }) => message === 'shadow policy loaded');
const differing = (broker: Broker): readonly LogLine[] =>
  broker.log().filter(({ event }) => event === 'policy.differs');

async function counts(broker: Broker): Promise<Readonly<Record<string, number>>> {
  const page = await (await fetch(`${broker.url}/metrics`)).text();
  const samples = page.matchAll(/^fairlead_shadow_decisions_total\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...samples].map(([, outcome, value]) => [outcome, Number(value)]));
}

async function shadowState(broker: Broker): Promise<unknown> {
  const { policy } = (await (await fetch(`${broker.url}/readyz`)).json()) as { policy: { shadow: unknown } };
  return policy.shadow;
}

const check = (broker: Broker) =>
  run(process.execPath, [MAIN, 'check', '--config', join(broker.folder, 'broker.yaml')]);

describe('a shadow policy', () => {
  it('is served to nobody, and each decision on which it differs is logged and counted', async () => {
    await using broker = await startStaticBroker({
      config: SHADOWED,
      files: { 'next.yaml': withRules({ ...FREEZE, name: 'freeze' }, OPEN) },
    });

    await loaded(broker);
    const served = await granted(broker);
    await broker.token(ASK_PUBLIC);
    const { body } = await broker.token(
      `service=${SERVICE}&scope=repository:shared/a:pull&scope=repository:api/a:pull`,
    );
    await waitFor('both lines', () => differing(broker).length === 2);

    const [lost, gained] = differing(broker);
    const revision = expect.stringMatching(/^[0-9a-f]{12}$/);
    expect(served).toBe('pull,push');
    expect(lost).toMatchObject({
      user: 'alice',
      backend: 'local',
      client: '127.0.0.1',
      service: SERVICE,
      asked: 'repository:web/a:pull,push',
      granted: ['pull', 'push'],
      shadowGranted: ['pull'],
      rules: [expect.stringMatching(/^allow: teams own their namespace \(.*policy\.yaml:1\)$/)],
      shadowRules: [
        expect.stringMatching(/^allow: teams own their namespace \(.*next\.yaml:1\)$/),
        expect.stringMatching(/^deny: freeze \(.*next\.yaml:1\)$/),
      ],
      policy: revision,
      shadow: revision,
      requestId: expect.stringMatching(/./),
    });
    expect(gained).toMatchObject({ user: '', anonymous: true, granted: [], shadowGranted: ['pull'], rules: [] });
    expect(body).toHaveProperty('token');
    expect(await counts(broker)).toEqual({ same: 2, differs: 2 });
    expect(await shadowState(broker)).toEqual({ revision: lost?.['shadow'], stale: false });
  });

  it('says nothing where it decides as the policy in force', async () => {
    await using broker = await startStaticBroker({
      config: SHADOWED,
      files: { 'next.yaml': withRules({ ...FREEZE, repositories: ['elsewhere/**'] }) },
    });

    await loaded(broker);
    await granted(broker);
    await broker.token(ASK_PUBLIC);

    expect(await counts(broker)).toEqual({ same: 2, differs: 0 });
    await broker.settledLog();
    expect(differing(broker)).toEqual([]);
    expect((await check(broker)).stdout).toMatch(/^shadow .*next\.yaml: 4 rules, revision [0-9a-f]{12}$/m);
  });

  it.each([
    ['bad', { 'next.yaml': BROKEN }, /next\.yaml:1:9: rules\.0: expected users, groups or everyone/],
    ['missing', {}, /next\.yaml: cannot be read \(no such file\)/],
  ])('that is %s is reported by serve and by check, and serving goes on', async (_what, files, message) => {
    await using broker = await startStaticBroker({ config: SHADOWED, files });

    const served = await granted(broker);
    const line = await broker.waitForLine((one) => one.message.startsWith('shadow policy NOT loaded'));

    expect(line['cause']).toMatch(message);
    expect(served).toBe('pull,push');
    expect(await counts(broker)).toEqual({});
    expect(await shadowState(broker)).toEqual({ revision: null, stale: true });
    const { code, stderr } = await check(broker);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('is read again when it changes, and once it has gone bad the last good one goes on', async () => {
    await using broker = await startStaticBroker({ config: SHADOWED, files: { 'next.yaml': BROKEN } });
    const reloaded = ({ message, ...fields }: LogLine): boolean =>
      message === 'shadow policy reloaded' && typeof fields['revision'] === 'string';
    await broker.waitForLine(({ message }) => message.startsWith('shadow policy NOT loaded'));

    await broker.write('next.yaml', withRules(FREEZE));
    await broker.waitForLine(reloaded);
    await granted(broker);
    await broker.waitForLine(({ event }) => event === 'policy.differs');
    await rm(join(broker.folder, 'next.yaml'));
    await broker.waitForLine(({ message }) => message.startsWith('shadow policy NOT reloaded'));
    const served = await granted(broker);
    await waitFor('the second line', () => differing(broker).length === 2);

    expect(served).toBe('pull,push');
    expect(await shadowState(broker)).toMatchObject({ stale: true, revision: differing(broker)[1]?.['shadow'] });
  });

  it('does not keep a new policy from being read', async () => {
    await using broker = await startStaticBroker({ config: SHADOWED, files: { 'next.yaml': BROKEN } });

    await broker.write('policy.yaml', withRules(FREEZE));
    await waitFor('the new policy', async () => (await granted(broker)) === 'pull');
    await broker.waitForLine(({ message }) => message.startsWith('shadow policy NOT loaded'));

    expect(await shadowState(broker)).toEqual({ revision: null, stale: true });
  });
});
