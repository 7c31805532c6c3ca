/** What the pages about the policy get from a broker. */
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { askAboutPolicy } from '../../../src/app/api/ask-about-policy.ts';
import { policyPageDeps } from '../../../src/app/console-policy.ts';
import type { AuditEvent } from '../../../src/core/events.ts';
import type { Background } from '../../../src/core/ports.ts';
import { decideFor } from '../../../src/core/policy/decide-for.ts';
import { parseScope } from '../../../src/core/scope.ts';
import type { ApiHandlers } from '../../../src/http/api/api.ts';
import type { ApiRequest } from '../../../src/http/api/operations.ts';
import type { PolicyAreaDeps } from '../../../src/http/console/policy.ts';
import { createBackground } from '../../../src/platform/background.ts';
import { recordDecisions } from '../../../src/platform/recent-decisions.ts';
import { recordDifferences } from '../../../src/platform/shadow-differences.ts';
import { openTestApi } from '../../support/api.ts';
import type { TestApi } from '../../support/api.ts';
import { fixedClock, noWaiting } from '../../support/fakes.ts';
import { callerOf } from '../../support/policy-builder.ts';
import { POLICY, SERVICE, workspace } from '../cli/workspace.ts';
import type { Workspace } from '../cli/workspace.ts';

const CONTEXT = { requestId: 'r-1', client: '10.1.4.7' };
const TIME = 1_780_000_000;
const FREEZE = '  - { name: freeze, users: ["*"], repositories: ["web/**"], deny: [push] }\ntests:';
const FROZEN = POLICY.replace('tests:', FREEZE);

interface World extends AsyncDisposable {
  readonly files: Workspace;
  readonly api: TestApi;
  readonly pages: PolicyAreaDeps;
  readonly differences: ReturnType<typeof recordDifferences>;
}

interface Options {
  /** Another policy than the usual one. */
  readonly policy?: string;
  readonly thread?: Background;
  readonly shadow?: { readonly revision: string | null; readonly stale: boolean };
}

/** A broker that has just decided whether alice, of team-web, may pull and push web/a. */
async function openWorld({ policy = POLICY, thread, shadow }: Options = {}): Promise<World> {
  await using resources = new AsyncDisposableStack();
  const files = resources.use(await workspace({ 'policy.yaml': policy }));
  const background = resources.use(createBackground({ small: Infinity }));
  const api = resources.use(await openTestApi(files.config));
  const { config, source } = api.parts.loaded;
  const recent = recordDecisions(100, fixedClock(TIME));
  const differences = recordDifferences(100, fixedClock(TIME));
  recent.record(issued(api));
  const questions = askAboutPolicy(thread ?? background.run, source.path);
  const pages = policyPageDeps(config, {
    // The operations of the console, which are those of the API.
    api: async () =>
      ({
        getPolicy: async () => ({ ...(await api.ask('getPolicy', {})), shadow: shadow ?? null }),
        checkPolicy: (input: { text: string }) => api.ask('checkPolicy', input),
        whoCan: (input: ApiRequest<'whoCan'>) => api.ask('whoCan', input),
      }) as unknown as ApiHandlers,
    questions: async () => questions,
    recent,
    differences,
    timer: noWaiting,
    configPath: source.path,
  });
  const running = resources.move();
  return { files, api, pages, differences, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function issued({ parts }: TestApi): AuditEvent {
  const policy = parts.policy.current();
  const caller = callerOf({ user: 'alice', groups: ['team-web'] });
  const asked = parseScope('repository:web/a:pull,push');
  if (asked === undefined) throw new Error('this is a scope');
  const situation = { caller, service: SERVICE, client: '10.1.4.7', time: TIME };
  return {
    type: 'token.issued',
    request: CONTEXT,
    caller,
    service: SERVICE,
    time: TIME,
    grants: [decideFor(policy, situation, asked)],
    attributes: new Map(),
    malformed: [],
    tokenId: 't',
    isReused: false,
    policyRevision: policy.revision,
    expiresIn: 300,
  };
}

describe('a policy that is tried out', () => {
  it('is examined, and compared with the recent decisions', async () => {
    await using world = await openWorld();

    const result = await world.pages.tryOut(FROZEN);

    expect(result).toEqual({
      findings: expect.any(Array),
      checks: {
        tests: { passed: 0, failures: [{ line: 8, message: expect.stringContaining('alice') }] },
        invariants: { proved: 0, failures: [] },
      },
      isInForce: false,
      command: 'fairlead diff policy.yaml next.yaml --config broker.yaml',
      changes: {
        compared: 1,
        since: TIME,
        changed: 1,
        gained: 0,
        lost: 1,
        rows: [
          {
            username: 'alice',
            backend: 'test',
            name: 'web/a',
            service: SERVICE,
            before: { granted: ['pull', 'push'], rules: [{ rule: 'web', place: 'policy.yaml:3', effect: 'allow' }] },
            after: {
              granted: ['pull'],
              rules: [
                { rule: 'web', place: 'line 3', effect: 'allow' },
                { rule: 'freeze', place: 'line 6', effect: 'deny' },
              ],
            },
            times: 1,
            last: TIME,
          },
        ],
        unlisted: 0,
        people: [{ name: 'alice', gained: 0, lost: 1 }],
        repositories: [{ name: 'web/a', gained: 0, lost: 1 }],
        gaps: [],
      },
    });
  });

  it('that is the one in force changes nothing, and is said to be it', async () => {
    await using world = await openWorld();

    expect(await world.pages.tryOut(POLICY)).toMatchObject({ isInForce: true, changes: { compared: 1, changed: 0 } });
  });

  it('with a problem has it at its line, and is compared with nothing', async () => {
    await using world = await openWorld();

    const result = await world.pages.tryOut(
      'rules:\n  - { name: web, everyone: true, repositories: [a], allow: [puhs] }\n',
    );

    expect(result).toMatchObject({ isInForce: false, findings: [{ line: 2, severity: 'problem' }] });
    expect(result).not.toHaveProperty('checks');
    expect(result).not.toHaveProperty('changes');
  });

  it.each([
    ['invalid', 'rules: nonsense\n'],
    ['changed', `${POLICY}# changed\n`],
  ])('is examined and not compared while the file is %s, because the policy in force is not known', async (_, text) => {
    await using world = await openWorld();
    await world.files.write('policy.yaml', text);

    const result = await world.pages.tryOut(FROZEN);

    expect(result).toMatchObject({ checks: { tests: { passed: 0 } } });
    expect(result).not.toHaveProperty('changes');
  });

  it.each([
    ['empty', ' \n', 'Enter a policy.'],
    ['larger than the API allows', '#'.repeat(1024 * 1024 + 1), 'The policy has more than 1048576 characters.'],
  ])('that is %s is refused without a thread', async (_, text, problem) => {
    const thread: Background = () => {
      throw new Error('no thread is needed');
    };
    await using world = await openWorld({ thread });

    expect(await world.pages.tryOut(text)).toEqual({ problem });
  });

  it('while another question is examined is to be sent again', async () => {
    const [started, resumed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const thread: Background = async function* (task, input) {
      started.resolve();
      await resumed.promise;
      yield* task.work(input);
    };
    await using world = await openWorld({ thread });

    const first = world.pages.tryOut(FROZEN);
    await started.promise;
    const second = await world.pages.tryOut(FROZEN);
    resumed.resolve();

    expect(second).toMatchObject({ problem: expect.stringContaining('another question is being examined') });
    expect(await first).toHaveProperty('changes');
    expect(await world.pages.tryOut(FROZEN)).toHaveProperty('changes');
  });
});

describe('the page of the policy', () => {
  it('shows the file with what lint and its tests say, also while it is not in force', async () => {
    await using world = await openWorld();
    const before = await world.pages.policy(CONTEXT);
    await world.files.write('policy.yaml', 'rules: nonsense\n');
    await world.api.parts.policy.reload().catch(() => undefined);

    const after = await world.pages.policy(CONTEXT);

    expect(before).toMatchObject({ file: 'policy.yaml', isStale: false, text: POLICY, shadow: undefined });
    expect(before.checks?.tests).toEqual({ passed: 1, failures: [] });
    expect(after).toMatchObject({ isStale: true, revision: before.revision, text: 'rules: nonsense\n' });
    expect(after.findings).toMatchObject([{ line: 1, severity: 'problem' }]);
    expect(after.checks).toBe(undefined);
  });

  it('says why the file cannot be shown', async () => {
    await using world = await openWorld();
    await rm(world.files.path('policy.yaml'));

    expect(await world.pages.policy(CONTEXT)).toMatchObject({
      text: '',
      findings: [],
      problem: 'The file cannot be shown: cannot be read (no such file), expected a text file.',
    });
    expect(await world.pages.policyText()).toBe('');
  });

  it('counts what the shadow policy decided of the revisions that are loaded now', async () => {
    await using world = await openWorld({ shadow: { revision: 'new', stale: true } });
    const policyRevision = world.api.parts.policy.current().revision;
    const compared = (shadowRevision: string): void =>
      world.differences.record({
        type: 'policy.compared',
        request: CONTEXT,
        caller: callerOf({ user: 'alice' }),
        service: SERVICE,
        policyRevision,
        shadowRevision,
        same: 5,
        differing: [],
      });

    compared('old');
    const before = await world.pages.shadow();
    compared('new');
    const after = await world.pages.shadow();

    expect(before).toEqual({ revision: 'new', isStale: true, same: 0, differing: 0, since: TIME });
    expect(after).toEqual({ revision: 'new', isStale: true, same: 5, differing: 0, since: TIME });
  });
});

describe('the page Who can', () => {
  it('names the users in files who can from the address that was asked about', async () => {
    await using world = await openWorld({
      policy:
        'rules: [{ name: web, groups: [team-web], clients: [10.0.0.0/8], repositories: ["web/**"], allow: [push] }]',
    });
    const usersFrom = async (client: string) =>
      world.pages.whoCan({ action: 'push', repository: 'web/a', service: SERVICE, client }, CONTEXT);

    expect(await usersFrom('10.1.4.7')).toMatchObject({ users: ['alice'] });
    expect(await usersFrom('192.0.2.1')).toMatchObject({ users: [] });
  });

  it('names those who can although a rule denies it, as exceptions of that rule', async () => {
    await using world = await openWorld({
      policy: `rules:
  - { name: web, groups: [team-web], clients: [10.0.0.0/8], repositories: ["web/**"], allow: [push] }
  - { name: freeze, users: ["*"], except: { groups: [release] }, repositories: ["web/**"], deny: [push] }
`,
    });
    const question = { action: 'push', repository: 'web/a', service: SERVICE, client: '10.1.4.7' } as const;

    expect(await world.pages.whoCan(question, CONTEXT)).toMatchObject({
      grantees: [
        {
          who: 'members of team-web',
          verdict: 'exceptions',
          file: 'policy.yaml',
          notes: ['if asked from 10.0.0.0/8', 'denied by "freeze" (policy.yaml:3), unless also members of release'],
        },
      ],
    });
  });
});
