/** `fairlead tokens list`: the stored tokens of both kinds, without the tokens themselves. */
import { personalTokenOf, refreshTokenOf } from '../../app/api/shown-tokens.ts';
import { createFindAsleep } from '../../app/asleep.ts';
import { loadBroker } from '../../config/load.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { listPersonalTokens } from '../../flows/personal-token/list.ts';
import type { ListedToken } from '../../flows/personal-token/list.ts';
import { listRefreshTokens } from '../../flows/refresh-token/revoke.ts';
import { systemClock } from '../../platform/clock.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { tableLines } from '../table.ts';
import { atBroker, personalTokensAtBroker, refreshTokensAtBroker } from './at-broker.ts';
import type { PersonalTokenRow, RefreshTokenRow } from './at-broker.ts';
import { noneText, personalSelection, refreshSelection, robotOf } from './selection.ts';
import type { TokensOptions } from './selection.ts';
import { withTokenStores } from './stores.ts';

export async function listTokens(options: TokensOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const { found } = await atBroker(() => listAtBroker(config.stateDir, options));
  const { refresh, personal } = found ?? (await listStored(config, options));
  const tokens = refresh.map(refreshTokenJson);
  const personalTokens = personal.map(personalTokenJson);
  const tables = [refreshTable(tokens), personalTable(personalTokens)].filter((lines) => lines.length > 0);
  const isAnyAsleep = [...refresh, ...personal].some(({ asleep }) => asleep);
  const notes = isAnyAsleep ? ['', asleepText(config.publicUrl)] : [];
  const lines = tables.length === 0 ? [noneText(options, config)] : [...tables.flatMap(separated), ...notes];
  output.result(lines, { tokens, personalTokens });
  return EXIT.ok;
}

interface Tokens {
  readonly refresh: readonly RefreshTokenRow[];
  readonly personal: readonly PersonalTokenRow[];
}

/** @throws ControlUnavailable when no broker answers */
async function listAtBroker(stateDir: string, { user, service }: TokensOptions): Promise<Tokens | undefined> {
  const robot = robotOf(user);
  const account = user === undefined ? {} : { user };
  const refresh = robot === undefined ? await refreshTokensAtBroker(stateDir, { ...account, service }) : [];
  const personal =
    service === undefined ? await personalTokensAtBroker(stateDir, robot === undefined ? account : { robot }) : [];
  return refresh === undefined || personal === undefined ? undefined : { refresh, personal };
}

async function listStored(config: BrokerConfig, options: TokensOptions): Promise<Tokens> {
  const selection = personalSelection(options);
  return withTokenStores(config, { refresh: [], personal: [] }, async ({ refreshTokens, personalTokens, accounts }) => {
    const refresh = await listRefreshTokens(refreshTokens, refreshSelection(options));
    const personal = selection === undefined ? [] : await listPersonalTokens(personalTokens, selection);
    const findAsleep = createFindAsleep(config.backends, accounts, systemClock);
    const isAsleep = await findAsleep([...refresh, ...personal.map(({ owner }) => owner)]);
    return {
      refresh: refresh.map((token) => refreshTokenOf(token, isAsleep(token))),
      personal: personal.map((token) => personalTokenOf(token, isAsleep(token.owner))),
    };
  });
}

/** What wakes them. */
function asleepText(publicUrl: string): string {
  return `asleep: valid again when the user signs in at ${publicUrl}/sign-in`;
}

function separated(lines: readonly string[], index: number): readonly string[] {
  return index === 0 ? lines : ['', ...lines];
}

function refreshTable(tokens: readonly ReturnType<typeof refreshTokenJson>[]): readonly string[] {
  if (tokens.length === 0) return [];
  const head = ['ID', 'USER', 'SERVICE', 'BACKEND', 'CREATED', 'LAST USED', 'EXPIRES', 'STATE', 'CLIENT'];
  const rows = tokens.map(({ id, user, service, backend, created, used, expires, asleep, client }) => [
    id,
    user,
    service,
    backend,
    created,
    used,
    expires,
    stateText(asleep),
    client,
  ]);
  return tableLines([head, ...rows]);
}

function personalTable(tokens: readonly ReturnType<typeof personalTokenJson>[]): readonly string[] {
  if (tokens.length === 0) return [];
  const head = ['ID', 'USER', 'NAME', 'BACKEND', 'CREATED', 'LAST USED', 'EXPIRES', 'STATE', 'MAY DO'];
  const rows = tokens.map(({ id, user, name, backend, created, used, expires, asleep, ...token }) => [
    id,
    user,
    name,
    backend,
    created,
    used ?? 'never',
    expires,
    stateText(asleep),
    mayDo(token),
  ]);
  return tableLines([head, ...rows]);
}

function stateText(asleep: true | undefined): string {
  return asleep === true ? 'asleep' : 'valid';
}

/** What a token may do, in words. */
function mayDo({
  limits,
  api,
  networks,
}: Partial<Pick<ReturnType<typeof personalTokenJson>, 'limits' | 'api' | 'networks'>>): string {
  const registries = limits === undefined ? ['all the user may do'] : limits.map(limitText);
  const parts = [...registries, ...(api === undefined ? [] : [`API: ${api}`])];
  const from = networks === undefined ? '' : ` from ${networks.join(', ')}`;
  return `${parts.length === 0 ? 'nothing' : parts.join('; ')}${from}`;
}

function limitText({ service, repositories, actions }: NonNullable<PersonalTokenRow['limits']>[number]): string {
  return `${service} ${repositories.join(',')} ${actions.join(',')}`;
}

function refreshTokenJson(token: RefreshTokenRow) {
  const { id, user, service, backend, client, clientId, createdAt, usedAt, expiresAt, asleep } = token;
  const times = { created: createdAt, used: usedAt, expires: expiresAt, ...asleepField(asleep) };
  return { id, user, service, backend, ...times, client: clientId === '' ? client : `${client} (${clientId})` };
}

/** A personal token as `list` and `create` print it. */
export function personalTokenJson(token: PersonalTokenRow) {
  const {
    id,
    name,
    user,
    backend,
    limits,
    api,
    networks,
    createdAt,
    createdBy,
    createdFor,
    usedAt,
    usedFrom,
    expiresAt,
    asleep,
  } = token;
  return {
    id,
    user,
    name,
    backend,
    created: createdAt,
    createdBy,
    ...(createdFor === null ? {} : { createdFor }),
    ...(usedAt === null ? {} : { used: usedAt, usedFrom }),
    expires: expiresAt,
    ...asleepField(asleep),
    ...(limits === null ? {} : { limits }),
    ...(api === null ? {} : { api }),
    ...(networks === null ? {} : { networks }),
  };
}

function asleepField(asleep: boolean): { readonly asleep?: true } {
  return asleep ? { asleep } : {};
}

/** A stored personal token as commands print it. */
export function shownPersonalToken(token: ListedToken) {
  return personalTokenJson(personalTokenOf(token));
}

/** `token "build" (1f9a0c3b2d4e) of robot:web-ci, until 2026-12-01T00:00:00Z, which may do registry web/** pull`. */
export function tokenText(token: ListedToken): string {
  const shown = shownPersonalToken(token);
  return `token "${shown.name}" (${shown.id}) of ${shown.user}, until ${shown.expires}, which may do ${mayDo(shown)}`;
}
