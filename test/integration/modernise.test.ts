/** `fairlead policy modernise`, as it is typed. */
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { run } from '../support/process.ts';

const POLICY = `evaluation: first-match
roles: { reader: [pull] }
rules:
  - { name: guests out, users: [guest], repositories: ["**"], deny: ["*"] }
  - { name: all read, users: ["*"], match: { name: /^web/ }, repositories: ["**"], allow: reader }
tests:
  - { user: guest, scope: "repository:web/a:pull", expect: [] }
  - { user: alice, scope: "repository:web/a:pull", expect: [pull] }
`;

async function modernise(text: string, ...options: readonly string[]) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-modernise-'));
  await writeFile(join(folder.path, 'policy.yaml'), text);
  const args = [MAIN, 'policy', 'modernise', 'policy.yaml', ...options];
  const result = await run(process.execPath, args, { cwd: folder.path });
  const again = await run(process.execPath, args, { cwd: folder.path });
  return { ...result, again, next: await readFile(join(folder.path, 'next.yaml'), 'utf8').catch(() => undefined) };
}

describe('fairlead policy modernise', () => {
  it('writes the proposal with roles and tests, reports the result for each rule, and overwrites nothing', async () => {
    const { code, stdout, next, again } = await modernise(POLICY, '--write', 'next.yaml');

    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: [
        'policy.yaml:4: kept: guests out: as it is',
        'policy.yaml:5: changed: all read: match written as plain patterns',
        expect.stringMatching(/^proven to be the same for every request; \d+ sample requests compared, none differs$/),
        'wrote next.yaml',
      ],
    });
    expect(next).toContain('roles:\n  reader: [pull]\n');
    expect(next).toContain("    users: ['*']\n    repositories: [web*/**]\n    allow: [reader]\n");
    expect(next).toContain('tests:\n  - user: guest\n');
    expect(next).not.toContain('first-match');
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('exists already');
  });

  it('prints the proposal alone to standard output', async () => {
    const { code, stdout, stderr } = await modernise(POLICY);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Made from a policy[^]*\nroles:\n/);
    expect(stderr).toContain('policy.yaml:5: changed: all read');
  });

  it('exits with 1 and the reasons when there is no proof, also as JSON', async () => {
    const stuck = POLICY.replace('/^web/', "'${account}/*'");

    const { code, stdout } = await modernise(stuck, '--format', 'json');

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'left',
      rules: [{ file: 'policy.yaml', line: 5, rule: 'all read', outcome: 'stuck' }],
    });
  });

  it('changes nothing in a policy that is a union', async () => {
    const { code, stdout } = await modernise(
      'rules: [{ name: a, everyone: true, repositories: ["**"], allow: [pull] }]\n',
    );

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'policy.yaml: already uses union evaluation\n' });
  });
});
