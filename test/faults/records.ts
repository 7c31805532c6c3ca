/** Faults in records that several brokers share. */
import type { Fault } from './fault.ts';

const EXCHANGE = 'test/unit/flows/exchange-refresh-token.test.ts';
const TRANSACTION = 'test/unit/platform/postgres/transaction.test.ts';
const STORE = 'test/unit/platform/postgres/store.test.ts';
const BREAKER = 'test/unit/platform/postgres/breaker.test.ts';
const ADDRESS = 'test/unit/platform/postgres/address.test.ts';
const FAILURES = 'test/unit/platform/postgres/failures.test.ts';

export const faults: readonly Fault[] = [
  {
    id: 'records-1',
    effect: 'each of many uses at the same moment writes the record, and the database is the bottleneck of a fleet',
    file: 'src/flows/record-use.ts',
    find: 'const answer = await store.replaceIf(digest, seen, value, expiresAt - now);',
    replace:
      "const isThere = await store.replace(digest, value, expiresAt - now);\n      const answer = isThere ? 'replaced' : 'missing';",
    tests: [EXCHANGE],
  },
  {
    id: 'records-2',
    effect: 'a revocation that no standby has confirmed is reported as done, and a failover undoes it',
    file: 'src/platform/postgres/transaction.ts',
    find: 'if (warnings.length > 0) {',
    replace: 'if (warnings.length > 99) {',
    tests: [TRANSACTION],
  },
  {
    id: 'records-3',
    effect: 'a standby that is behind answers for a token that was revoked at the primary',
    file: 'src/platform/postgres/store.ts',
    find: "if (rows[0]?.['standby'] !== false) throw",
    replace: "if (rows[0]?.['standby'] === 'yes') throw",
    tests: [STORE],
  },
  {
    id: 'records-4',
    effect: 'a token that was revoked while its account was checked is accepted when the database fails just then',
    file: 'src/flows/record-use.ts',
    find: 'const outcome = await verify(use.digest);',
    replace: "const outcome: UseOutcome = await verify(use.digest).catch(() => ({ kind: 'valid' as const }));",
    tests: [EXCHANGE],
  },
  {
    id: 'records-5',
    effect: 'every request waits for a database that does not answer, because nothing records that it does not',
    file: 'src/platform/postgres/breaker.ts',
    find: 'openUntil = clock.monotonic() + OPEN_MS * (0.5 + random());',
    replace: 'openUntil = clock.monotonic();',
    tests: [BREAKER],
  },
  {
    id: 'records-6',
    effect: 'all brokers ask a database that comes back at the same moment',
    file: 'src/platform/postgres/breaker.ts',
    find: 'if (openUntil !== undefined && (isTrying || clock.monotonic() < openUntil)) {',
    replace: 'if (openUntil !== undefined && clock.monotonic() < openUntil) {',
    tests: [BREAKER],
  },
  {
    id: 'records-7',
    effect: 'a full disk keeps out everybody with a refresh token, although the database can be read',
    file: 'src/platform/postgres/failures.ts',
    find: '|53100|53200',
    replace: '|53200',
    tests: [FAILURES],
  },
  {
    id: 'records-8',
    effect: 'sslmode=disable in the URL is accepted, and operators believe that it has an effect',
    file: 'src/platform/postgres/address.ts',
    find: 'if (!ENCRYPTED_MODES.has(value)) {',
    replace: "if (value === 'allow') {",
    tests: [ADDRESS],
  },
  {
    id: 'records-9',
    effect: 'two brokers that log in one user at the same moment store more tokens than a user may have',
    file: 'src/platform/postgres/store.ts',
    find: 'if (family !== null) await query(LOCK_GROUP, [lockOf(name, family)]);\n',
    replace: '',
    tests: [STORE],
  },
  {
    id: 'records-10',
    effect: 'a role with synchronous_commit = off loses revocations that were reported as done',
    file: 'src/platform/postgres/transaction.ts',
    find: 'await query(SETTINGS, [synchronousCommit, String(statementMs)]);\n',
    replace: '',
    tests: [TRANSACTION],
  },
  {
    id: 'records-11',
    effect:
      'another user of the database makes a function that runs with the privileges of the broker, and adds a token',
    file: 'src/platform/postgres/statements.ts',
    find: "place = pg_catalog.nextval('fairlead.places')",
    replace: "place = nextval('fairlead.places')",
    tests: ['test/unit/platform/postgres/function-names.test.ts'],
  },
  {
    id: 'records-12',
    effect: 'a second copy of the records of a broker brings tokens back that were revoked after the first one',
    file: 'src/app/prepare-records.ts',
    find: '  retiredName(file);\n',
    replace: '',
    tests: ['test/unit/app/prepare-records.test.ts'],
  },
];
