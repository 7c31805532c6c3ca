/** Issued credentials as the API and the commands show them, from records and from audit events. */
import type { AuditEvent } from '../../core/events.ts';
import type { EventSink } from '../../core/ports.ts';
import type { Robots } from '../../core/robot.ts';
import { sessionId } from '../../core/session.ts';
import type { Session } from '../../core/session.ts';
import type { Entry } from '../../core/store.ts';
import type { ListedToken } from '../../flows/personal-token/list.ts';
import { ownerFields } from '../../flows/personal-token/owner.ts';
import type { ListedRefreshToken } from '../../flows/refresh-token/revoke.ts';
import type { Answer } from '../../http/api/operations.ts';
import { timeText } from '../key-rotation.ts';

type EndEvent = Extract<AuditEvent, { readonly type: 'refresh-token' | 'personal-token' | 'session' }>;

/** A token of a robot that belongs to groups survives when a member leaves. One that is not configured belongs to nobody. */
export function endsWithUserOf(robots: Robots): (robot: string) => boolean {
  return (robot) => robots.get(robot)?.ownedBy !== 'groups';
}

export interface Collecting extends EventSink {
  /** Of the tokens that were revoked and of the sessions that have ended. */
  readonly events: readonly EndEvent[];
}

/** @param audit where the events go as well; absent: no broker runs that could record them */
export function collecting(audit?: EventSink): Collecting {
  const events: EndEvent[] = [];
  return {
    events,
    record: (event) => {
      audit?.record(event);
      if (event.type === 'refresh-token' || event.type === 'personal-token' || event.type === 'session') {
        events.push(event);
      }
    },
  };
}

export function shownRevoked(event: EndEvent): Answer<'revokeTokens'>['revoked'][number] {
  const { id = '', username: user = '', backend = '' } = event;
  const about = { kind: event.type, id, user, backend };
  return {
    ...about,
    service: event.type === 'refresh-token' ? event.service : null,
    name: event.type === 'personal-token' ? (event.name ?? '') : null,
  };
}

export function sessionOf({ key, value }: Entry<Session>, asleep: boolean): Answer<'listSessions'>['sessions'][number] {
  const { username, login, backend, signedInAt, client, program, createdAt, usedAt, expiresAt } = value;
  const times = { createdAt: timeText(createdAt), usedAt: timeText(usedAt), expiresAt: timeText(expiresAt) };
  return {
    id: sessionId(key),
    user: username,
    login,
    backend,
    signInBackend: signedInAt.backend,
    client,
    program,
    ...times,
    asleep,
  };
}

export function refreshTokenOf(
  token: ListedRefreshToken,
  asleep: boolean,
): Answer<'listRefreshTokens'>['refreshTokens'][number] {
  const { id, username, login, service, backend, client, clientId, createdAt, usedAt, expiresAt } = token;
  const times = { createdAt: timeText(createdAt), usedAt: timeText(usedAt), expiresAt: timeText(expiresAt) };
  return { id, user: username, login, service, backend, client, clientId, ...times, asleep };
}

/** @param asleep whether its account is; a token that is made now has an owner who is not */
export function personalTokenOf(
  token: ListedToken,
  asleep = false,
): Answer<'listPersonalTokens'>['personalTokens'][number] {
  const { id, name, owner, limits, api, networks, createdAt, createdBy, usedAt, usedFrom, expiresAt } = token;
  const { username: user, backend } = ownerFields(owner);
  return {
    id,
    user,
    backend,
    name,
    limits: limits ?? null,
    api: api ?? null,
    networks: networks ?? null,
    createdAt: timeText(createdAt),
    createdBy,
    createdFor: owner.kind === 'robot' ? owner.createdBy.username : null,
    usedAt: usedAt === undefined ? null : timeText(usedAt),
    usedFrom: usedFrom ?? null,
    expiresAt: timeText(expiresAt),
    asleep,
  };
}
