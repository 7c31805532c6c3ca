/** What the configured backends can deliver, as far as the configuration and the files of users tell. */
import type { BrokerConfig } from '../config/broker-schema.ts';
import { suggest } from '../config/suggest.ts';
import { canonicalParts } from '../core/dn.ts';
import type { Caller } from '../core/identity.ts';
import type { Reach, Sources } from '../core/policy/lint/sources.ts';
import { staticUsers } from './static-users.ts';

type Backend = BrokerConfig['backends'][number];

/** @throws UsersFileError when a file of users cannot be read */
export async function policySources(config: BrokerConfig): Promise<Sources> {
  const { backends } = config;
  const known = await staticUsers(config);
  const others = backends.filter(({ type }) => type !== 'static-file');
  return {
    groups: groupReach(others, namesOf(known, 'groups')),
    users: others.length > 0 ? EVERY : fromList(namesOf(known, 'users')),
    canFill: (name) => backends.some((backend) => givesValue(backend, name)),
  };
}

const EVERY: Reach = { canBe: () => true, like: () => undefined };

function namesOf(callers: readonly Caller[], what: 'groups' | 'users'): readonly string[] {
  const names = callers.flatMap((caller): readonly string[] => {
    if (caller.kind === 'anonymous') return [];
    return what === 'users' ? [caller.identity.username] : [...caller.identity.groups];
  });
  return [...new Set(names)];
}

function fromList(names: readonly string[]): Reach {
  return {
    canBe: ({ exact }) => exact.text === '*' || names.some((name) => exact.match(name) !== undefined),
    like: (name) => suggest(name, names),
  };
}

/** A directory may have a group of any name; one that is meant by its DN must stand where groups are looked for. */
function groupReach(others: readonly Backend[], known: readonly string[]): Reach {
  const list = fromList(known);
  const giving = others.filter((backend) => backend.type !== 'ldap' || backend.groups !== undefined);
  if (giving.length === 0) return list;
  const bases = giving.map((backend) => (backend.type === 'ldap' ? backend.groups?.base : undefined));
  return {
    canBe: (pair) => {
      const dn = pair.exact.literal === undefined ? undefined : canonicalParts(pair.exact.literal);
      return list.canBe(pair) || dn === undefined || bases.some((base) => base === undefined || isBeneath(dn, base));
    },
    like: () => undefined,
  };
}

function isBeneath(dn: readonly string[], base: string): boolean {
  const parts = canonicalParts(base) ?? [];
  return dn.length >= parts.length && parts.every((part, index) => part === dn.at(index - parts.length));
}

function givesValue(backend: Backend, name: string): boolean {
  if (backend.type === 'ldap') {
    return (
      name.startsWith('attr:') && backend.attributes.some((attribute) => `attr:${attribute.toLowerCase()}` === name)
    );
  }
  return name.startsWith('claim:') && backend.type !== 'static-file';
}
