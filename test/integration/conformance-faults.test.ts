/** Each fault of the faulty token server is found by the check that names it, and by no other. */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/conformance/checks/index.ts';
import { runChecks } from '../../src/conformance/run.ts';
import type { Outcome } from '../../src/conformance/result.ts';
import { startTokenServer } from '../support/faulty-token-server.ts';
import type { TokenServerOptions } from '../support/faulty-token-server.ts';
import { TOKEN_SERVER_FAULTS } from '../support/token-server-faults.ts';
import type { FaultName } from '../support/token-server-faults.ts';

const FAST = { rate: 100_000, parallel: 4, timeout: 60_000 };
const MEASURING = CHECKS.filter(({ phase }) => phase === 'measurements').map(({ id }) => id);
/** They need catalog: false, anonymous: deny and post: false. Another test has such a server. */
const OF_OTHER_SERVERS = [
  'anonymous.denied',
  'anonymous.denied-status',
  'answer.issued-at-now',
  'claims.distribution-3.0',
  'keys.distribution-3.0',
  'post.fall-back',
  'scopes.catalog-denied',
  'transport.tls',
];

/** The ids of the checks with an outcome. Measurements take a second and run for their own fault only. */
async function outcomes(
  options: TokenServerOptions,
  isMeasured: boolean,
): Promise<Readonly<Record<Outcome, string[]>>> {
  await using server = await startTokenServer(options);
  const chosen = CHECKS.filter(({ id }) => isMeasured || !MEASURING.includes(id));
  const { results } = await runChecks(server.url, server.description, CHECKS, chosen, FAST);
  const ids = (outcome: Outcome): string[] =>
    results.filter((result) => result.outcome === outcome).map(({ check }) => check.id);
  return { pass: ids('pass'), fail: ids('fail'), skip: ids('skip'), blocked: ids('blocked') };
}

describe('the conformance suite', () => {
  it('finds nothing in a server without faults, and tries every check that applies', async () => {
    const { fail, blocked, skip } = await outcomes({}, true);

    expect({ fail, blocked }).toEqual({ fail: [], blocked: [] });
    expect(skip.toSorted()).toEqual(OF_OTHER_SERVERS);
  });

  it('finds nothing in a server without anonymous users, POST, refresh tokens and catalog', async () => {
    const { fail, blocked } = await outcomes(
      {
        fault: 'anonymous-refused',
        catalog: false,
        trust: 'key set',
        description: {
          anonymous: undefined,
          registries: ['distribution-3.0'],
          supports: { post: false, refreshTokens: false },
        },
      },
      false,
    );

    expect({ fail, blocked }).toEqual({ fail: [], blocked: [] });
  });

  it.each(Object.keys(TOKEN_SERVER_FAULTS) as FaultName[])(
    'finds %s by the check that names it alone',
    async (fault) => {
      const { check, seen, ...options } = TOKEN_SERVER_FAULTS[fault];
      const { fail } = await outcomes({ fault, ...options }, MEASURING.includes(check));

      expect(seen).not.toBe('');
      expect(fail).toEqual([check]);
    },
  );
});
