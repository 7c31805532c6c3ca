/** The operations about the policy. */
import { describe, expect, it } from 'vitest';
import type { Background } from '../../../../src/core/ports.ts';
import { systemClock } from '../../../../src/platform/clock.ts';
import { systemTimer } from '../../../../src/platform/timer.ts';
import { openTestApi, requestOf } from '../../../support/api.ts';
import { CONFIG, POLICY, SERVICE, workspace } from '../../cli/workspace.ts';

/** Threads whose tasks wait, once started, until they may go on. */
function pausedThreads() {
  const [started, resumed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const run: Background = async function* (task, input) {
    started.resolve();
    await resumed.promise;
    yield* task.work(input);
  };
  return { run, hasStarted: started.promise, resume: resumed.resolve, [Symbol.asyncDispose]: async () => undefined };
}

describe('the policy in force', () => {
  it('is shown with its revision, its tests and the shadow policy', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    expect(await api.ask('getPolicy', {})).toEqual({
      revision: api.parts.policy.current().revision,
      stale: false,
      rules: 3,
      failedTests: 0,
      warnings: [],
      shadow: null,
    });
  });

  it('decides as `fairlead explain` does', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);
    const scopes = ['repository:web/a:pull,push', 'repository:web/release/a:push', 'repository:db/a:pull'];

    const { decisions, ...who } = await api.ask('explain', { user: 'alice', scopes });
    const { stdout } = await files.fairlead(
      ['explain', '--user', 'alice', '--config', files.config, '--format', 'json'].concat(
        scopes.flatMap((scope) => ['--scope', scope]),
      ),
    );

    const shown = JSON.parse(stdout) as { readonly scopes: readonly Record<string, unknown>[] };
    expect(who).toMatchObject({ user: 'alice', groups: ['team-web'], backend: 'local' });
    expect(decisions.map(({ scope, granted }) => ({ scope, granted }))).toEqual(
      shown.scopes.map(({ scope, granted }) => ({ scope, granted })),
    );
    expect(decisions.map(({ granted }) => granted.join())).toEqual(['pull,push', '', '']);
    expect(decisions[0]?.explanation[0]).toBe('repository:web/a:pull,push grants pull, push');
  });

  it('decides for groups of the request, for anonymous callers, at a service, an address and a time', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);
    const scopes = ['repository:public/a:pull'];

    const imagined = await api.ask('explain', { user: 'zoe', groups: ['team-web'], scopes: ['repository:web/a:pull'] });
    const anonymous = await api.ask('explain', { scopes, service: SERVICE, client: '::1', at: '2026-05-04T09:30:00Z' });

    expect(imagined).toMatchObject({ user: 'zoe', backend: null, decisions: [{ granted: ['pull'] }] });
    expect(anonymous).toMatchObject({ user: null, groups: [], decisions: [{ granted: ['pull'] }] });
  });

  it('decides for a robot that is configured, without groups, and for no other', async () => {
    const robots = { 'web-ci': { owner: { groups: ['team-web'] } } };
    await using files = await workspace({
      'broker.yaml': JSON.stringify({ ...CONFIG, personalTokens: {}, robots }),
      'policy.yaml': 'rules: [{ name: ci, users: ["robot:web-ci"], repositories: ["web/**"], allow: [push] }]\n',
    });
    await using api = await openTestApi(files.config);
    const scopes = ['repository:web/a:push'];

    const robot = await api.ask('explain', { user: 'robot:web-ci', scopes });
    const other = await api.send(requestOf('explain', { user: 'robot:other', scopes }));
    const inGroup = await api.send(requestOf('explain', { user: 'robot:web-ci', groups: ['team-web'], scopes }));

    expect(robot).toMatchObject({ user: 'robot:web-ci', groups: [], decisions: [{ granted: ['push'] }] });
    expect([other.status, inGroup.status]).toEqual([404, 400]);
  });

  it.each([
    [{ user: 'nobody', scopes: ['repository:a:pull'] }, 404, undefined],
    [{ user: 'alice', scopes: ['nonsense'] }, 400, 'body.scopes.0'],
    [{ user: 'alice', scopes: ['repository:a:pull', 'repository:a:pul'] }, 400, 'body.scopes.1'],
    [{ user: 'alice', scopes: ['repository:a:pull'], service: 'other' }, 400, 'body.service'],
    [{ user: 'alice', groups: ['a'], backend: 'corp', scopes: ['repository:a:pull'] }, 400, 'body.backend'],
    [{ groups: ['a'], scopes: ['repository:a:pull'] }, 400, 'body'],
    [{ user: 'alice', scopes: ['repository:a:pull'], client: '10.0.0.0/8' }, 400, 'body.client'],
    [{ user: 'alice', scopes: ['repository:a:pull'], at: 'noon' }, 400, 'body.at'],
    [{ user: 'alice', scopes: [] }, 400, 'body.scopes'],
  ])('does not explain %j', async (question, status, field) => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    const fields = field === undefined ? {} : { fields: [expect.objectContaining({ field })] };
    expect(await api.send(requestOf('explain', question))).toMatchObject({ status, json: fields });
  });

  it('is explained within a budget of time, and other requests get their turn after each scope', async () => {
    await using files = await workspace();
    let [now, turns] = [0, 0];
    await using api = await openTestApi(files.config, {
      // Each look at the clock takes 0.6 seconds.
      clock: { ...systemClock, monotonic: () => (now += 600) },
      timer: { ...systemTimer, turn: async () => void (turns += 1) },
    });
    const scopesOf = (count: number) => Array.from({ length: count }, (_, at) => `repository:web/a${at}:pull`);

    const few = await api.ask('explain', { scopes: scopesOf(4) });
    const turnsOfFew = turns;
    const many = await api.send(requestOf('explain', { scopes: scopesOf(50) }));

    expect(few.decisions).toHaveLength(4);
    expect(turnsOfFew).toBe(4);
    expect(many).toMatchObject({
      status: 503,
      json: { code: 'too-much-work', detail: 'only 4 of 50 scopes were explained in time; ask about fewer' },
    });
  });

  it('is searched for those who may, as `fairlead who-can` does', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    const found = await api.ask('whoCan', { action: 'push', repository: 'web/a' });
    const { stdout } = await files.fairlead(['who-can', 'push', 'web/a', '--config', files.config, '--format', 'json']);

    const { ways, users, anonymous, complete } = JSON.parse(stdout) as Record<string, readonly { who: string }[]>;
    expect(found.grantees.map(({ who }) => who)).toEqual(ways?.map(({ who }) => who));
    expect(found).toMatchObject({ users, anonymous, complete, policyRevision: api.parts.policy.current().revision });
    expect(found.users).toEqual(['alice']);
  });

  it('is not searched while its file is another one, so that no answer is about a policy that is not in force', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);
    await files.write('policy.yaml', `${POLICY}# changed\n`);

    expect(await api.send(requestOf('whoCan', { action: 'push', repository: 'web/a' }))).toMatchObject({
      status: 409,
      json: { code: 'conflict' },
    });
  });
});

describe('a pasted policy', () => {
  it('is examined with its tests, and is not put in force', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);
    const before = api.parts.policy.current().revision;

    const good = await api.ask('checkPolicy', { text: `${POLICY}# another\n` });
    const bad = await api.ask('checkPolicy', { text: POLICY.replace('expect: [pull, push]', 'expect: [pull]') });

    expect(good).toMatchObject({ valid: true, rules: 3, problems: [], tests: { passed: 1, failed: [] } });
    expect(good.revision).not.toBe(before);
    expect(bad).toMatchObject({ valid: false, tests: { passed: 0, failed: [{ line: 7 }] } });
    expect(api.parts.policy.current().revision).toBe(before);
  });

  it('has its problems with line and column, and its findings', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);

    const invalid = await api.ask('checkPolicy', { text: 'rules:\n  - { nam: web }\n' });
    const unused = await api.ask('checkPolicy', {
      text: `${POLICY}\n`.replace('reader: [pull]', 'reader: [pull], idle: [pull]'),
    });

    expect(invalid).toMatchObject({ valid: false, revision: null });
    expect(invalid.problems).toContainEqual(expect.objectContaining({ line: 2, path: 'rules.0.nam' }));
    expect(unused.findings).toContainEqual(expect.objectContaining({ code: 'unused-role', severity: 'hint' }));
  });

  it('that names a service which the configuration does not have is not valid', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);
    const text = POLICY.replace('name: web,', 'name: web, services: [registry.exampel.com],');

    expect(await api.ask('checkPolicy', { text })).toMatchObject({ valid: false });
  });

  it('that expands to too much is refused at once', async () => {
    await using files = await workspace();
    await using api = await openTestApi(files.config);
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1]',
      ...'bcdefgh'.split('').map((name, index) => {
        const before = 'abcdefgh'[index] ?? 'a';
        return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`;
      }),
    ].join('\n');

    const answer = await api.ask('checkPolicy', { text: bomb });

    expect(answer).toMatchObject({ valid: false, revision: null });
  });

  it('is examined one at a time', async () => {
    await using files = await workspace();
    const threads = pausedThreads();
    await using api = await openTestApi(files.config, {}, threads);

    const first = api.ask('checkPolicy', { text: POLICY });
    await threads.hasStarted;
    const second = await api.send(requestOf('checkPolicy', { text: POLICY }));
    threads.resume();

    expect(second).toMatchObject({ status: 503, json: { code: 'too-much-work' } });
    expect(await first).toMatchObject({ valid: true });
    expect(await api.ask('checkPolicy', { text: POLICY })).toMatchObject({ valid: true });
  });
});
