/**
 * Lets identities in memory share equal parts. Most users of a registry are in a few combinations of groups, and each
 * backend makes new sets and texts for each login; those of one user would take more memory than the rest of the login.
 */
import { hash } from 'node:crypto';
import type { GroupName, Identity } from '../../core/identity.ts';

/** Of each kind. At this number, sharing begins anew: what is shared already stays so. */
const MAX_SHARED = 4096;

/** @returns a function whose result equals its argument */
export function createIdentitySharing(): (identity: Identity) => Identity {
  const groupNames = createPool<GroupName>();
  const groupSets = createPool<Identity['groups']>();
  const attributeMaps = createPool<Identity['attributes']>();
  return (identity) => {
    const names = [...identity.groups];
    const attributes = [...identity.attributes];
    return {
      ...identity,
      groups: groupSets(digestOf(names), () => new Set(names.map((name) => groupNames(name, () => name)))),
      attributes: attributeMaps(digestOf(attributes), () => identity.attributes),
    };
  };
}

type Pool<Value> = (key: string, make: () => Value) => Value;

function createPool<Value>(): Pool<Value> {
  const values = new Map<string, Value>();
  return (key, make) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    if (values.size === MAX_SHARED) values.clear();
    const value = make();
    values.set(key, value);
    return value;
  };
}

/** Of the JSON, in which different lists look different. */
function digestOf(list: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(list), 'base64url');
}
