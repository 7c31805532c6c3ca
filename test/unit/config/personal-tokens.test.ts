import { describe, expect, it } from 'vitest';
import { hasRecords } from '../../../src/app/open-records.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { writtenFiles } from './written-files.ts';

const DAY = 86_400;
const LOCAL = { name: 'local', type: 'static-file', file: 'users.yaml' };
const SSO = {
  name: 'sso',
  type: 'oidc-password',
  issuer: 'https://id.example.com',
  client: { id: 'a', secret: { env: 'PATH' } },
};

async function load(more: Readonly<Record<string, unknown>>) {
  const config = {
    listen: '127.0.0.1:0',
    publicUrl: 'http://localhost:5001',
    services: { r: {} },
    backends: [LOCAL],
    policy: 'policy.yaml',
    ...more,
  };
  await using files = await writtenFiles({
    'broker.yaml': JSON.stringify(config),
    'policy.yaml': 'rules: []',
    'users.yaml': 'users: {}',
    'postgres.url': 'postgres://a:b@db.example.com/fairlead',
  });
  // Awaited here: the files are removed when this function ends.
  const loaded = await loadBroker(files.path('broker.yaml'));
  return loaded;
}

describe('personalTokens', () => {
  it('are not offered by default, so that nothing is stored', async () => {
    const { config } = await load({});

    expect(config.personalTokens).toBeUndefined();
    expect(hasRecords(config)).toBe(false);
  });

  it('default to 90 days, 365 days at most, 50 tokens for one user and no required limits, and are stored', async () => {
    const { config, warnings } = await load({ personalTokens: {} });

    expect(config.personalTokens).toEqual({
      maxPerUser: 50,
      lifetime: 90 * DAY,
      maxLifetime: 365 * DAY,
      requireLimits: false,
    });
    expect(warnings).toEqual([]);
    expect(hasRecords(config)).toBe(true);
  });

  it.each([
    [{ lifetime: '3661d' }, /personalTokens\.lifetime: found "3661d", expected a duration from 1h to 3660d/],
    [{ lifetime: '30m' }, /lifetime: found "30m", expected a duration from 1h/],
    [{ maxPerUser: 0 }, /maxPerUser: found 0/],
    [{ requireLimit: true }, /requireLimit: unknown key, .*did you mean "requireLimits"/],
    [true, /personalTokens: found true/],
  ])('refuse %j', async (personalTokens, problem) => {
    await expect(load({ personalTokens })).rejects.toThrow(problem);
  });

  it('warn where no backend can look an account up again, and not where one can', async () => {
    const without = await load({ personalTokens: {}, backends: [SSO] });
    const both = await load({ personalTokens: {}, backends: [LOCAL, SSO] });

    expect(without.warnings).toEqual([expect.stringContaining('personalTokens: nobody gets a personal token')]);
    expect(both.warnings).toEqual([]);
  });

  it('are a reason for a database of records', async () => {
    const records = { postgres: { urlFile: 'postgres.url' } };
    const hasNoEffect = expect.stringContaining('records: has no effect');

    expect((await load({ records })).warnings).toContainEqual(hasNoEffect);
    expect((await load({ records, personalTokens: {} })).warnings).not.toContainEqual(hasNoEffect);
  });
});
