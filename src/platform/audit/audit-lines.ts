/** The audit line of each event. */
import type { ErrorCode } from '../../core/errors.ts';
import type { AuditEvent } from '../../core/events.ts';
import type { LogLevel } from '../log.ts';
import { formatScope } from '../../core/scope.ts';
import { decidedFields, hintFields, issuedFields, listFields } from './decision-fields.ts';
import { differenceLines } from './difference-lines.ts';
import { typed } from './typed-text.ts';

interface AuditLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The fields that have a value. A loop, because each login has such a line: pairs of names and values take four times as long. */
function known(fields: AuditLine['fields']): AuditLine['fields'] {
  const found: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) if (fields[name] !== undefined) found[name] = fields[name];
  return found;
}

/** The levels of refusals that are no warnings. */
const REFUSAL_LEVELS: Readonly<Partial<Record<ErrorCode, LogLevel>>> = { internal: 'error', doctor_probe: 'info' };

/** The lines of one event, most often one. */
export function auditLines(event: AuditEvent): readonly AuditLine[] {
  const { requestId, client } = event.request;
  const shared = { event: event.type, requestId, client };
  switch (event.type) {
    case 'token.issued':
      return [{ level: 'info', message: 'token issued', fields: { ...shared, ...issuedFields(event) } }];
    case 'policy.compared':
      return differenceLines(event).map((fields) => ({ level: 'info', message: 'policies differ', fields }));
    case 'token.refused':
      return [
        {
          level: REFUSAL_LEVELS[event.code] ?? 'warn',
          message: 'token refused',
          fields: known({
            ...shared,
            ...refusedUser(event),
            service: typed(event.service),
            code: event.code,
            backend: event.backend,
            reason: event.reason,
            limit: event.limit,
            cause: event.cause,
            ...hintFields(event),
          }),
        },
      ];
    case 'access.decided':
      return [{ level: 'info', message: 'access decided', fields: { ...shared, ...decidedFields(event) } }];
    case 'access.checked':
      return checkedLines(event, shared);
    case 'token.withheld':
      return [{ level: 'error', message: 'token withheld', fields: { ...shared, cause: event.cause } }];
    case 'refresh-token':
      return [
        {
          level: event.outcome === 'failed' ? 'error' : 'info',
          message: `refresh token ${event.outcome}`,
          fields: known({
            ...shared,
            user: event.username,
            backend: event.backend,
            service: event.service,
            outcome: event.outcome,
            refreshToken: event.id,
            cause: event.cause,
          }),
        },
      ];
    case 'session':
      return [
        {
          level: 'info',
          message: `session ${event.outcome}`,
          fields: known({
            ...shared,
            user: event.username,
            backend: event.backend,
            outcome: event.outcome,
            session: event.id,
            cause: event.cause,
          }),
        },
      ];
    case 'helper-login':
      return [
        {
          level: 'info',
          message: `helper login ${event.outcome}`,
          fields: known({
            ...shared,
            user: event.username,
            backend: event.backend,
            service: event.service,
            outcome: event.outcome,
            method: event.method,
            asker: event.asker,
            cause: event.cause,
          }),
        },
      ];
    case 'login-test':
      return [
        {
          level: event.outcome === 'failed' || event.outcome === 'limited' ? 'warn' : 'info',
          message: 'login test',
          fields: known({
            ...shared,
            user: typed(event.username),
            by: event.by,
            backend: event.backend,
            outcome: event.outcome,
            reason: event.reason,
            cause: event.cause,
          }),
        },
      ];
    case 'api':
      return [
        {
          level: event.outcome === 'done' ? 'info' : 'warn',
          message: `API operation ${event.outcome}`,
          fields: known({
            ...shared,
            operation: event.operation,
            outcome: event.outcome,
            via: event.via,
            user: event.username,
            personalToken: event.token,
            cause: event.cause,
          }),
        },
      ];
    case 'personal-token':
      return [
        {
          level: event.outcome === 'failed' ? 'error' : 'info',
          message: `personal token ${event.outcome}`,
          fields: { ...shared, ...personalTokenFields(event) },
        },
      ];
    case 'login':
      return [
        {
          level: event.outcome === 'failed' ? 'error' : 'debug',
          message: 'login',
          fields: known({
            ...shared,
            user: typed(event.username),
            backend: event.backend,
            outcome: event.outcome,
            source: event.source,
            reason: event.reason,
            limit: event.limit,
            cause: event.cause,
            seconds: Number(event.seconds.toFixed(4)),
          }),
        },
      ];
  }
}

function personalTokenFields(event: Extract<AuditEvent, { type: 'personal-token' }>): AuditLine['fields'] {
  return known({
    user: event.username,
    backend: event.backend,
    outcome: event.outcome,
    personalToken: event.id,
    name: event.name,
    by: event.by,
    typed: event.typed === undefined ? undefined : typed(event.typed),
    cause: event.cause,
  });
}

type Checked = Extract<AuditEvent, { type: 'access.checked' }>;
type Refused = Extract<AuditEvent, { type: 'token.refused' }>;

/** Without a user name, and not anonymous: nobody knows whose the credential was. */
function refusedUser(event: Refused | Checked): AuditLine['fields'] {
  if (event.owner !== undefined) return { user: event.owner };
  if (event.username !== undefined) return { user: typed(event.username) };
  return event.type === 'token.refused' && event.isAnonymous === true ? { user: '', anonymous: true } : {};
}

/**
 * The first request of each client has no credential; what is allowed or denied has the line of its token or decision; and
 * mistakes of a proxy, which are in all of its requests, have a warning of limited rate.
 */
const UNLOGGED: ReadonlySet<Checked['outcome']> = new Set([
  'allowed',
  'token_required',
  'access_denied',
  'untrusted_proxy',
  'unclear_request',
]);
/** The levels of refusals that are no warnings: clients fetch another token during a long push. */
const CHECK_LEVELS: Readonly<Partial<Record<Checked['outcome'], LogLevel>>> = {
  internal: 'error',
  token_invalid: 'info',
  insufficient_scope: 'info',
};

function checkedLines(event: Checked, shared: AuditLine['fields']): readonly AuditLine[] {
  const { outcome, username, service, needs, backend, reason, limit, cause } = event;
  if (UNLOGGED.has(outcome) || (outcome === 'login_required' && username === undefined)) return [];
  const fields = known({
    ...shared,
    ...refusedUser(event),
    service,
    ...listFields('asked', needs.map(formatScope)),
    code: outcome,
    backend,
    reason,
    limit,
    cause,
  });
  return [{ level: CHECK_LEVELS[outcome] ?? 'warn', message: 'access refused', fields }];
}
