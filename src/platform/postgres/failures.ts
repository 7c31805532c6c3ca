/** What a failure of PostgreSQL means, and what to do about it. Codes: postgresql.org/docs/15/errcodes-appendix.html */
import { codeOf } from '../../core/system-error.ts';
import { BrokerError, describeError } from '../../core/errors.ts';

/** The work took longer than it may. Whether the server has done it is not known. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** The server cannot be used as it is, and only an operator or a failover can change that. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError';
}

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['28P01', 'the server refuses the user or the password in urlFile'],
  ['28000', 'the server refuses the user: see pg_hba.conf on the server'],
  ['3D000', 'there is no such database: see urlFile'],
  ['3F000', 'the schema fairlead is missing: run `fairlead records migrate`'],
  ['42P01', 'the tables are missing: run `fairlead records migrate`'],
  ['42501', 'the role of the broker lacks a privilege: see `fairlead records roles`'],
  ['25006', 'the server is read-only: it is a standby, or the primary was replaced'],
  ['53100', 'the disk of the server is full'],
  ['53300', 'the server has no connection left: lower maxConnections, or raise max_connections'],
  ['57P01', 'the server is shutting down'],
  ['57P02', 'the server has crashed and recovers'],
  ['57P03', 'the server is starting or recovering'],
  ['57014', 'the server cancelled the statement, because it took too long'],
]);

/** Transactions that failed because of others, and succeed when they are tried again: serialization, deadlock. */
const RETRIED: ReadonlySet<string> = new Set(['40001', '40P01']);
/** Answers of a server that works, and refuses this one statement. */
const ANSWERED = /^(?:2[23]|40|42|53100|53200|57014)/;
/** Each has a digit, unlike EPIPE. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
const MAX_CHARACTERS = 300;
/** What the client says in words, without a code of the server. */
const CONNECTION_ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^The server does not support SSL connections/, 'the server offers no TLS: set ssl = on there'],
  [/^connect ECONNREFUSED/, 'nothing listens there: start PostgreSQL, or correct the URL in urlFile'],
  [/^getaddrinfo/, 'the name in urlFile has no address: correct it, or the name servers of this machine'],
];

/** The code of an answer of the server; undefined: it did not answer. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && SQLSTATE.test(code) ? code : undefined;
}

export function canRetry(error: unknown): boolean {
  return RETRIED.has(sqlState(error) ?? '');
}

/** Whether the server as a whole does not work: no answer, no connection, a standby. Opens the circuit breaker. */
export function isOutage(error: unknown): boolean {
  const code = sqlState(error);
  return code === undefined || code === '25006' || !ANSWERED.test(code);
}

/** For the log. It quotes no value: PostgreSQL puts those into `detail`, which is left out. */
export function failureText(error: unknown): string {
  const text = describeError(error).slice(0, MAX_CHARACTERS);
  const advice = ADVICE.get(sqlState(error) ?? '') ?? CONNECTION_ADVICE.find(([words]) => words.test(text))?.[1];
  return advice === undefined ? text : `${advice} (${text})`;
}

/** For `fairlead records migrate`, which needs another role than the brokers. */
export function migrationFailureText(error: unknown): string {
  if (sqlState(error) !== '42501') return failureText(error);
  const text = describeError(error).slice(0, MAX_CHARACTERS);
  return `this role may not create the tables: name the URL of the owner with --url-file, and see \`fairlead records roles\` (${text})`;
}

/** @param where the database, for the log */
export function unavailable(where: string, error: unknown): BrokerError {
  return new BrokerError('records_unavailable', `the records in PostgreSQL at ${where}: ${failureText(error)}`);
}
