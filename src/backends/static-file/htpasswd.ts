/** Apache's files: `htpasswd` lines `user:hash`, and group files with lines `group: user user`. */
import { Secret } from '../../core/identity.ts';
import { parseHash } from '../password-hash.ts';
import type { PasswordHash } from '../password-hash.ts';
import { groupProblem, usernameProblem } from './names.ts';

interface Htpasswd {
  readonly hashes: ReadonlyMap<string, PasswordHash>;
  /** The same hashes as they are written. */
  readonly written: ReadonlyMap<string, Secret>;
  /** Each as `FILE:LINE: …`. */
  readonly problems: readonly string[];
}

interface Htgroup {
  /** The groups of each member. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly problems: readonly string[];
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Hashes of `htpasswd` without `-B`, of `htdigest`, and of the shadow file of Unix. */
const UNSAFE: readonly (readonly [RegExp, string])[] = [
  [/^\$apr1\$/, 'an MD5 (apr1) hash'],
  [/^\{SHA\}/i, 'an unsalted SHA-1 hash'],
  [/^\{[A-Za-z0-9-]+\}/, 'a hash of an LDAP scheme'],
  [/^\$1\$/, 'an MD5 (crypt) hash'],
  [/^\$5\$/, 'a SHA-256 (crypt) hash'],
  [/^\$6\$/, 'a SHA-512 (crypt) hash'],
  [/^\$y\$/, 'a yescrypt hash'],
  [/^[./A-Za-z0-9]{13}$/, 'a DES (crypt) hash or plain text'],
];

/** @param path named in the problems */
export function parseHtpasswd(text: string, path: string): Htpasswd {
  const hashes = new Map<string, PasswordHash>();
  const written = new Map<string, Secret>();
  const lines = new Map<string, number>();
  const problems: string[] = [];
  for (const line of contentLines(text)) {
    const problem = addUser(line, { hashes, written, lines });
    if (problem !== undefined) problems.push(`${path}:${line.number}: ${problem}`);
  }
  return { hashes, written, problems };
}

interface Found {
  readonly hashes: Map<string, PasswordHash>;
  readonly written: Map<string, Secret>;
  readonly lines: Map<string, number>;
}

function addUser({ number, text }: Line, { hashes, written, lines }: Found): string | undefined {
  const colon = text.indexOf(':');
  // The line may be a misplaced password: it is not quoted.
  if (colon < 0) return 'found a line without a colon, expected USER:HASH, as `htpasswd -B` writes it';
  const name = text.slice(0, colon);
  const nameProblem = usernameProblem(name);
  if (nameProblem !== undefined) return nameProblem;
  const first = lines.get(name);
  if (first !== undefined) return `${name}: found a second time (first on line ${first}), expected each user once`;
  lines.set(name, number);
  // Like Apache, ignore what follows another colon.
  const hashText = (text.slice(colon + 1).split(':', 1)[0] ?? '').trimEnd();
  const hash = readHash(hashText);
  if (typeof hash === 'string') return `${name}: ${hash}`;
  hashes.set(name, hash);
  written.set(name, new Secret(hashText));
  return undefined;
}

function readHash(text: string): PasswordHash | string {
  const unsafe = UNSAFE.find(([beginning]) => beginning.test(text));
  if (unsafe !== undefined) return `found ${unsafe[1]}, expected bcrypt: run \`htpasswd -B FILE USER\``;
  const hash = parseHash(text);
  return typeof hash === 'string' ? `${hash}: run \`htpasswd -B FILE USER\`` : hash;
}

/** @param path named in the problems */
export function parseHtgroup(text: string, path: string): Htgroup {
  const groups = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const line of contentLines(text)) {
    const problem = addGroup(line.text, groups);
    if (problem !== undefined) problems.push(`${path}:${line.number}: ${problem}`);
  }
  return { groups, problems };
}

function addGroup(line: string, groups: Map<string, Set<string>>): string | undefined {
  if (line.endsWith('\\'))
    return 'found a line that goes on in the next, expected another line that names the group again';
  const colon = line.indexOf(':');
  if (colon < 0) return 'found a line without a colon, expected GROUP: USER USER';
  const group = line.slice(0, colon).trim();
  const members = line
    .slice(colon + 1)
    .split(/\s+/)
    .filter((member) => member !== '');
  const problem = groupProblem(group) ?? members.map(usernameProblem).find((found) => found !== undefined);
  if (problem !== undefined) return problem;
  for (const member of members) {
    const own = groups.get(member) ?? new Set();
    groups.set(member, own.add(group));
  }
  return undefined;
}

function contentLines(text: string): readonly Line[] {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.endsWith('\r') ? line.slice(0, -1) : line }))
    .filter((line) => line.text.trim() !== '' && !line.text.startsWith('#'));
}
