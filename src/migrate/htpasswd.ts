/** Translates an htpasswd file of Apache, with its groups, to a users.yaml. */
import { parseHtgroup, parseHtpasswd } from '../backends/static-file/htpasswd.ts';
import { ConfigError } from '../config/problems.ts';
import { readTextFile, shownPath } from '../config/read-text.ts';
import { reportInto } from './finding.ts';
import type { Finding } from './finding.ts';
import type { NewFile } from './new-files.ts';
import { yamlText } from './write-yaml.ts';

interface HtpasswdImport {
  readonly files: readonly NewFile[];
  readonly findings: readonly Finding[];
}

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * @param htgroup a group file of Apache
 * @throws ConfigError when a file cannot be read or is no htpasswd file, or the group file has faults
 */
export async function importHtpasswd(path: string, htgroup: string | undefined): Promise<HtpasswdImport> {
  const { text } = await readTextFile(path, MAX_BYTES);
  const file = shownPath(path);
  const findings: Finding[] = [];
  const report = reportInto(findings, file);
  const groups = await groupsIn(htgroup);
  const lines = new Map<string, number>();
  const users = new Map<string, { readonly password: string; readonly groups?: readonly string[] }>();
  refuseOther(text, file);
  for (const [index, line] of text.split('\n').entries()) {
    const number = index + 1;
    const { hashes, problems } = parseHtpasswd(line, '');
    // Each problem begins with a position in the text, which is one line here.
    for (const problem of problems) report('lost', number, problem.replace(/^:1: /, ''));
    const name = line.startsWith('#') ? undefined : /^([^:]+):/.exec(line)?.[1];
    if (name === undefined) continue;
    if (lines.has(name)) report('trap', number, repeatedUser(name, lines.get(name) ?? 0));
    lines.set(name, number);
    // A last line that cannot be imported replaces the line before it as well.
    users.delete(name);
    if (!hashes.has(name)) continue;
    const [hash = ''] = line.slice(name.length + 1).split(':', 1);
    const own = [...(groups.get(name) ?? [])];
    users.set(name, { password: hash.trimEnd(), ...(own.length === 0 ? {} : { groups: own }) });
  }
  const unknown = [...groups.keys()].filter((name) => !users.has(name));
  if (unknown.length > 0) report('note', 1, `the group file has members that are not imported: ${unknown.join(', ')}`);
  const body = yamlText({ users: Object.fromEntries(users) }, [`Imported from ${file}`]);
  return { files: [{ name: 'users.yaml', text: body, secret: true }], findings };
}

/** `htpasswd` replaces a line; guides append one. Registries use the last line, and only Apache the first. */
function repeatedUser(name: string, first: number): string {
  return `${name}: is in line ${first} as well; the last line counts, as in a registry (Apache uses the first)`;
}

/** A line with a hash of any kind: bcrypt, `$apr1$…`, `{SHA}…`, or the 13 characters of DES. */
const WITH_HASH = /^[^:#\s][^:]*:(?:\$[\w-]+\$|\{[A-Za-z0-9-]+\}|[./A-Za-z0-9]{13}\s*(?::|$))/m;

function refuseOther(text: string, file: string): void {
  if (WITH_HASH.test(text)) return;
  const message = 'found no line USER:HASH, expected an htpasswd file';
  throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
}

async function groupsIn(path: string | undefined): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  if (path === undefined) return new Map();
  const { text } = await readTextFile(path, MAX_BYTES);
  const { groups, problems } = parseHtgroup(text, shownPath(path));
  if (problems.length === 0) return groups;
  throw new ConfigError(problems.map((message) => ({ file: '', line: 0, column: 0, path: '', message })));
}
