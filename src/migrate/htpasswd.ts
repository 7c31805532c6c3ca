/** Translates an htpasswd file of Apache, with its groups, to a users.yaml. */
import { parseHtgroup, parseHtpasswd } from '../backends/static-file/htpasswd.ts';
import { ConfigError } from '../config/problems.ts';
import { readTextFile, shownPath } from '../config/read-text.ts';
import { reportInto } from './finding.ts';
import type { Finding } from './finding.ts';
import type { NewFile } from './new-files.ts';
import { yamlText } from './write-yaml.ts';

export interface HtpasswdImport {
  readonly files: readonly NewFile[];
  readonly findings: readonly Finding[];
}

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * @param htgroup a group file of Apache
 * @throws ConfigError when a file cannot be read, or the group file has faults
 */
export async function importHtpasswd(path: string, htgroup: string | undefined): Promise<HtpasswdImport> {
  const { text } = await readTextFile(path, MAX_BYTES);
  const file = shownPath(path);
  const findings: Finding[] = [];
  const report = reportInto(findings, file);
  const groups = await groupsIn(htgroup);
  const users = new Map<string, { readonly password: string; readonly groups?: readonly string[] }>();
  for (const [index, line] of text.split('\n').entries()) {
    const number = index + 1;
    const { hashes, problems } = parseHtpasswd(line, '');
    // Each problem begins with a position in the text, which is one line here.
    for (const problem of problems) report('lost', number, problem.replace(/^:1: /, ''));
    const [name] = hashes.keys();
    if (name === undefined) continue;
    if (users.has(name)) {
      report('lost', number, `${name}: found a second time; the first one counts`);
      continue;
    }
    const own = [...(groups.get(name) ?? [])];
    const password =
      line
        .slice(name.length + 1)
        .split(':', 1)[0]
        ?.trimEnd() ?? '';
    users.set(name, { password, ...(own.length === 0 ? {} : { groups: own }) });
  }
  const strangers = [...groups.keys()].filter((name) => !users.has(name));
  if (strangers.length > 0) report('note', 1, `the group file has members who are not here: ${strangers.join(', ')}`);
  const body = yamlText({ users: Object.fromEntries(users) }, [`Imported from ${file}`]);
  return { files: [{ name: 'users.yaml', text: body, secret: true }], findings };
}

async function groupsIn(path: string | undefined): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  if (path === undefined) return new Map();
  const { text } = await readTextFile(path, MAX_BYTES);
  const { groups, problems } = parseHtgroup(text, shownPath(path));
  if (problems.length === 0) return groups;
  throw new ConfigError(problems.map((message) => ({ file: '', line: 0, column: 0, path: '', message })));
}
