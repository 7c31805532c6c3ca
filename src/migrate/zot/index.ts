/** Translates the access control of a zot configuration to a policy. */
import { ZOT_DEDUPLICATION } from '../../core/registry-config.ts';
import { ConfigError } from '../../config/problems.ts';
import { reportInto } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { entriesOf, readForeignYaml, textAt } from '../foreign-yaml.ts';
import type { ForeignEntry, ForeignNode } from '../foreign-yaml.ts';
import { templatePlaceholders } from '../template-placeholder.ts';
import type { NewFile } from '../new-files.ts';
import { policyText } from '../write-policy.ts';
import { find, findAccessControl, findInHttp, readAccessControl } from './access-control.ts';
import { translateAccessControl } from './translate.ts';

interface ZotImport {
  readonly files: readonly NewFile[];
  readonly findings: readonly Finding[];
}

/** @throws ConfigError if the file cannot be read or has no access control */
export async function importZot(path: string): Promise<ZotImport> {
  const { root, file, repeated } = await readForeignYaml(path);
  const section = findAccessControl(root);
  if (section?.value.kind !== 'map') {
    const message = 'found no http.accessControl, expected a configuration of zot that has one';
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
  refuseTemplates(section, file);
  const findings: Finding[] = [];
  const report = reportInto(findings, file);
  for (const { key, line } of repeated) report('trap', line, `${key}: is here a second time; the last one counts`);
  const control = readAccessControl(section, report);
  const rules = translateAccessControl(control, report);
  report(
    'note',
    section.line,
    'with tokens, zot no longer reads its accessControl; `fairlead registry-config --for zot` prints the configuration that it needs',
  );
  if (deduplicates(root)) report('trap', section.line, ZOT_DEDUPLICATION);
  const auth = findInHttp(root, 'auth');
  if (auth !== undefined) {
    const message =
      'http.auth: users are not imported; see `fairlead import htpasswd`, and the backends ldap and oidc-password';
    report('note', auth.line, message);
  }
  report(
    'note',
    section.line,
    'the catalog is granted to nobody: zot filters it by what a user may read, but lists everything when it accepts tokens',
  );
  const comment = [
    `Imported from ${file}`,
    'Of the rules that match, the first one decides alone: longer patterns come first.',
  ];
  return {
    files: [{ name: 'policy.yaml', text: policyText({ comment, evaluation: 'first-match', rules, source: file }) }],
    findings,
  };
}

/** A pattern that is not filled in matches nothing, so that a shorter one would decide in its place. */
function refuseTemplates({ value }: ForeignEntry, file: string): void {
  const problems = templatePlaceholders(value).map(({ line, text }) => ({
    file,
    line,
    column: 1,
    path: '',
    message: `found ${text}, expected a configuration without placeholders of a template: fill them in first`,
  }));
  if (problems.length > 0) throw new ConfigError(problems);
}

/** zot deduplicates in each storage that does not turn it off. */
function deduplicates(root: ForeignNode): boolean {
  const storage = find(root, 'storage')?.value;
  const all = [storage, ...entriesOf(find(storage, 'subPaths')?.value).map(({ value }) => value)];
  return all.some((one) => textAt(find(one, 'dedupe')?.value)?.toLowerCase() !== 'false');
}
