/** The section `robots` of broker.yaml. */
import { describe, expect, it } from 'vitest';
import { loadBroker } from '../../../src/config/load.ts';
import { writtenFiles } from './written-files.ts';

const CONFIG = {
  listen: '127.0.0.1:0',
  publicUrl: 'http://localhost:5001',
  services: { r: {} },
  personalTokens: {},
  backends: [{ name: 'local', type: 'static-file', file: 'users.yaml' }],
  policy: 'policy.yaml',
};

async function load(more: object) {
  await using files = await writtenFiles({
    'broker.yaml': JSON.stringify({ ...CONFIG, ...more }, undefined, 1),
    'users.yaml': 'users: {}\n',
    'policy.yaml': 'rules: []\n',
  });
  const loaded = await loadBroker(files.path('broker.yaml')).catch((error: unknown) => String(error));
  return loaded;
}

const owner = { groups: ['team-web'] };

describe('robots of a configuration', () => {
  it('are loaded with their owners', async () => {
    const robots = { 'web-ci': { owner, about: 'builds' }, mirror: { owner: { users: ['alice'] } } };

    expect(await load({ robots })).toMatchObject({ config: { robots }, warnings: [] });
  });

  it.each<[string, object, string]>([
    ['a name in upper case', { 'Web-CI': { owner } }, 'lower-case letters, digits'],
    ['a name with the prefix', { 'robot:web-ci': { owner } }, 'lower-case letters, digits'],
    ['no owner', { 'web-ci': {} }, 'owner'],
    ['an empty owner', { 'web-ci': { owner: {} } }, 'expected one of groups and users, found none'],
    [
      'two kinds of owner',
      { 'web-ci': { owner: { ...owner, users: ['a'] } } },
      'expected one of groups and users, found both',
    ],
    ['no group', { 'web-ci': { owner: { groups: [] } } }, 'groups'],
    ['a pattern for groups', { 'web-ci': { owner: { groups: ['team-*'] } } }, 'expected a name without *, { and }'],
    ['a capture for users', { 'web-ci': { owner: { users: ['{x}'] } } }, 'expected a name without *, { and }'],
    ['a robot as owner', { 'web-ci': { owner: { users: ['Robot:other'] } } }, 'a robot owns no robot'],
    ['an unknown key', { 'web-ci': { owner, limit: 5 } }, 'limit'],
  ])('are refused with %s', async (_what, robots, problem) => {
    expect(await load({ robots })).toContain(problem);
  });

  it('are refused with a backend that has the name that the audit log gives robots', async () => {
    const backends = [{ ...CONFIG.backends[0], name: 'robots' }];

    expect(await load({ backends, robots: { 'web-ci': { owner } } })).toContain('the audit log names robots so');
    expect(await load({ backends })).toMatchObject({ warnings: [] });
  });

  it('have no effect without personal tokens, which is a warning', async () => {
    expect(await load({ personalTokens: undefined, robots: { 'web-ci': { owner } } })).toMatchObject({
      warnings: [expect.stringContaining('has no effect without personalTokens') as string],
    });
  });
});
