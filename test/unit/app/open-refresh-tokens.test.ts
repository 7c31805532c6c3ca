import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasRecords, openRecords } from '../../../src/app/open-records.ts';
import { openRefreshTokens } from '../../../src/app/open-refresh-tokens.ts';
import { Secret } from '../../../src/core/identity.ts';
import type { Service } from '../../../src/flows/grant-token.ts';
import { fixedClock, noWaiting, recordingAudit, recordingLog } from '../../support/fakes.ts';
import { alice, OTHER, REQUEST, SERVICE, user } from '../../support/refresh-token-world.ts';

const { refreshTokens: _none, ...WITHOUT } = SERVICE;

async function setUp(...named: readonly Service[]) {
  const resources = new AsyncDisposableStack();
  const stateDir = await mkdtemp(join(tmpdir(), 'fairlead-refresh-'));
  resources.defer(() => rm(stateDir, { recursive: true }));
  const services = new Map(named.map((service) => [service.name, service]));
  const config = { stateDir, services: Object.fromEntries(services) };
  const clock = fixedClock();
  const records = hasRecords(config)
    ? resources.use(await openRecords(config, { clock, log: recordingLog() }))
    : undefined;
  const deps = { backends: [], clock, timer: noWaiting, audit: recordingAudit() };
  const tokens = openRefreshTokens({ ...deps, records, services, onRevoked: async () => undefined });
  return { ...tokens, stateDir, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

describe('refresh tokens', () => {
  it('need no file, are not issued and not accepted when no service offers them', async () => {
    await using world = await setUp(WITHOUT);
    const login = { context: REQUEST, service: WITHOUT, caller: user(alice()), login: 'alice', clientId: '' };

    expect(await readdir(world.stateDir)).toEqual([]);
    expect(world.draftRefreshToken(login)).toBeUndefined();
    await expect(world.exchangeRefreshToken(new Secret('flr_x'), WITHOUT, REQUEST)).rejects.toMatchObject({
      code: 'unsupported_grant',
    });
  });

  it('have a file when one service offers them', async () => {
    await using world = await setUp(WITHOUT, OTHER);

    expect(await readdir(world.stateDir)).toContain('fairlead.db');
    await expect(world.exchangeRefreshToken(new Secret('flr_x'), OTHER, REQUEST)).rejects.toMatchObject({
      code: 'refresh_token_refused',
    });
  });
});
