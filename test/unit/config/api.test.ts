/** The section `api` of broker.yaml: what it refuses, and what it warns of. */
import { describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';

const BASE = `listen: 127.0.0.1:0
publicUrl: http://localhost:5001
services: { "localhost:5000": {} }
backends: [{ name: local, type: static-file, file: users.yaml }]
policy: policy.yaml
`;

async function files(more: string) {
  return writtenFiles({ 'broker.yaml': BASE + more, 'users.yaml': 'users: {}\n', 'policy.yaml': 'rules: []\n' });
}

describe('the section api', () => {
  it('names administrators and readers', async () => {
    await using written = await files(
      'admin: { listen: 127.0.0.1:9090 }\npersonalTokens: {}\napi: { admins: { groups: ["cn=a,dc=b"] }, readers: { users: [bob] } }\n',
    );

    const { config, warnings } = await loadBroker(written.path('broker.yaml'));

    expect(config.api).toEqual({ admins: { groups: ['cn=a,dc=b'] }, readers: { users: ['bob'] } });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['api: {}', 'expected admins or readers, found none of them'],
    ['api: { admins: {} }', 'expected users or groups, found none of them'],
    ['api: { admins: { users: [] } }', 'api.admins.users'],
    ['api: { admins: { users: ["*"] } }', 'without *, { and }'],
    ['api: { admins: { groups: ["team-{team}"] } }', 'without *, { and }'],
    ['api: { admins: { everyone: true } }', 'everyone: unknown key'],
  ])('refuses %s', async (section, problem) => {
    await using written = await files(`${section}\n`);

    const problems = await problemsOf(written, () => loadBroker(written.path('broker.yaml')));

    expect(problems.join('\n')).toContain(problem);
  });

  it.each([
    ['admin: { listen: 0.0.0.0:9090 }\npersonalTokens: {}\n', ['without TLS on a listener that other machines reach']],
    ['admin: { listen: unix:admin.sock }\npersonalTokens: {}\n', []],
    ['personalTokens: {}\n', ['has no effect: it is served on the listener of admin, which is missing']],
    ['admin: { listen: 127.0.0.1:9090 }\n', ['nobody can use it: there are no personal tokens']],
  ])('warns with %j of %j', async (more, expected) => {
    await using written = await files(`${more}api: { admins: { users: [alice] } }\n`);

    const { warnings } = await loadBroker(written.path('broker.yaml'));

    expect(warnings).toEqual(expected.map((text) => expect.stringContaining(text)));
  });
});
