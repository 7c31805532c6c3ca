/** The body of a response with status 200: the user, validated like any input. */
import { z } from 'zod';
import { foldCase } from '../../core/fold-case.ts';
import { groupName } from '../../core/groups.ts';
import { username } from '../../core/identity.ts';
import type { Identity } from '../../core/identity.ts';
import {
  isCanonicalName,
  isGroupText,
  MAX_ATTRIBUTES,
  MAX_GROUP_LENGTH,
  MAX_GROUPS,
  MAX_NAME,
  MAX_VALUE_LENGTH,
  MAX_VALUES,
} from '../names.ts';

export interface UserRules {
  readonly backend: string;
  readonly lowercase: boolean;
}

/** A name that a policy can write after `attr:`. */
const ATTRIBUTE = /^[A-Za-z][\w.-]{0,63}$/;

const text = z.string().max(MAX_VALUE_LENGTH, `expected at most ${MAX_VALUE_LENGTH} characters`);

/**
 * Strict, so that a response such as `{"authenticated": false, "username": "alice"}` is not a login. `groups` is
 * required: missing groups could lift a deny rule.
 */
const userResponse = z.strictObject({
  username: z.string().refine(isCanonicalName, {
    error: `expected at most ${MAX_NAME} characters, without control characters and without space around them`,
  }),
  groups: z
    .array(
      z.string().refine((name) => name !== '' && isGroupText(name), {
        error: `expected a name of 1 to ${MAX_GROUP_LENGTH} characters, without control characters`,
      }),
    )
    .max(MAX_GROUPS, `expected at most ${MAX_GROUPS} groups`),
  attributes: z
    .record(
      z.string().regex(ATTRIBUTE, 'expected names that start with a letter, of letters, digits and . _ -'),
      z.union([text, z.array(text).max(MAX_VALUES)], {
        error: `expected texts of at most ${MAX_VALUE_LENGTH} characters`,
      }),
    )
    .refine((attributes) => Object.keys(attributes).length <= MAX_ATTRIBUTES, {
      error: `expected at most ${MAX_ATTRIBUTES} attributes`,
    })
    .refine((attributes) => new Set(Object.keys(attributes).map(foldCase)).size === Object.keys(attributes).length, {
      error: 'expected each name once: names of attributes have no case',
    })
    .default({}),
  subject: text.min(1).optional(),
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @returns the user, or a sentence that says what is wrong with the body and quotes nothing of it */
export function readUser(body: ArrayBuffer, { backend, lowercase }: UserRules): Identity | string {
  const { data, error } = userResponse.safeParse(parseJson(body), { error: describeIssue });
  if (data === undefined) {
    const [issue] = error.issues;
    const key = issue?.path[0];
    return key === undefined ? (issue?.message ?? 'expected a user') : `${String(key)}: ${issue?.message}`;
  }
  return {
    username: username(lowercase ? foldCase(data.username) : data.username),
    groups: new Set(data.groups.map((name) => groupName(name, { lowercase }))),
    backend,
    caseless: lowercase,
    attributes: new Map(
      Object.entries(data.attributes).map(([name, value]) => [`attr:${foldCase(name)}`, [value].flat()]),
    ),
    ...(data.subject === undefined ? {} : { subject: data.subject }),
  };
}

function parseJson(body: ArrayBuffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    return undefined;
  }
}

/** The messages of zod quote unknown keys, and a service may use anything as a key. */
function describeIssue({ code, path = [], input }: z.core.$ZodRawIssue): string | undefined {
  if (code === 'unrecognized_keys') return 'expected only username, groups, attributes and subject';
  if (path.length === 0) return 'expected a JSON object in UTF-8';
  if (code === 'invalid_type' && input === undefined) return 'expected it in the response';
  return code === 'invalid_type' ? 'expected another type of value' : undefined;
}
