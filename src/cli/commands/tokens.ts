/** `fairlead tokens`: lists and revokes refresh tokens. */
import { access } from 'node:fs/promises';
import { Command } from 'commander';
import { patient, storeFile } from '../../app/open-records.ts';
import type { RecordsConfig } from '../../app/open-records.ts';
import { openRefreshTokenStore } from '../../app/open-refresh-tokens.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { loadBroker } from '../../config/load.ts';
import { refreshTokenId } from '../../core/refresh-token.ts';
import type { RefreshToken } from '../../core/refresh-token.ts';
import type { Entry, ListableStore } from '../../core/store.ts';
import { ControlUnavailable } from '../../platform/control-socket.ts';
import { systemClock } from '../../platform/clock.ts';
import { collectRemarks } from '../backend-remarks.ts';
import { createCommand, UsageError } from '../command.ts';
import type { Run, SharedOptions } from '../command.ts';
import { listAtBroker, revokeAtBrokers } from '../refresh-tokens.ts';
import type { ShownToken } from '../refresh-tokens.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { tableLines } from '../table.ts';

interface TokensOptions extends SharedOptions {
  readonly user?: string;
  readonly service?: string;
}

interface RevokeOptions extends TokensOptions {
  readonly all?: true;
  readonly ids: readonly string[];
}

const WHERE =
  '\nFinds the tokens by the configuration: in records.postgres, or in stateDir, where it must run as the user of the\nbroker.';
const OF_SERVICE = ['--service <name>', 'only the tokens for this registry'] as const;

export function tokensCommand(run: Run): Command {
  const command = new Command('tokens')
    .description('List and revoke refresh tokens (docker’s identity tokens)')
    .showHelpAfterError('(add --help for the options)');
  command.addCommand(
    createCommand('list', 'List the valid refresh tokens; the tokens themselves are not stored')
      .option('--user <name>', 'only the tokens of this user')
      .option(...OF_SERVICE)
      .addHelpText('after', WHERE)
      .action(run(list)),
  );
  const running = run(revoke);
  command.addCommand(
    createCommand('revoke', 'Revoke refresh tokens: their next use is refused, also by a running broker')
      .argument('[ids...]', 'ids that `fairlead tokens list` prints')
      .option('--user <name>', 'all tokens of this user')
      .option('--all', 'all tokens')
      .option(...OF_SERVICE)
      .addHelpText(
        'after',
        `${WHERE}\nRegistry tokens that were already issued stay valid, for at most \`tokens.lifetime\`.`,
      )
      .action((ids: readonly string[], options: Omit<RevokeOptions, 'ids'>) => running({ ...options, ids })),
  );
  return command;
}

async function list(options: TokensOptions, output: Output): Promise<number> {
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const { services } = config;
  const tokens =
    (await atBroker(() => listAtBroker(config.stateDir, options))).found ?? (await listStored(config, options));
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
  const head = ['ID', 'USER', 'SERVICE', 'BACKEND', 'CREATED', 'LAST USED', 'EXPIRES', 'CLIENT'];
  output.result(rows.length === 0 ? [noneText(options, services)] : tableLines([head, ...rows]), { tokens });
  return EXIT.ok;
}

async function revoke(options: RevokeOptions, output: Output): Promise<number> {
  const { ids, user, all } = options;
  if ([ids.length > 0, user !== undefined, all === true].filter(Boolean).length !== 1) {
    throw new UsageError('expected one of: ids that `fairlead tokens list` prints; --user; --all');
  }
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const { stateDir, services } = config;
  const { found, unavailable } = await atBroker(() => revokeAtBrokers(stateDir, options));
  const tokens = found?.tokens ?? (await revokeStored(config, options));
  const missing = ids.filter((id) => !tokens.some((token) => token.id === id));
  for (const id of missing) output.remark(`fairlead: there is no refresh token ${id}`);
  if (tokens.length === 0 && missing.length === 0) output.remark(`fairlead: ${noneText(options, services)}`);
  output.result(
    tokens.map(({ id, user: owner, service }) => `revoked ${id} of ${owner} for ${service}`),
    { revoked: tokens, missing },
  );
  if (unavailable !== undefined && tokens.length > 0) {
    output.remark(`fairlead: the broker did not log the revocation: ${unavailable.message}`);
  }
  // A broker that was not reached may give out a signed token again for some seconds.
  const problems = found?.problems ?? [];
  for (const problem of problems) output.remark(`fairlead: ${problem}`);
  const isReached = problems.length === 0 && (unavailable === undefined || unavailable.reason === 'absent');
  return tokens.length > 0 && missing.length === 0 && isReached ? EXIT.ok : EXIT.no;
}

interface AtBroker<Found> {
  /** Undefined: no broker that runs has such tokens, so that the stored records are all there is. */
  readonly found?: Found | undefined;
  /** Why no broker could be asked. */
  readonly unavailable?: ControlUnavailable;
}

/** Asks the brokers that run. Commands work on the stored records where none does. */
async function atBroker<Found>(ask: () => Promise<Found | undefined>): Promise<AtBroker<Found>> {
  try {
    return { found: await ask() };
  } catch (error) {
    if (error instanceof ControlUnavailable) return { unavailable: error };
    throw error;
  }
}

async function listStored(config: RecordsConfig, options: TokensOptions): Promise<readonly ShownToken[]> {
  const found = await withStore(config, (store) => store.list());
  return found.filter((entry) => isChosen(entry.value, options)).map(shown);
}

async function revokeStored(config: RecordsConfig, options: RevokeOptions): Promise<readonly ShownToken[]> {
  const { ids } = options;
  const revoked = await withStore(config, async (store) => {
    const chosen = (await store.list()).filter(
      ({ key, value }) => isChosen(value, options) && (ids.length === 0 || ids.includes(refreshTokenId(key))),
    );
    await store.removeAll(chosen.map(({ key }) => key));
    return chosen;
  });
  return revoked.map(shown);
}

function noneText({ user, service }: TokensOptions, services: BrokerConfig['services']): string {
  const which = `${user === undefined ? '' : ` of ${user}`}${service === undefined ? '' : ` for ${service}`}`;
  const isOffered = Object.values(services).some(({ refreshTokens }) => refreshTokens !== undefined);
  return `there are no refresh tokens${which}${isOffered ? '' : ': no service enables refreshTokens'}`;
}

type Tokens = readonly Entry<RefreshToken>[];

/** Does not create the file: a broker that never offered refresh tokens has none. */
async function withStore(
  config: RecordsConfig,
  work: (store: ListableStore<RefreshToken>) => Promise<Tokens>,
): Promise<Tokens> {
  if (config.records === undefined && !(await isThere(storeFile(config.stateDir)))) return [];
  const deps = { clock: systemClock, log: collectRemarks().log };
  await using opened = await openRefreshTokenStore(patient(config), deps);
  const found = await work(opened.store);
  return found;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

function isChosen({ username, login, service }: RefreshToken, options: TokensOptions): boolean {
  if (options.service !== undefined && options.service !== service) return false;
  return options.user === undefined || options.user === username || options.user === login;
}

function shown({ key, value }: Entry<RefreshToken>): ShownToken {
  const { username: user, service, backend, client, clientId, createdAt, usedAt, expiresAt } = value;
  const times = { created: timeText(createdAt), used: timeText(usedAt), expires: timeText(expiresAt) };
  const from = clientId === '' ? client : `${client} (${clientId})`;
  return { id: refreshTokenId(key), user, service, backend, ...times, client: from };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}
