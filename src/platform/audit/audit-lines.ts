/** The audit line of each event. */
import type { ErrorCode } from '../../core/errors.ts';
import type { AuditEvent } from '../../core/events.ts';
import type { LogLevel } from '../log.ts';
import { formatScope } from '../../core/scope.ts';
import { differenceLines } from './difference-lines.ts';
import { subjectFields } from './subject-fields.ts';
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
    ...limited('asked', needs.map(formatScope)),
    code: outcome,
    backend,
    reason,
    limit,
    cause,
  });
  return [{ level: CHECK_LEVELS[outcome] ?? 'warn', message: 'access refused', fields }];
}

type Issued = Extract<AuditEvent, { type: 'token.issued' }>;
type Decided = Extract<AuditEvent, { type: 'access.decided' }>;

function issuedFields(event: Issued): AuditLine['fields'] {
  return {
    ...decidedFields(event, event.malformed.length > 0),
    ...(event.malformed.length === 0 ? {} : { malformed: event.malformed.slice(0, 10).map(typed) }),
    ...hintFields(event),
    tokenId: event.tokenId,
    ...(event.isReused ? { reused: true } : {}),
    expiresIn: event.expiresIn,
  };
}

/** What was asked, what of it is granted and what is denied; long lists are cut and counted. */
function decidedFields(event: Issued | Decided, isPartUnread = false): AuditLine['fields'] {
  const { grants } = event;
  const granted = grants.filter((grant) => grant.granted.length > 0);
  const missing = grants.flatMap(({ asked, granted: actions }) => {
    const denied = actions.includes('*') ? [] : asked.actions.filter((action) => !isIn(actions, action));
    return denied.length === 0 ? [] : [formatScope({ ...asked, actions: denied })];
  });
  const limitedBy = grants.flatMap(({ asked, limited: actions = [] }) =>
    actions.length === 0 ? [] : [formatScope({ ...asked, actions })],
  );
  return {
    ...subjectFields(event),
    service: event.service,
    ...limited(
      'asked',
      grants.map(({ asked }) => formatScope(asked)),
    ),
    ...limited(
      'granted',
      granted.map(({ asked, granted: actions }) => formatScope({ ...asked, actions })),
    ),
    ...(missing.length === 0 ? {} : limited('denied', missing)),
    // Of what is denied: what the policy grants, and the limits of the credential take away.
    ...(limitedBy.length === 0 ? {} : limited('limited', limitedBy)),
    // A scope that cannot be parsed grants nothing.
    outcome: missing.length === 0 && !isPartUnread ? 'all' : granted.length === 0 ? 'none' : 'some',
    ...limited('rules', [...new Set(grants.flatMap(({ because }) => because.map(({ rule }) => rule)))]),
    policy: event.policyRevision,
  };
}

function hintFields({ hints = [] }: Pick<Issued, 'hints'>): AuditLine['fields'] {
  return hints.length === 0 ? {} : { hints };
}

function isIn(actions: readonly string[], action: string): boolean {
  return actions.includes(action);
}

/** Most texts of one list, and most characters of them together, that a line holds. Clients choose what they ask for. */
const MAX_ITEMS = 300;
const MAX_ITEMS_TEXT = 16_384;

/** A list, and under `…Truncated` how many of its texts are left out. */
function limited(name: string, texts: readonly string[]): AuditLine['fields'] {
  let left = MAX_ITEMS_TEXT;
  const kept = texts.slice(0, MAX_ITEMS).filter((text) => (left -= text.length) >= 0);
  return { [name]: kept, ...(kept.length < texts.length ? { [`${name}Truncated`]: texts.length - kept.length } : {}) };
}
