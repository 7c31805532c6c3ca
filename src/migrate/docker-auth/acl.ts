/** The rules of a docker_auth configuration, as it reads them. */
import { parseClientRange } from '../../core/client-range.ts';
import { regexOf } from '../../config/match/match-pattern.ts';
import { compileRe2 } from '../../config/match/re2.ts';
import type { ConfigProblem } from '../../config/problems.ts';
import { child, entriesOf, entry, itemsOf, textAt, textsOf } from '../foreign-yaml.ts';
import type { ForeignNode } from '../foreign-yaml.ts';

export const ACL_FIELDS = ['account', 'type', 'name', 'service'] as const;
export type AclField = (typeof ACL_FIELDS)[number];

export interface AclRule {
  /** Counted from 1. */
  readonly number: number;
  readonly line: number;
  /** The patterns as they are written; an absent field matches everything. */
  readonly fields: Readonly<Partial<Record<AclField, string>>>;
  readonly labels: ReadonlyMap<string, string>;
  readonly ip: string | undefined;
  /** Undefined: the rule has none, and docker_auth aborts each request that it matches. */
  readonly actions: readonly string[] | undefined;
  readonly comment: string | undefined;
  /** The lines of conditions that are written without a value, by name. */
  readonly empty: ReadonlyMap<string, number>;
}

/** @param problems receives the errors with which docker_auth does not start */
export function readAcl(acl: ForeignNode | undefined, file: string, problems: ConfigProblem[]): readonly AclRule[] {
  return itemsOf(acl).map((item, index) => {
    const rule = readRule(item, index + 1);
    const refuse = (message: string): void =>
      void problems.push({ file, line: rule.line, column: 1, path: `acl.${index}`, message });
    const match = child(item, 'match');
    if (match?.kind !== 'map') refuse('found no match, expected a mapping of conditions: docker_auth cannot read it');
    for (const [where, text] of [...Object.entries(rule.fields), ...rule.labels]) {
      const regex = regexOf(text);
      const compiled = regex === undefined ? undefined : compileRe2(regex);
      if (typeof compiled === 'string')
        refuse(`the pattern of ${where} ${compiled}; docker_auth does not start with it`);
    }
    const range = rule.ip === undefined ? undefined : parseClientRange(rule.ip);
    if (typeof range === 'string') refuse(`ip: ${range}; docker_auth does not start with it`);
    return rule;
  });
}

function readRule(item: ForeignNode, number: number): AclRule {
  const match = child(item, 'match');
  const fields = ACL_FIELDS.flatMap((field) => {
    const text = textAt(match, field);
    return text === undefined ? [] : [[field, text] as const];
  });
  const labels = entriesOf(child(match, 'labels')).map(({ key, value }) => [key, textAt(value) ?? ''] as const);
  const known = [...ACL_FIELDS, 'ip', 'labels'];
  const empty = known.flatMap((key) => {
    const found = entry(match, key);
    return found?.value.kind === 'null' ? [[key, found.line] as const] : [];
  });
  const actions = child(item, 'actions');
  return {
    number,
    line: item.line,
    fields: Object.fromEntries(fields),
    labels: new Map(labels),
    ip: textAt(match, 'ip'),
    actions: actions === undefined || actions.kind === 'null' ? undefined : textsOf(actions),
    comment: textAt(item, 'comment'),
    empty: new Map(empty),
  };
}
