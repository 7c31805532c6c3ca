/** What `fairlead diff` prints of classes of decisions. */
import { alternativeText, whoText } from '../../core/policy/diff/alternative.ts';
import type { Comparison, DecisionClass } from '../../core/policy/diff/classes.ts';
import { formatScope } from '../../core/scope.ts';
import { count, reasonLines } from './reason-text.ts';
import type { NamedPolicy } from './reason-text.ts';

export interface ClassOptions {
  readonly files: readonly [NamedPolicy, NamedPolicy];
  /** Whether real users were looked for. */
  readonly named: boolean;
}

export function classLines(
  { classes, complete, untold }: Comparison,
  { files, named }: ClassOptions,
): readonly string[] {
  const [before, after] = files;
  const merged = Map.groupBy(classes, likeness);
  const lines = [`${before.file} (revision ${before.revision}) to ${after.file} (revision ${after.revision})`];
  for (const alike of merged.values()) lines.push('', ...alikeLines(alike, named));
  if (merged.size > 0) lines.push('');
  for (const { name, file, line } of untold) {
    lines.push(`only a request can tell what "${name}" (${file}:${line}) changes, because of its match`);
  }
  if (!complete) lines.push('there was more to compare than is compared: more decisions may change');
  if (classes.length === 0) lines.push(complete && untold.length === 0 ? 'no decision changes' : 'no change was found');
  else
    lines.push(
      `${count(merged.size, 'kind')} of decisions changed; each holds for its example, and for others unless another rule decides`,
    );
  return lines;
}

/** Classes that differ in nothing but who they are about are told as one. */
function likeness(one: DecisionClass): string {
  const rules = [one.before, one.after].map((reasons) => reasons.map(({ file, line, rule }) => [file, line, rule]));
  return JSON.stringify([
    one.change,
    one.actions,
    one.witness.pattern,
    one.besides.map(whoText),
    whereText(one),
    rules,
  ]);
}

function alikeLines(alike: readonly DecisionClass[], named: boolean): readonly string[] {
  const [one] = alike;
  if (one === undefined) return [];
  const subjects = [...new Set(alike.map(subjectText))].join('; ');
  const users = [...new Set(alike.flatMap((each) => each.users))];
  return [
    `${one.change} ${one.actions.join(', ')} on ${resourceText(one)}${whereText(one)}: ${subjects}`,
    ...reasonLines(one),
    `  example: ${exampleText(one)}`,
    ...(named ? [`  users in files: ${users.length === 0 ? 'none' : users.join(', ')}`] : []),
  ];
}

/** Those whom both rules speak of. */
function subjectText({ alternatives, besides, witness }: DecisionClass): string {
  if (witness.situation.caller.kind === 'anonymous') return 'everyone';
  const texts = [...new Set([...alternatives.map(({ who }) => who), ...besides].map(whoText))];
  const narrow = texts.filter((text) => text !== 'everyone' && (text !== 'any user' || texts.length === 1));
  return (narrow.length === 0 ? ['any user'] : narrow).join(' and ');
}

function resourceText({ witness }: DecisionClass): string {
  return witness.pattern ?? 'the catalog';
}

/** The services and addresses that the rules are for. */
function whereText({ alternatives }: DecisionClass): string {
  const rules = alternatives.map(({ rule }) => rule);
  const services = new Set(rules.flatMap((rule) => rule.services?.map(({ text }) => text) ?? []));
  const clients = new Set(rules.flatMap((rule) => rule.clients?.map(({ text }) => text) ?? []));
  const through = services.size === 0 ? '' : ` through ${[...services].join(', ')}`;
  return clients.size === 0 ? through : `${through} from ${[...clients].join(', ')}`;
}

function exampleText({ witness: { situation, asked }, actions }: DecisionClass): string {
  const { caller, client, service } = situation;
  const scope = formatScope({ ...asked, actions });
  const place = `${client === '' ? '' : ` from ${client}`} through ${service}`;
  if (caller.kind === 'anonymous') return `anonymous asks ${scope}${place}`;
  const { username, groups, attributes, caseless } = caller.identity;
  const parts = [
    ...(groups.size === 0 ? [] : [`in ${[...groups].join(', ')}`]),
    ...[...attributes].map(([name, values]) => `${name} ${values.join(', ')}`),
    ...(caseless ? ['of a directory'] : []),
  ];
  return `user ${[username, ...parts].join(', ')} asks ${scope}${place}`;
}

export function classJson({ classes, complete, untold }: Comparison) {
  return {
    complete,
    classes: classes.map((one) => ({
      change: one.change,
      actions: one.actions,
      subject: subjectText(one),
      resource: one.witness.pattern === undefined ? 'registry:catalog' : `repository:${one.witness.pattern}`,
      rules: one.alternatives.map(alternativeText),
      before: one.before,
      after: one.after,
      example: exampleJson(one),
      users: one.users,
    })),
    onlyRequestsTell: untold.map(({ name, file, line }) => ({ rule: name, file, line })),
  };
}

function exampleJson({ witness: { situation, asked }, actions }: DecisionClass) {
  const { caller, client, service } = situation;
  const scope = formatScope({ ...asked, actions });
  if (caller.kind === 'anonymous') return { user: '', anonymous: true, service, client, scope };
  const { username, groups, attributes, caseless } = caller.identity;
  return {
    user: username,
    groups: [...groups],
    attributes: Object.fromEntries(attributes),
    caseless,
    service,
    client,
    scope,
  };
}
