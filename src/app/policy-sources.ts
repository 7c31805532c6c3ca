/** What the configured backends can deliver, as far as the configuration and the files of users say. */
import { traitsOf } from '../backends/index.ts';
import type { BackendTraits } from '../backends/traits.ts';
import type { BrokerConfig } from '../config/broker-schema.ts';
import { suggest } from '../config/suggest.ts';
import { canonicalParts } from '../core/dn.ts';
import type { ProveOptions } from '../core/policy/invariants.ts';
import type { Form } from '../core/policy/exact/world.ts';
import { namesEqualInLowerCase } from '../core/policy/lint/folded-names.ts';
import type { Reach, Sources } from '../core/policy/lint/sources.ts';
import { robotUsername } from '../core/robot.ts';
import { listedIdentities } from './listed-users.ts';

/** @throws Error that names the file when a file of users cannot be read */
export async function policySources(config: Pick<BrokerConfig, 'backends' | 'robots'>): Promise<Sources> {
  const traits = config.backends.map(traitsOf);
  const listed = await listedIdentities(config);
  const groups = new Set(listed.flatMap((identity): readonly string[] => [...identity.groups]));
  const users = new Set(listed.map(({ username }): string => username));
  return {
    groups: groupReach(traits, [...groups]),
    users: traits.every((backend) => backend.users !== undefined) ? onlyListed([...users]) : EVERY_NAME,
    robots: robotReach(Object.keys(config.robots ?? {})),
    sameInLowerCase: { users: namesEqualInLowerCase(users), groups: namesEqualInLowerCase(groups) },
    exactBackends: exactBackends(config),
    canFill: (placeholder) => traits.some((backend) => backend.deliversValue(placeholder)),
  };
}

/** The backends for which `Alice` is not `alice`, and whose users are not in a file. */
export function exactBackends({ backends }: Pick<BrokerConfig, 'backends'>): readonly string[] {
  return backends.flatMap((backend) => {
    const { names, users } = traitsOf(backend);
    return names === 'exact' && users === undefined ? [backend.name] : [];
  });
}

/** How the backends compare names, so that a search imagines no users that they cannot have. */
export function nameForms({ backends }: Pick<BrokerConfig, 'backends'>): readonly Form[] {
  const names = new Set(backends.map((backend) => traitsOf(backend).names));
  return [...(names.has('exact') ? (['exact'] as const) : []), ...(names.has('caseless') ? (['folded'] as const) : [])];
}

/** What a proof about the policy takes from the configuration. */
export function proveOptions(config: Pick<BrokerConfig, 'backends' | 'services'>): ProveOptions {
  return { services: Object.keys(config.services), forms: nameForms(config) };
}

const EVERY_NAME: Reach = { canBe: () => true, like: () => undefined };

function onlyListed(names: readonly string[]): Reach {
  return {
    canBe: ({ exact }) => exact.text === '*' || names.some((name) => exact.match(name) !== undefined),
    like: (name) => suggest(name, names),
  };
}

/** @param names without the prefix */
function robotReach(names: readonly string[]): Reach {
  const users = names.map((name): string => robotUsername(name));
  return {
    canBe: ({ exact }) => users.some((user) => exact.match(user) !== undefined),
    like: (text) => suggest(text, users),
  };
}

function groupReach(traits: readonly BackendTraits[], listed: readonly string[]): Reach {
  const list = onlyListed(listed);
  const open = traits.flatMap(({ groups }) => (groups.kind === 'any' ? [groups] : []));
  if (open.length === 0) return list;
  return {
    canBe: (pair) => {
      if (list.canBe(pair)) return true;
      const dn = pair.exact.literal === undefined ? undefined : canonicalParts(pair.exact.literal);
      return dn === undefined || open.some(({ base }) => base === undefined || isBelow(dn, base));
    },
    like: () => undefined,
  };
}

/** Whether a distinguished name, in its canonical parts, is `base` or below it. */
function isBelow(dn: readonly string[], base: string): boolean {
  const parts = canonicalParts(base) ?? [];
  return dn.length >= parts.length && parts.every((part, index) => part === dn.at(index - parts.length));
}
