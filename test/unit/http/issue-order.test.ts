/** The order in which tokens take effect: decide, commit the audit lines, store the refresh token, answer. */
import { describe, expect, it } from 'vitest';
import { BrokerError } from '../../../src/core/errors.ts';
import type { AuditEvent } from '../../../src/core/events.ts';
import { createGrantToken } from '../../../src/flows/grant-token.ts';
import { createTokenReuse } from '../../../src/flows/token-reuse.ts';
import { countingIds, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { openHttpApp } from '../../support/http-app.ts';
import { policyOf } from '../../support/policy-builder.ts';
import { alice, open, SERVICE, user } from '../../support/refresh-token-world.ts';

const PATH = `/token?service=${SERVICE.name}&offline_token=true&client_id=docker`;
const LOGIN = { headers: { authorization: `Basic ${btoa('alice:p')}` } };

/** A user who has as many refresh tokens as the service allows: the next one ends the oldest. */
async function setUp({ commit }: { readonly commit?: () => Promise<void> } = {}) {
  const world = open();
  for (let count = 0; count < 3; count += 1) await world.issued();
  const digests = async (): Promise<readonly string[]> => (await world.store.list()).map(({ key }) => key).toSorted();
  const before = await digests();
  const audit = recordingAudit();
  const committed: { readonly events: readonly AuditEvent['type'][]; readonly stored: readonly string[] }[] = [];
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => policyOf([]),
    signer: { sign: async () => 'signed', endOf: () => Infinity },
    clock: world.clock,
    timer: noWaiting,
    ids: countingIds(),
    reuse: createTokenReuse(0),
    audit: {
      record: audit.record,
      commit: async (events) => {
        committed.push({ events: events.map(({ type }) => type), stored: await digests() });
        await commit?.();
        await audit.commit(events);
      },
    },
  });
  const app = await openHttpApp({
    services: new Map([[SERVICE.name, SERVICE]]),
    identify: async () => user(alice()),
    draftRefreshToken: world.draft,
    grantToken,
    audit,
  });
  const types = (): readonly string[] => audit.events.map(({ type }) => type);
  return { app, world, before, digests, committed, types, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

describe('a refresh token', () => {
  it('is stored after its line and that of the registry token are committed together', async () => {
    await using test = await setUp();

    const answer = await test.app.send(PATH, LOGIN);

    expect(answer).toMatchObject({ status: 200, json: { token: 'signed', refresh_token: expect.any(String) } });
    expect(test.committed).toEqual([{ events: ['token.issued', 'refresh-token'], stored: test.before }]);
    expect(test.types()).toEqual(['token.issued', 'refresh-token']);
    // The control: with its storage, the oldest token ends.
    expect(await test.digests()).not.toEqual(test.before);
  });

  it('is not stored, and ends no older one, when its line cannot be written', async () => {
    await using test = await setUp({
      commit: async () => {
        throw new BrokerError('audit_unavailable', 'the disk is full');
      },
    });

    const answer = await test.app.send(PATH, LOGIN);

    expect(answer.status).toBe(503);
    expect(answer.text).not.toMatch(/flr_|signed/);
    expect(await test.digests()).toEqual(test.before);
    expect(test.types()).toEqual(['token.refused']);
  });

  it('that cannot be stored is not sent, nor is the registry token, and a line takes theirs back', async () => {
    await using test = await setUp();
    test.world.store.put = async () => {
      throw new BrokerError('backend_unavailable', 'the disk is full');
    };

    const answer = await test.app.send(PATH, LOGIN);

    expect(answer.status).toBe(503);
    expect(answer.text).not.toMatch(/flr_|signed/);
    expect(test.types()).toEqual(['token.issued', 'refresh-token', 'token.withheld', 'token.refused']);
  });
});
