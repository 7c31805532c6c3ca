/** Faults in refresh tokens that several brokers issue, accept and revoke. */
import type { Fault } from './fault.ts';

const EXCHANGE = 'test/unit/flows/exchange-refresh-token.test.ts';
const FAILURES = 'test/unit/platform/postgres/failures.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'fleet-token-1',
    effect: 'an outage of the database is answered with 401, and docker asks people to log in again',
    file: 'src/flows/refresh-token/exchange.ts',
    find: 'record = await deps.store.get(digest);',
    replace: 'record = await deps.store.get(digest).catch(() => undefined);',
    tests: [EXCHANGE],
  },
  {
    id: 'fleet-token-2',
    effect: 'a token that another broker revokes while its account is checked is accepted, in the minute after a use',
    file: 'src/flows/record-use.ts',
    find: '|| underWay.has(use.digest)) return verify(use.digest);',
    replace: "|| underWay.has(use.digest)) return { kind: 'valid' };",
    tests: [EXCHANGE],
  },
  {
    id: 'fleet-token-3',
    effect: 'a token that another broker revokes while its account is checked is accepted when its use is written',
    file: 'src/flows/record-use.ts',
    find: "return { kind: answer === 'missing' ? 'revoked' : 'valid' };",
    replace: "return { kind: answer === 'missing' ? 'valid' : 'valid' };",
    tests: [EXCHANGE],
  },
  {
    id: 'fleet-token-4',
    effect: 'each request waits for a database that is shutting down, or recovers from a crash',
    file: 'src/platform/postgres/failures.ts',
    find: '53200|57014)/',
    replace: '53200|57)/',
    tests: [FAILURES],
  },
];
