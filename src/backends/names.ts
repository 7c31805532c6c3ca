/** Which names and passwords are sent to a source, and which names are accepted from one. */
import type { Credential } from '../core/identity.ts';
import type { RejectReason } from '../core/ports.ts';

/** Characters of a user name. */
export const MAX_NAME = 256;
/** Groups of one user. */
export const MAX_GROUPS = 1000;
/** Characters of a group's name. */
export const MAX_GROUP_LENGTH = 1024;
/** Attributes of one user. */
export const MAX_ATTRIBUTES = 64;
/** Values of one attribute. */
export const MAX_VALUES = 64;
/** Characters of a value. */
export const MAX_VALUE_LENGTH = 256;
/** Characters of a password. The longest that servers accept have some hundred. */
const MAX_PASSWORD = 1024;

/** Whether a text may be a user name: not empty, not too long, no control character, no half of a surrogate pair. */
export function isName(text: string): boolean {
  return text !== '' && text.length <= MAX_NAME && isPlainText(text);
}

/** Whether a user name from a source can be used as it is: a policy that a person reads cannot show space around it. */
export function isCanonicalName(value: unknown): value is string {
  return typeof value === 'string' && isName(value) && value.trim() === value;
}

export function isGroupText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_GROUP_LENGTH && isPlainText(value);
}

function isPlainText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/** Why a login is rejected without sending it to its source; undefined: send it. */
export function unsendable({ username, password }: Credential): RejectReason | undefined {
  if (!isName(username)) return 'invalid-name';
  if (password.isEmpty()) return 'empty-password';
  // UTF-8 has no half of a surrogate pair, and servers written in C stop reading at NUL.
  const isText = password.matches((text) => text.length <= MAX_PASSWORD && text.isWellFormed());
  return isText && !password.hasNul() ? undefined : 'wrong-password';
}
