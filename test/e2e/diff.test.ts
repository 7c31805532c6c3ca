/** `fairlead diff --decisions`: a real broker's log, decided again by the policy that is to follow. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { MAIN } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { run } from '../support/process.ts';
import type { Result } from '../support/process.ts';
import { SERVICE, startStaticBroker } from '../support/static-broker.ts';

const PEOPLE = {
  alice: { password: 'alice-diff-pass-01', groups: ['team-web'] },
  bob: { password: 'bob-diff-pass-02', groups: ['team-api'] },
  carol: { password: 'carol-diff-pass-03', groups: ['team-web', 'team-api'] },
  dave: { password: 'dave-diff-pass-04', groups: [] },
} as const;
type Person = keyof typeof PEOPLE;

const RULES = [
  { name: 'teams own their namespace', groups: ['team-{team}'], repositories: ['{team}/**'], allow: ['pull', 'push'] },
  { name: 'public images', everyone: true, repositories: ['public/**'], allow: ['pull'] },
];
/** Of alice and carol, who have pushed there; bob has asked to and may not, dave is an exception. */
const FREEZE = { name: 'freeze', users: ['*'], except: { users: ['dave'] }, repositories: ['web/**'], deny: ['push'] };
const OPEN = { name: 'shared', users: ['dave'], repositories: ['shared/*'], allow: ['pull'] };
/** Of nobody who asked, and of nothing that was asked. */
const BESIDE = { name: 'others', groups: ['team-db'], repositories: ['web/**'], deny: ['*'] };
const UNASKED = { name: 'unasked', users: ['*'], repositories: ['elsewhere/**'], allow: ['pull'] };

describe('diff --decisions on the log of a broker', () => {
  const resources = new AsyncDisposableStack();
  let broker: Broker;
  let log: string;

  async function ask(person: Person | undefined, scope: string): Promise<void> {
    const login = person === undefined ? undefined : { user: person, password: PEOPLE[person].password };
    const { status } = await broker.token(`service=${SERVICE}&scope=${scope}`, login);
    expect(status).toBe(200);
  }

  async function diff(rules: readonly object[], options: { readonly stdin?: Buffer } = {}): Promise<Result> {
    await broker.write('next.yaml', JSON.stringify({ rules }));
    const [before, after] = [join(broker.folder, 'old.yaml'), join(broker.folder, 'next.yaml')];
    const from = options.stdin === undefined ? log : '-';
    return run(process.execPath, [MAIN, 'diff', before, after, '--decisions', from, '--format', 'json'], options);
  }

  const changed = ({ stdout }: Result): readonly string[] => {
    const { decisions } = JSON.parse(stdout) as {
      decisions: { changed: { user: string; change: string; actions: string[]; resource: string; times: number }[] };
    };
    return decisions.changed.map(
      ({ user, change, actions, resource, times }) => `${user} ${change} ${actions.join()} ${resource} ${times}`,
    );
  };

  beforeAll(async () => {
    const users: Record<string, unknown> = {};
    for (const [name, { password, groups }] of Object.entries(PEOPLE)) {
      users[name] = { password: await hashPassword(password), groups };
    }
    const policy = JSON.stringify({ rules: RULES });
    broker = resources.use(
      await startStaticBroker({
        files: { 'users.yaml': JSON.stringify({ users }), 'policy.yaml': policy, 'old.yaml': policy },
      }),
    );
    await ask('alice', 'repository:web/a:pull,push');
    await ask('alice', 'repository:web/a:pull,push');
    await ask('alice', 'repository:public/a:pull');
    await ask('bob', 'repository:api/a:pull,push');
    await ask('bob', 'repository:web/a:pull,push');
    await ask('carol', 'repository:web/b:push');
    await ask('dave', 'repository:shared/a:pull');
    await ask(undefined, 'repository:public/a:pull,push');
    await broker.waitForLine(({ event, anonymous }) => event === 'token.issued' && anonymous === true);
    log = join(broker.folder, 'broker.log');
    await writeFile(log, broker.process.stderr());
  });
  afterAll(() => resources.disposeAsync());

  it('names exactly those whose real decisions change', async () => {
    const result = await diff([...RULES, FREEZE, OPEN]);

    expect(changed(result)).toEqual([
      'alice lost push repository:web/a 2',
      'carol lost push repository:web/b 1',
      'dave gained pull repository:shared/a 1',
    ]);
    expect(result.code).toBe(1);
  });

  it.each([
    ['which touches nobody who asked, and nothing that was asked', [...RULES, BESIDE, UNASKED]],
    ['which only names and orders rules anew', RULES.toReversed().map((rule) => ({ ...rule, name: `${rule.name}!` }))],
  ])('names nobody for a change %s', async (_what, rules) => {
    const result = await diff(rules);

    expect(changed(result)).toEqual([]);
    expect(result.code).toBe(0);
  });

  it('reads the log from standard input, and passes over what is no decision', async () => {
    const noise = 'not json\n{"level":"info","message":"token.issued is only spoken of"}\n{"event":"token.issued"\n';
    const lines = broker.process.stderr().split('\n');

    const { stdout } = await diff([...RULES, FREEZE], { stdin: Buffer.from(noise + lines.join('\r\n')) });

    const { decisions } = JSON.parse(stdout) as { decisions: Record<string, unknown> };
    expect(decisions).toMatchObject({ recorded: 8, decisions: 8, unreadable: 1 });
    expect(decisions['other']).toBe(lines.filter((line) => line !== '' && !line.includes('token.issued')).length + 2);
  });

  it('says so when the log is of another policy than the older one', async () => {
    await broker.write('old.yaml', JSON.stringify({ rules: [...RULES, FREEZE] }));
    const result = await diff([...RULES, FREEZE]);
    await broker.write('old.yaml', JSON.stringify({ rules: RULES }));

    const { decisions } = JSON.parse(result.stdout) as { decisions: { disagreeing: unknown } };
    expect(decisions.disagreeing).toEqual({
      decisions: 3,
      revisions: [expect.stringMatching(/^[0-9a-f]{12}$/)],
      example: 'alice asked repository:web/a:pull,push, was granted pull, push, and would be granted pull',
    });
    expect(result.code).toBe(0);
  });

  it('ends with 2 for a log or a policy that cannot be read', async () => {
    const policy = join(broker.folder, 'old.yaml');
    const missing = join(broker.folder, 'missing');

    const noLog = await run(process.execPath, [MAIN, 'diff', policy, policy, '--decisions', missing]);
    const noPolicy = await run(process.execPath, [MAIN, 'diff', policy, missing, '--decisions', log]);

    expect([noLog.code, noPolicy.code]).toEqual([2, 2]);
    expect(noLog.stderr).toContain('missing: cannot be read (no such file), expected a log of the broker');
    expect(noPolicy.stderr).toContain('no such file');
  });
});
