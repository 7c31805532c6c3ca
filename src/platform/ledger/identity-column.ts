/**
 * Identities in numbered slots, which share equal parts. Most users of a registry are in a few combinations of groups, and
 * each backend makes new sets and texts for each login; those of one user would take more memory than the rest of the
 * login.
 */
import { hash } from 'node:crypto';
import type { GroupName, Identity, Username } from '../../core/identity.ts';

type SharedPart = Pick<Identity, 'backend' | 'caseless' | 'groups' | 'attributes'>;

/** What belongs to one user. Most have no more than a name. */
type OwnPart = Username | Omit<Identity, keyof SharedPart>;

interface IdentityColumn {
  put(slot: number, identity: Identity): void;
  /**
   * @returns an equal identity. It is the same object for as long as it is among the last `MAX_RECENT` that were read:
   *   tokens are reused for the same object only (`flows/token-reuse.ts`).
   */
  get(slot: number): Identity | undefined;
  remove(slot: number): void;
}

/** As many as there are tokens to reuse. */
const MAX_RECENT = 1024;

export function createIdentityColumn(): IdentityColumn {
  const share = createSharing();
  const shared: (SharedPart | undefined)[] = [undefined];
  const own: (OwnPart | undefined)[] = [undefined];
  const recent = new Map<number, Identity>();

  function assemble(slot: number): Identity | undefined {
    const part = shared[slot];
    const rest = own[slot];
    if (part === undefined || rest === undefined) return undefined;
    return typeof rest === 'string' ? { username: rest, ...part } : { ...rest, ...part };
  }

  return {
    put: (slot, identity) => {
      const { backend, caseless, groups, attributes, ...rest } = identity;
      shared[slot] = share({ backend, caseless, groups, attributes });
      own[slot] = Object.keys(rest).length === 1 ? rest.username : rest;
    },
    get: (slot) => {
      const known = recent.get(slot);
      if (known !== undefined) return known;
      const identity = assemble(slot);
      if (identity === undefined) return undefined;
      if (recent.size >= MAX_RECENT) for (const oldest of recent.keys().take(1)) recent.delete(oldest);
      recent.set(slot, identity);
      return identity;
    },
    remove: (slot) => {
      recent.delete(slot);
      shared[slot] = undefined;
      own[slot] = undefined;
    },
  };
}

/** Of each kind. At this number, sharing begins anew: what is shared already stays so. */
const MAX_SHARED = 4096;

/** @returns a function whose result equals its argument */
function createSharing(): (part: SharedPart) => SharedPart {
  const groupNames = createInterner<GroupName>();
  const groupSets = createInterner<Identity['groups']>();
  const attributeMaps = createInterner<Identity['attributes']>();
  const parts = createInterner<SharedPart>();
  return ({ backend, caseless, groups, attributes }) => {
    const names = [...groups];
    const groupsKey = digestOf(names);
    const attributesKey = digestOf([...attributes]);
    return parts(digestOf([backend, caseless, groupsKey, attributesKey]), () => ({
      backend,
      caseless,
      groups: groupSets(groupsKey, () => new Set(names.map((name) => groupNames(name, () => name)))),
      attributes: attributeMaps(attributesKey, () => attributes),
    }));
  };
}

/** Gives all callers with one key the same object, so that it is in memory once. */
type Interner<Value> = (key: string, make: () => Value) => Value;

function createInterner<Value>(): Interner<Value> {
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
