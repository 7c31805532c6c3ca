/** An identity as plain JSON, for stores outside this process: JSON has neither sets nor maps. */
import { isObject } from './is-object.ts';
import { username } from './identity.ts';
import type { GroupName, Identity } from './identity.ts';

export interface IdentityRecord {
  readonly username: string;
  readonly groups: readonly string[];
  readonly backend: string;
  readonly caseless: boolean;
  readonly attributes: readonly (readonly [string, readonly string[]])[];
  readonly notAfter?: number;
  readonly subject?: string;
}

export function encodeIdentity(identity: Identity): IdentityRecord {
  return { ...identity, groups: [...identity.groups], attributes: [...identity.attributes] };
}

/** @returns undefined when the value is not the record of an identity */
export function parseIdentity(value: unknown): Identity | undefined {
  if (!isObject(value)) return undefined;
  const { username: name, groups, backend, caseless, attributes, notAfter, subject } = value;
  if (typeof name !== 'string' || typeof backend !== 'string' || typeof caseless !== 'boolean') return undefined;
  if (!isTexts(groups) || !Array.isArray(attributes) || !attributes.every(isAttribute)) return undefined;
  if (notAfter !== undefined && typeof notAfter !== 'number') return undefined;
  if (subject !== undefined && typeof subject !== 'string') return undefined;
  return {
    username: username(name),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names were canonical when they were encoded
    groups: new Set(groups as readonly GroupName[]),
    backend,
    caseless,
    attributes: new Map(attributes),
    ...(notAfter === undefined ? {} : { notAfter }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isAttribute(value: unknown): value is readonly [string, readonly string[]] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && isTexts(value[1]);
}
