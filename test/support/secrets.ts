/** The passwords that tests use, so that what a server has written can be searched for them, and for tokens. */
const secrets = new Set<string>();

/** Shorter texts stand in logs by chance. */
const MIN_LENGTH = 8;

/** What every token and every private key begins with. */
const SHAPES = ['eyJ', 'PRIVATE KEY'];

/**
 * Notes a password, and the forms in which it travels.
 *
 * @param user whose it is: `user:password` in base64 is what the Basic header holds
 */
export function noteSecret(password: string, user?: string): void {
  if (password.length < MIN_LENGTH) return;
  secrets.add(password).add(encodeURIComponent(password)).add(base64(password));
  if (user !== undefined) secrets.add(base64(`${user}:${password}`));
}

/** What of all that stands in the text: nothing, it is hoped. */
export function secretsIn(text: string): readonly string[] {
  return [...secrets, ...SHAPES].filter((secret) => text.includes(secret));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
