/** The output of `fairlead diff` for classes of decisions. */
import { alternativeText } from '../../core/policy/diff/alternative.ts';
import type { Comparison, DecisionClass } from '../../core/policy/diff/classes.ts';
import type { Rule } from '../../core/policy/rule.ts';
import { requestText, timeText } from '../../config/request-text.ts';
import { whoText } from '../../core/policy/who-text.ts';
import { separateRobots } from '../../core/robot-name.ts';
import { formatScope } from '../../core/scope.ts';
import { plural } from '../plural.ts';
import { reasonLines } from './reason-text.ts';
import type { NamedPolicy } from './reason-text.ts';

interface ClassOptions {
  readonly files: readonly [NamedPolicy, NamedPolicy];
  /** Whether the users of a configuration were compared. */
  readonly named: boolean;
}

export function classLines(
  { classes, complete, gaps, undecided }: Comparison,
  { files, named }: ClassOptions,
): readonly string[] {
  const [before, after] = files;
  const merged = Map.groupBy(classes, mergeKey);
  const lines = [`${before.file} (revision ${before.revision}) to ${after.file} (revision ${after.revision})`];
  for (const group of merged.values()) lines.push('', ...groupLines(group, named));
  if (merged.size > 0) lines.push('');
  for (const rule of undecided) {
    const { name, file, line } = rule;
    lines.push(`only a request can show what "${name}" (${file}:${line}) changes, because of its ${openKinds(rule)}`);
  }
  for (const gap of gaps) lines.push(`not proved, more decisions may change: ${gap}`);
  if (!complete && gaps.length === 0)
    lines.push('there was more to compare than is compared: more decisions may change');
  if (classes.length === 0)
    lines.push(complete && undecided.length === 0 ? 'no decision changes' : 'no change was found');
  else
    lines.push(
      `${plural(merged.size, 'kind')} of decisions changed; each holds for its example, and for others unless another rule decides`,
    );
  return lines;
}

/** Equal for classes that differ only in their callers. They are shown as one. */
function mergeKey(one: DecisionClass): string {
  const rules = [one.before, one.after].map((reasons) => reasons.map(({ file, line, rule }) => [file, line, rule]));
  return JSON.stringify([
    one.change,
    one.actions,
    one.example.pattern,
    one.additional.map((who) => whoText(who, 'pattern')),
    whereText(one),
    rules,
  ]);
}

function groupLines(group: readonly DecisionClass[], named: boolean): readonly string[] {
  const [one] = group;
  if (one === undefined) return [];
  const subjects = [...new Set(group.map(subjectText))].join('; ');
  const { people, robots } = separateRobots(new Set(group.flatMap((each) => each.users)));
  return [
    `${one.change} ${one.actions.join(', ')} on ${resourceText(one)}${whereText(one)}: ${subjects}`,
    ...reasonLines(one),
    `  example: ${exampleText(one)}`,
    ...(named ? [`  users in files: ${people.length === 0 ? 'none' : people.join(', ')}`] : []),
    ...(robots.length === 0 ? [] : [`  robots: ${robots.join(', ')}`]),
  ];
}

/** The callers both rules are for. */
function subjectText({ alternatives, additional, example }: DecisionClass): string {
  if (example.situation.caller.kind === 'anonymous') return 'everyone';
  const texts = [
    ...new Set([...alternatives.map(({ who }) => who), ...additional].map((who) => whoText(who, 'pattern'))),
  ];
  const narrow = texts.filter((text) => text !== 'everyone' && (text !== 'any user' || texts.length === 1));
  return (narrow.length === 0 ? ['any user'] : narrow).join(' and ');
}

function resourceText({ example }: DecisionClass): string {
  return example.pattern ?? 'the catalog';
}

/** The conditions of the rules that limit where and when: ` for the service one, two from 10.0.0.0/8`. */
function whereText({ alternatives }: DecisionClass): string {
  const phrases = alternatives.flatMap(({ rule }) => rule.conditions.map((condition) => condition.phrases));
  const byScope = Map.groupBy(phrases, ({ scope }) => scope);
  return [...byScope]
    .map(([scope, same]) => {
      const values = new Set(same.flatMap((phrase) => phrase.values));
      return scope === undefined ? '' : ` ${scope} ${[...values].join(', ')}`;
    })
    .join('');
}

/** The kinds of the conditions that only a request can show. */
function openKinds({ conditions }: Rule): string {
  return conditions.flatMap(({ kind, samples }) => (samples === undefined ? [kind] : [])).join(' and ');
}

function exampleText({ example: { situation, asked, relevant }, actions }: DecisionClass): string {
  return requestText(situation, { ...asked, actions }, relevant);
}

export function classJson({ classes, complete, gaps, undecided }: Comparison) {
  return {
    complete,
    gaps,
    classes: classes.map((one) => ({
      change: one.change,
      actions: one.actions,
      subject: subjectText(one),
      resource: one.example.pattern === undefined ? 'registry:catalog' : `repository:${one.example.pattern}`,
      rules: one.alternatives.map(alternativeText),
      before: one.before,
      after: one.after,
      example: exampleJson(one),
      users: one.users,
    })),
    onlyRequestsTell: undecided.map(({ name, file, line }) => ({ rule: name, file, line })),
  };
}

function exampleJson({ example: { situation, asked, relevant }, actions }: DecisionClass) {
  const { caller, client, service, time } = situation;
  const scope = formatScope({ ...asked, actions });
  const at = relevant.has('time') ? { at: timeText(time) } : {};
  if (caller.kind === 'anonymous') return { user: '', anonymous: true, service, client, ...at, scope };
  const { username, groups, attributes, caseless } = caller.identity;
  return {
    user: username,
    groups: [...groups],
    attributes: Object.fromEntries(attributes),
    caseless,
    service,
    client,
    ...at,
    scope,
  };
}
