/** A stored token as pages show it. */
import type { ListedToken } from '../../flows/personal-token/list.ts';
import type { TokenView } from '../../pages/token-view.ts';

/** @param isAsleep whether its account is */
export function tokenView(
  { id, name, limits, api, networks = [], ...token }: ListedToken,
  now: number,
  isAsleep = false,
): TokenView {
  const { createdAt, expiresAt, usedAt, usedFrom = '', owner } = token;
  return {
    id,
    name,
    ...(owner.kind === 'robot' ? { robot: owner.robot } : {}),
    ...(limits === undefined ? {} : { limits }),
    ...(api === undefined ? {} : { api }),
    networks,
    createdAt,
    expiresAt,
    ...(usedAt === undefined ? {} : { used: { at: usedAt, from: usedFrom } }),
    state: expiresAt <= now ? 'expired' : isAsleep ? 'asleep' : 'active',
  };
}
