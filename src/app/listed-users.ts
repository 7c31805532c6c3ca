/** The users that the configured backends can list. */
import { traitsOf } from '../backends/index.ts';
import type { PasswordFile } from '../backends/traits.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import type { Caller, Identity } from '../core/identity.ts';
import { robotIdentity } from '../core/robot.ts';
import { looksLikeRobot } from '../core/robot-name.ts';
import { parseNamePattern } from '../core/policy/name-pattern.ts';

type Configured = Pick<BrokerConfig, 'backends'>;

/** @throws Error that names the file when one cannot be read */
export async function listedIdentities({ backends }: Configured): Promise<readonly Identity[]> {
  const listed: Identity[] = [];
  for (const backend of backends) {
    const identities = (await traitsOf(backend).users?.identities()) ?? [];
    // Nobody can log in under the name of a robot.
    const own = identities.filter(({ username }) => !looksLikeRobot(username));
    listed.push(...own.filter(({ username }) => isOffered(backend.usernames, username)));
  }
  return listed;
}

/** The same users, and the robots, as callers that a policy can decide about. Throws as `listedIdentities` does. */
export async function listedCallers(config: Configured & Pick<BrokerConfig, 'robots'>): Promise<readonly Caller[]> {
  const robots = Object.keys(config.robots ?? {}).map(robotIdentity);
  return [...(await listedIdentities(config)), ...robots].map((identity) => ({ kind: 'user', identity }));
}

/** The users whose password is the content of a file. */
export async function listedPasswordFiles({ backends }: Configured): Promise<readonly PasswordFile[]> {
  const found: PasswordFile[] = [];
  for (const backend of backends) found.push(...((await traitsOf(backend).users?.passwordFiles()) ?? []));
  return found;
}

function isOffered(usernames: readonly string[] | undefined, name: string): boolean {
  if (usernames === undefined) return true;
  return usernames.some((text) => {
    const pattern = parseNamePattern(text);
    return typeof pattern !== 'string' && pattern.match(name) !== undefined;
  });
}
