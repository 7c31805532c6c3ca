/** Issued tokens as the API and the commands show them, from records and from audit events. */
import type { AuditEvent } from '../../core/events.ts';
import type { EventSink } from '../../core/ports.ts';
import type { Robots } from '../../core/robot.ts';
import type { ListedToken } from '../../flows/personal-token/list.ts';
import { ownerFields } from '../../flows/personal-token/owner.ts';
import type { ListedRefreshToken } from '../../flows/refresh-token/revoke.ts';
import type { Answer } from '../../http/api/operations.ts';
import { timeText } from '../key-rotation.ts';

type TokenEvent = Extract<AuditEvent, { readonly type: 'refresh-token' | 'personal-token' }>;

/** A token of a robot that belongs to groups survives when a member leaves. One that is not configured belongs to nobody. */
export function endsWithUserOf(robots: Robots): (robot: string) => boolean {
  return (robot) => robots.get(robot)?.ownedBy !== 'groups';
}

export interface Collecting extends EventSink {
  /** Of the tokens that were revoked. */
  readonly events: readonly TokenEvent[];
}

/** @param audit where the events go as well; absent: no broker runs that could record them */
export function collecting(audit?: EventSink): Collecting {
  const events: TokenEvent[] = [];
  return {
    events,
    record: (event) => {
      audit?.record(event);
      if (event.type === 'refresh-token' || event.type === 'personal-token') events.push(event);
    },
  };
}

export function shownRevoked(event: TokenEvent): Answer<'revokeTokens'>['revoked'][number] {
  const { id = '', username: user = '', backend = '' } = event;
  const about = { kind: event.type, id, user, backend };
  return event.type === 'refresh-token'
    ? { ...about, service: event.service, name: null }
    : { ...about, service: null, name: event.name ?? '' };
}

export function refreshTokenOf(token: ListedRefreshToken): Answer<'listRefreshTokens'>['refreshTokens'][number] {
  const { id, username, login, service, backend, client, clientId, createdAt, usedAt, expiresAt } = token;
  const times = { createdAt: timeText(createdAt), usedAt: timeText(usedAt), expiresAt: timeText(expiresAt) };
  return { id, user: username, login, service, backend, client, clientId, ...times };
}

export function personalTokenOf(token: ListedToken): Answer<'listPersonalTokens'>['personalTokens'][number] {
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
  };
}
