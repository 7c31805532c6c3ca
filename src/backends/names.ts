/** Which texts a provider may give as the name of a user or a group. */

export const MAX_NAME = 256;
export const MAX_GROUPS = 1000;
export const MAX_GROUP_LENGTH = 1024;

/** Whether a text may be a user name at all: short enough, and without control characters and broken surrogates. */
export function isName(text: string): boolean {
  return text !== '' && text.length <= MAX_NAME && text.isWellFormed() && !/\p{Cc}/u.test(text);
}

export function isGroupText(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= MAX_GROUP_LENGTH && value.isWellFormed() && !/\p{Cc}/u.test(value)
  );
}
