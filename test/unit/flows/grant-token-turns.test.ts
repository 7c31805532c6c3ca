/** A request that takes long to decide lets others have their turn. */
import { expect, it } from 'vitest';
import { parseScope } from '../../../src/core/scope.ts';
import { createGrantToken } from '../../../src/flows/grant-token.ts';
import { countingIds, fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { callerOf, policyOf } from '../../support/policy-builder.ts';

const SERVICE = { name: 'registry', anonymous: 'deny', lifetimes: { pull: 300, push: 900 } } as const;
const POLICY = policyOf([{ users: ['*'], repositories: ['**'], allow: ['pull'] }]);

/** @param step milliseconds that pass with each reading of the clock */
async function decide(step: number) {
  let now = 0;
  let turns = 0;
  const grantToken = createGrantToken({
    issuer: 'fairlead',
    policy: () => POLICY,
    signer: { sign: async () => 'signed' },
    clock: { ...fixedClock(1_700_000_000), monotonic: () => (now += step) },
    timer: {
      ...noWaiting,
      turn: async () => {
        turns += 1;
      },
    },
    ids: countingIds(),
    audit: recordingAudit(),
  });
  const scopes = Array.from({ length: 10 }, (_, n) => parseScope(`repository:a/b${n}:pull`)).filter(
    (scope) => scope !== undefined,
  );
  const { grants } = await grantToken({
    context: { requestId: 'id', client: '' },
    service: SERVICE,
    caller: callerOf({ user: 'alice' }),
    scopes,
    malformed: [],
  });
  return { turns, granted: grants.map(({ asked, granted }) => `${asked.name} ${granted.join()}`) };
}

const EXPECTED = Array.from({ length: 10 }, (_, n) => `a/b${n} pull`);

it('a request with many scopes yields to others every 5 ms', async () => {
  expect(await decide(3)).toEqual({ turns: 5, granted: EXPECTED });
});

it('a request that is decided within 5 ms does not yield', async () => {
  expect(await decide(0)).toEqual({ turns: 0, granted: EXPECTED });
});
