/** Claims as values for `{claim:NAME}` in a policy. */
import { MAX_ATTRIBUTES, MAX_VALUE_LENGTH, MAX_VALUES } from '../names.ts';
import { scalarText } from './claim-path.ts';
import type { Claims } from './claim-path.ts';
import { isUnverifiedEmail } from './verified-email.ts';

/** The names a policy can write after `claim:`. */
const NAME = /^[\w.:/-]{1,64}$/;
/** Claims about the token and not about the user. They change with each login. */
const ABOUT_TOKEN = new Set([
  'at_hash',
  'aud',
  'auth_time',
  'c_hash',
  'exp',
  'iat',
  'jti',
  'nbf',
  'nonce',
  's_hash',
  'sid',
]);

/** @param sources most trusted first: of two with the same claim, the first counts */
export function attributesOf(sources: readonly Claims[]): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  for (const claims of sources) {
    for (const [name, value] of Object.entries(claims)) {
      if (attributes.size === MAX_ATTRIBUTES) return attributes;
      const key = `claim:${name}`;
      if (attributes.has(key) || !isAboutUser(name, claims)) continue;
      const texts = textsOf(value);
      if (texts !== undefined) attributes.set(key, texts);
    }
  }
  return attributes;
}

function isAboutUser(name: string, claims: Claims): boolean {
  return NAME.test(name) && !ABOUT_TOKEN.has(name) && !isUnverifiedEmail({ segments: [name] }, claims);
}

function textsOf(value: unknown): readonly string[] | undefined {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > MAX_VALUES) return undefined;
  const texts = values.map(scalarText);
  return texts.every(isShortText) ? texts : undefined;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_VALUE_LENGTH;
}
