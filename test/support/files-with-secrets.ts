/** Which files below a folder have a password or a token in them, in the forms in which programs store them. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A JSON Web Token, such as a registry token. Random bytes do not look so by chance. */
const JWT = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\./;
/** The beginnings of the tokens of Fairlead, with enough of one to be no mention of them. */
const FAIRLEAD_TOKEN = /fl[rp]_[\w-]{20,}/;
/** The same in base64, of `<token>:flr_…` and at the three places within a group of three bytes. */
const ENCODED = ['flr_', 'flp_'].flatMap((prefix) => [0, 1, 2].map((shift) => innerBase64(prefix, shift)));

/**
 * @param secrets the texts that must be in no file, also in base64, in a URL and in JSON
 * @returns the paths below the folder, sorted
 */
export async function filesWithSecrets(folder: string, secrets: readonly string[]): Promise<readonly string[]> {
  const needles = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...[0, 1, 2].map((shift) => innerBase64(secret, shift)),
  ]);
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !(await lstat(path)).isFile()) continue;
    const bytes = await readFile(path);
    const text = bytes.toString('latin1');
    if (
      JWT.test(text) ||
      FAIRLEAD_TOKEN.test(text) ||
      [...needles, ...ENCODED].some((needle) => bytes.includes(needle))
    )
      found.push(relative(folder, path));
  }
  return found.toSorted();
}

/** What the base64 of every text has that has this text after `shift` bytes of a group of three. */
function innerBase64(text: string, shift: number): string {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
  // The first character that has bits of the bytes before, and the last group, which has bits of those behind.
  const start = shift === 0 ? 0 : shift + 1;
  return bytes.toString('base64').slice(start, Math.floor(bytes.length / 3) * 4);
}
