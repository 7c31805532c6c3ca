/** What the operations about issued credentials do. */
import { refreshTokenId } from '../../core/refresh-token.ts';
import type { RefreshToken } from '../../core/refresh-token.ts';
import type { Audit } from '../../core/ports.ts';
import type { Entry, ListableStore } from '../../core/store.ts';
import type { ApiContext, ApiHandlers } from '../../http/api/api.ts';
import { MAX_LISTED, pageOf } from '../../http/api/fields.ts';
import { ApiProblem } from '../../http/api/problem.ts';
import type { tokenOperations } from '../../http/api/token-operations.ts';
import type { SharedFleet } from '../../platform/valkey/shared-store.ts';
import { describeError } from '../../core/errors.ts';
import { reachFleet } from '../fleet-flush.ts';
import type { FleetReach } from '../fleet-flush.ts';
import { timeText } from '../key-rotation.ts';

export interface TokenHandlerDeps {
  /** Undefined: nothing that is configured has records. */
  readonly refreshTokens: Pick<ListableStore<RefreshToken>, 'list' | 'removeAll'> | undefined;
  /** Makes this broker sign new tokens instead of giving out earlier ones again. */
  readonly endReuse: () => void;
  /** Absent: this broker shares nothing. */
  readonly fleet?: SharedFleet | undefined;
  readonly audit: Audit;
}

type TokenHandlers = Pick<ApiHandlers, keyof typeof tokenOperations>;

export function tokenHandlers(deps: TokenHandlerDeps): TokenHandlers {
  return {
    listRefreshTokens: async ({ user, service, ...page }) => {
      const found = (await storeOf(deps).list()).filter(({ value }) => isChosen(value, { user, service })).map(shown);
      const { entries, next } = pageOf(found, page);
      return { refreshTokens: entries, next };
    },
    revokeRefreshTokens: async ({ ids, user, service }, context) => {
      const store = storeOf(deps);
      const chosen = (await store.list()).filter(
        ({ key, value }) =>
          isChosen(value, { user, service }) && (ids === undefined || ids.includes(refreshTokenId(key))),
      );
      await store.removeAll(chosen.map(({ key }) => key));
      for (const entry of chosen) recordRevoked(entry, context, deps.audit);
      const revoked = chosen.map(shown);
      return {
        count: revoked.length,
        revoked: revoked.slice(0, MAX_LISTED),
        missing: (ids ?? []).filter((id) => !revoked.some((token) => token.id === id)),
        fleet: await endReuse(deps),
      };
    },
  };
}

function storeOf({ refreshTokens }: TokenHandlerDeps) {
  if (refreshTokens !== undefined) return refreshTokens;
  throw new ApiProblem('not-configured', { detail: 'no service of this broker enables refreshTokens' });
}

interface Choice {
  readonly user?: string | undefined;
  readonly service?: string | undefined;
}

/** @param choice the user by the canonical name, or by the name as typed at the login */
function isChosen({ username, login, service }: RefreshToken, choice: Choice): boolean {
  if (choice.service !== undefined && choice.service !== service) return false;
  return choice.user === undefined || choice.user === username || choice.user === login;
}

function shown({ key, value }: Entry<RefreshToken>) {
  const { username, login, service, backend, client, clientId, createdAt, usedAt, expiresAt } = value;
  const times = { createdAt: timeText(createdAt), usedAt: timeText(usedAt), expiresAt: timeText(expiresAt) };
  return { id: refreshTokenId(key), user: username, login, service, backend, client, clientId, ...times };
}

function recordRevoked({ key, value }: Entry<RefreshToken>, { requestId, client }: ApiContext, audit: Audit): void {
  const { username, service, backend } = value;
  const request = { requestId, client };
  audit.record({
    type: 'refresh-token',
    request,
    outcome: 'revoked',
    id: refreshTokenId(key),
    username,
    service,
    backend,
  });
}

/** No broker gives out a token again that it signed before the revocation. */
async function endReuse({ endReuse: endHere, fleet }: TokenHandlerDeps): Promise<FleetReach> {
  endHere();
  try {
    await fleet?.endTokens();
  } catch (error) {
    return { complete: false, reached: [], missed: [], problem: describeError(error) };
  }
  return reachFleet(fleet);
}
