/** `fairlead tokens list`: the stored tokens of both kinds, without the tokens themselves. */
import { loadBroker } from '../../config/load.ts';
import type { StoredLimit } from '../../core/token-limits.ts';
import { listPersonalTokens } from '../../flows/personal-token/list.ts';
import type { ListedToken } from '../../flows/personal-token/list.ts';
import { ownerFields } from '../../flows/personal-token/owner.ts';
import { listRefreshTokens } from '../../flows/refresh-token/revoke.ts';
import type { ListedRefreshToken } from '../../flows/refresh-token/revoke.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { tableLines } from '../table.ts';
import { noneText, personalSelection, refreshSelection } from './selection.ts';
import type { TokensOptions } from './selection.ts';
import { withTokenStores } from './stores.ts';

export async function listTokens(options: TokensOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const selection = personalSelection(options);
  const found = await withTokenStores(config, { refresh: [], personal: [] }, async (stores) => ({
    refresh: await listRefreshTokens(stores.refreshTokens, refreshSelection(options)),
    personal: selection === undefined ? [] : await listPersonalTokens(stores.personalTokens, selection),
  }));
  const tokens = found.refresh.map(shownRefreshToken);
  const personalTokens = found.personal.map(shownPersonalToken);
  const tables = [refreshTable(tokens), personalTable(personalTokens)].filter((lines) => lines.length > 0);
  const lines = tables.length === 0 ? [noneText(options, config)] : tables.flatMap(separated);
  output.result(lines, { tokens, personalTokens });
  return EXIT.ok;
}

function separated(lines: readonly string[], index: number): readonly string[] {
  return index === 0 ? lines : ['', ...lines];
}

function refreshTable(tokens: readonly ReturnType<typeof shownRefreshToken>[]): readonly string[] {
  if (tokens.length === 0) return [];
  const head = ['ID', 'USER', 'SERVICE', 'BACKEND', 'CREATED', 'LAST USED', 'EXPIRES', 'CLIENT'];
  const rows = tokens.map(({ id, user, service, backend, created, used, expires, client }) => [
    id,
    user,
    service,
    backend,
    created,
    used,
    expires,
    client,
  ]);
  return tableLines([head, ...rows]);
}

function personalTable(tokens: readonly ReturnType<typeof shownPersonalToken>[]): readonly string[] {
  if (tokens.length === 0) return [];
  const head = ['ID', 'USER', 'NAME', 'BACKEND', 'CREATED', 'LAST USED', 'EXPIRES', 'MAY DO'];
  const rows = tokens.map(({ id, user, name, backend, created, used, expires, ...token }) => [
    id,
    user,
    name,
    backend,
    created,
    used ?? 'never',
    expires,
    mayDo(token),
  ]);
  return tableLines([head, ...rows]);
}

/** What a token may do, in words. */
function mayDo({ limits, api, networks }: Pick<ListedToken, 'limits' | 'api' | 'networks'>): string {
  const registries = limits === undefined ? ['all the user may do'] : limits.map(limitText);
  const parts = [...registries, ...(api === undefined ? [] : [`API: ${api}`])];
  const from = networks === undefined ? '' : ` from ${networks.join(', ')}`;
  return `${parts.length === 0 ? 'nothing' : parts.join('; ')}${from}`;
}

function limitText({ service, repositories, actions }: StoredLimit): string {
  return `${service} ${repositories.join(',')} ${actions.join(',')}`;
}

function shownRefreshToken(token: ListedRefreshToken) {
  const { id, username: user, service, backend, client, clientId, createdAt, usedAt, expiresAt } = token;
  const times = { created: timeText(createdAt), used: timeText(usedAt), expires: timeText(expiresAt) };
  return { id, user, service, backend, ...times, client: clientId === '' ? client : `${client} (${clientId})` };
}

/** A personal token as `list` and `create` show it. */
export function shownPersonalToken(token: ListedToken) {
  const { id, name, owner, limits, api, networks, createdAt, createdBy, usedAt, usedFrom, expiresAt } = token;
  const { username: user, backend } = ownerFields(owner);
  return {
    id,
    user,
    name,
    backend,
    created: timeText(createdAt),
    createdBy,
    ...(owner.kind === 'robot' ? { createdFor: owner.createdBy.username } : {}),
    ...(usedAt === undefined ? {} : { used: timeText(usedAt), usedFrom }),
    expires: timeText(expiresAt),
    ...(limits === undefined ? {} : { limits }),
    ...(api === undefined ? {} : { api }),
    ...(networks === undefined ? {} : { networks }),
  };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}

/** `token "build" (1f9a0c3b2d4e) of robot:web-ci, until 2026-12-01T00:00:00Z, which may do registry web/** pull`. */
export function tokenText(token: ListedToken): string {
  const { id, name, user, expires } = shownPersonalToken(token);
  return `token "${name}" (${id}) of ${user}, until ${expires}, which may do ${mayDo(token)}`;
}
