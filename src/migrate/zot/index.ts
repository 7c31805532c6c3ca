/** Translates the access control of a zot configuration to a policy. */
import { ConfigError } from '../../config/problems.ts';
import { reportInto } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { readForeignYaml } from '../foreign-yaml.ts';
import type { NewFile } from '../new-files.ts';
import { policyText } from '../write-policy.ts';
import { findAccessControl, readAccessControl } from './access-control.ts';
import { translateAccessControl } from './translate.ts';

export interface ZotImport {
  readonly files: readonly NewFile[];
  readonly findings: readonly Finding[];
}

/** @throws ConfigError if the file cannot be read or has no access control */
export async function importZot(path: string): Promise<ZotImport> {
  const { root, file } = await readForeignYaml(path);
  const section = findAccessControl(root);
  if (section === undefined) {
    const message = 'found no http.accessControl, expected a configuration of zot that has one';
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
  const findings: Finding[] = [];
  const report = reportInto(findings, file);
  const control = readAccessControl(section.value, report);
  const rules = translateAccessControl(control, report);
  report(
    'note',
    section.line,
    'zot takes a token’s word and no longer reads its accessControl; registry-config --for zot prints what it needs',
  );
  report(
    'note',
    section.line,
    'the catalog is granted to nobody: zot filtered it by what a user may read, and with tokens it lists everything',
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
