/** The audit line of each event. */
import type { AuditEvent } from '../../core/events.ts';
import type { Audit, Log } from '../../core/ports.ts';
import { hasFairleadPrefix } from '../../core/fairlead-prefix.ts';
import { formatScope } from '../../core/scope.ts';
import { isToken } from '../../core/token-shape.ts';
import { differenceLines } from './difference-lines.ts';
import { subjectFields } from './subject-fields.ts';

/** Names come from clients and are bounded before they are logged. */
const MAX_TEXT = 256;

export function auditLog(log: Log): Audit {
  return { record: (event) => write(log, event) };
}

function write(log: Log, event: AuditEvent): void {
  const { requestId, client } = event.request;
  switch (event.type) {
    case 'token.issued':
      return log.info('token issued', {
        event: event.type,
        requestId,
        client,
        ...subjectFields(event),
        service: event.service,
        asked: event.grants.map(({ asked }) => formatScope(asked)),
        granted: event.grants.flatMap(({ asked, granted }) =>
          granted.length === 0 ? [] : [formatScope({ ...asked, actions: granted })],
        ),
        rules: [...new Set(event.grants.flatMap(({ because }) => because.map(({ rule }) => rule)))],
        ...(event.malformed.length === 0 ? {} : { malformed: event.malformed.slice(0, 10).map(typed) }),
        tokenId: event.tokenId,
        policy: event.policyRevision,
        expiresIn: event.expiresIn,
      });
    case 'policy.compared':
      for (const fields of differenceLines(event)) log.info('policies differ', fields);
      return;
    case 'token.refused':
      return log[event.code === 'internal' ? 'error' : 'warn']('token refused', {
        event: event.type,
        requestId,
        client,
        ...(event.username === undefined ? {} : { user: typed(event.username) }),
        service: typed(event.service),
        code: event.code,
        cause: event.cause,
      });
    case 'refresh-token':
      return log[event.outcome === 'failed' ? 'error' : 'info'](`refresh token ${event.outcome}`, {
        event: event.type,
        requestId,
        client,
        ...(event.username === undefined ? {} : { user: event.username }),
        ...(event.backend === undefined ? {} : { backend: event.backend }),
        service: event.service,
        outcome: event.outcome,
        ...(event.id === undefined ? {} : { refreshToken: event.id }),
        ...(event.cause === undefined ? {} : { cause: event.cause }),
      });
    case 'login':
      return log[event.outcome === 'failed' ? 'error' : 'debug']('login', {
        event: event.type,
        requestId,
        client,
        user: typed(event.username),
        backend: event.backend,
        outcome: event.outcome,
        source: event.source,
        ...(event.reason === undefined ? {} : { reason: event.reason }),
        ...(event.cause === undefined ? {} : { cause: event.cause }),
        seconds: Number(event.seconds.toFixed(4)),
      });
  }
}

/** Somebody may put the token where something else belongs. */
function typed(text: string): string {
  return isToken(text) || hasFairleadPrefix(text) ? '[token]' : bounded(text);
}

function bounded(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
