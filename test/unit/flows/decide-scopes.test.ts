/** The time in which a request is decided: other requests have their turn, and there is an end. */
import { describe, expect, it } from 'vitest';
import type { BrokerError } from '../../../src/core/errors.ts';
import { parseScope } from '../../../src/core/scope.ts';
import { decideScopes } from '../../../src/flows/decide-scopes.ts';
import { compareWithShadow } from '../../../src/flows/shadow.ts';
import { fixedClock, noWaiting, recordingAudit } from '../../support/fakes.ts';
import { callerOf, policyOf } from '../../support/policy-builder.ts';

const POLICY = policyOf([{ users: ['*'], repositories: ['**'], allow: ['pull'] }]);
const SITUATION = { caller: callerOf({ user: 'alice' }), service: 'registry', client: '', time: 1_700_000_000 };
const SCOPES = Array.from({ length: 10 }, (_, index) => parseScope(`repository:a/b${index}:pull`)).filter(
  (scope) => scope !== undefined,
);

/**
 * @param step milliseconds that pass with each look at the clock, of which there is one per scope
 * @param away milliseconds that pass during the turns of other requests
 */
async function decide(step: number, away = 0) {
  let now = 0;
  let turns = 0;
  const clock = { ...fixedClock(), monotonic: () => (now += step) };
  const turn = async (): Promise<void> => {
    turns += 1;
    now += away;
  };
  const grants = await decideScopes(POLICY, SITUATION, SCOPES, { clock, timer: { ...noWaiting, turn } });
  return { turns, granted: grants.map(({ asked, granted }) => `${asked.name} ${granted.join()}`) };
}

const EXPECTED = Array.from({ length: 10 }, (_, index) => `a/b${index} pull`);
const TOO_MUCH = { code: 'too_much_work' } satisfies Partial<BrokerError>;

describe('the scopes of a request', () => {
  it('leave a turn to other requests every 5 ms', async () => {
    expect(await decide(3)).toEqual({ turns: 5, granted: EXPECTED });
  });

  it('are decided without a pause when that takes no time', async () => {
    expect(await decide(0)).toEqual({ turns: 0, granted: EXPECTED });
  });

  it('may take 2 s of work', async () => {
    expect(await decide(200)).toEqual({ turns: 10, granted: EXPECTED });
  });

  it('end the request when they take more than 2 s of work, and the error says how far it came', async () => {
    await expect(decide(210)).rejects.toMatchObject({
      ...TOO_MUCH,
      message: expect.stringMatching(/^only 9 of 10 scopes decided in time; simplify the rules/),
    });
  });

  it('are decided although other requests take most of the time', async () => {
    expect(await decide(10, 900)).toEqual({ turns: 10, granted: EXPECTED });
  });

  it('end the request after 10 s, whoever took the time', async () => {
    await expect(decide(10, 1200)).rejects.toMatchObject(TOO_MUCH);
  });
});

describe('the comparison with a shadow policy', () => {
  it.each([
    [1, 10],
    [20, 3],
    [60, 1],
  ])('ends after 50 ms, because it does not yield: with %d ms per scope it compares %d', (step, compared) => {
    let now = 0;
    const audit = recordingAudit();
    const clock = { ...fixedClock(), monotonic: () => (now += step) };
    const grants = SCOPES.map((asked) => ({ asked, granted: [], because: [] }));

    compareWithShadow({ shadow: () => POLICY, clock, audit }).record({
      type: 'token.issued',
      request: { requestId: 'id', client: '' },
      caller: SITUATION.caller,
      service: 'registry',
      time: SITUATION.time,
      grants,
      attributes: new Map(),
      malformed: [],
      tokenId: 'id',
      isReused: false,
      policyRevision: 'r1',
      expiresIn: 300,
    });

    expect(audit.events).toMatchObject([{ type: 'policy.compared', same: 0 }]);
    expect(audit.events[0]).toHaveProperty('differing.length', compared);
  });
});
