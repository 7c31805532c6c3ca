/** Which tokens a command is about, from its options. */
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { isRobotUsername, ROBOT_PREFIX } from '../../core/robot-name.ts';
import type { TokenSelection } from '../../flows/personal-token/list.ts';
import type { RefreshTokenSelection } from '../../flows/refresh-token/revoke.ts';
import type { SharedOptions } from '../command.ts';

export interface TokensOptions extends SharedOptions {
  /** A user name, or `robot:NAME`. */
  readonly user?: string;
  /** Personal tokens are not of one service, so that they are left out. */
  readonly service?: string;
}

/** The robot that a user name stands for. */
export function robotOf(user: string | undefined): string | undefined {
  return user !== undefined && isRobotUsername(user) ? user.slice(ROBOT_PREFIX.length) : undefined;
}

/** @param ids public ids; empty: all */
export function refreshSelection(options: TokensOptions, ids: readonly string[] = []): RefreshTokenSelection {
  const { user, service } = options;
  return { ...idsOf(ids), ...(user === undefined ? {} : { account: { user } }), service };
}

/** @returns undefined when no personal token is meant */
export function personalSelection(options: TokensOptions, ids: readonly string[] = []): TokenSelection | undefined {
  const { user, service } = options;
  if (service !== undefined) return undefined;
  if (user === undefined) return idsOf(ids);
  const robot = robotOf(user);
  return robot === undefined ? { account: { user } } : { robot };
}

function idsOf(ids: readonly string[]): { readonly ids?: readonly string[] } {
  return ids.length === 0 ? {} : { ids };
}

/** That there are no tokens, and why. */
export function noneText({ user, service }: TokensOptions, config: BrokerConfig): string {
  const { services, personalTokens } = config;
  const which = `${user === undefined ? '' : ` of ${user}`}${service === undefined ? '' : ` for ${service}`}`;
  if (personalTokens !== undefined) return `there are no tokens${which}`;
  const isOffered = Object.values(services).some(({ refreshTokens }) => refreshTokens !== undefined);
  return `there are no refresh tokens${which}${isOffered ? '' : ': no service enables refreshTokens'}`;
}
