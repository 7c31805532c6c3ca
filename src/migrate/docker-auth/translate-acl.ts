/**
 * Translates the rules of docker_auth to a policy with first-match evaluation.
 *
 * A rule that cannot be translated becomes a rule that denies what its other conditions match. Otherwise later rules
 * would grant what it denied.
 */
import { parseGoGlob } from '../../config/match/go-glob.ts';
import { regexOf } from '../../config/match/match-pattern.ts';
import type { Report } from '../finding.ts';
import type { AclRule } from './acl.ts';
import type { RuleDraft } from '../rule-draft.ts';
import { expandLabels } from './expand-labels.ts';
import { matchesRule } from './model.ts';
import { labelsIn } from './placeholders.ts';
import { mayBeCatalog, translateConditions } from './translate-rule.ts';
import type { Kind, Names } from './translate-rule.ts';
import type { World } from './world.ts';

interface AclContext extends Names {
  readonly worlds: readonly [World, ...World[]];
  readonly report: Report;
}

export function translateAcl(rules: readonly AclRule[], context: AclContext): readonly RuleDraft[] {
  return withoutIdleDenials(rules.flatMap((rule) => translateRule(rule, context)));
}

function translateRule(rule: AclRule, context: AclContext): readonly RuleDraft[] {
  if (neverMatches(rule)) return [];
  const reasons = new Set<string>();
  const drafts = worldsFor(rule, context.worlds).flatMap((world) => {
    const expanded = expandLabels(rule, world);
    if (typeof expanded !== 'string') return expanded.flatMap((one) => draftsFor(one, world, context, reasons));
    reasons.add(expanded);
    return draftsFor({ ...rule, fields: {}, labels: new Map(), actions: [] }, world, context, reasons);
  });
  for (const reason of reasons) {
    const instead = 'in its place, a rule denies what its other conditions match';
    context.report('lost', rule.line, `rule ${rule.number}: ${reason}; ${instead}`);
  }
  return numbered(withoutRepetition(drafts));
}

/** A rule with a malformed glob matches nothing, like the glob. */
function neverMatches({ fields, labels }: AclRule): boolean {
  return [...Object.values(fields), ...labels.values()].some(
    (text) => regexOf(text) === undefined && !text.includes('${') && parseGoGlob(text) === undefined,
  );
}

/** Each source has labels of its own: a rule with labels is translated once for each source that has them. */
function worldsFor({ fields, labels }: AclRule, worlds: AclContext['worlds']): readonly World[] {
  const used = [...labels.keys(), ...Object.values(fields).flatMap((text) => labelsIn(text))];
  const having = worlds.filter((world) => used.some((label) => world.labels.has(label)));
  return having.length > 0 ? having : [worlds[0]];
}

function draftsFor(rule: AclRule, world: World, context: AclContext, reasons: Set<string>): readonly RuleDraft[] {
  const hasPlaceholders = /\$\{(?!type\})/.test(rule.fields.type ?? '');
  if (hasPlaceholders) reasons.add(`type: "${rule.fields.type}" has placeholders`);
  const drafts = new Map<Kind, RuleDraft>();
  for (const kind of ['repository', 'registry'] as const) {
    if (!hasPlaceholders && !matchesType(rule, kind)) continue;
    if (kind === 'registry' && !mayBeCatalog(rule.fields)) continue;
    const { conditions, lost } = translateConditions(rule, kind, world, context);
    for (const reason of lost) reasons.add(reason);
    const effect = hasPlaceholders || lost.length > 0 ? DENIED : effectOf(rule, kind);
    drafts.set(kind, { name: titleOf(rule), line: rule.line, ...conditions, ...effect });
  }
  return joined(drafts.get('repository'), drafts.get('registry'));
}

function matchesType({ fields: { type } }: AclRule, kind: Kind): boolean {
  const nothing = { labels: new Map(), ip: undefined, actions: undefined, comment: undefined, empty: new Map() };
  const rule: AclRule = { number: 0, line: 0, fields: type === undefined ? {} : { type }, ...nothing };
  return matchesRule(rule, { account: '', type: kind, name: '', service: '', ip: '', actions: [], labels: new Map() });
}

type Effect = Pick<RuleDraft, 'allow' | 'deny'>;

const DENIED: Effect = { deny: ['*'] };
const KNOWN = ['pull', 'push', 'delete'] as const;

/** An asterisk means every action only if it is the only entry. Registries request the catalog with it. */
function effectOf({ actions = [] }: AclRule, kind: Kind): Effect {
  const all = actions.length === 1 && actions[0] === '*';
  if (all || (kind === 'registry' && actions.includes('*'))) return { allow: ['*'] };
  const allowed = kind === 'registry' ? [] : KNOWN.filter((action) => actions.includes(action));
  return allowed.length === 0 ? DENIED : { allow: allowed };
}

/** Merges rules that differ only in their repositories and the catalog. */
function joined(repository: RuleDraft | undefined, catalog: RuleDraft | undefined): readonly RuleDraft[] {
  if (repository === undefined || catalog === undefined) return [repository, catalog].flatMap((draft) => draft ?? []);
  if (withoutSubject(repository) !== withoutSubject(catalog))
    return [repository, { ...catalog, name: `${catalog.name}, the catalog` }];
  const { allow, deny, ...conditions } = repository;
  return [
    {
      ...conditions,
      catalog: true,
      ...(allow === undefined ? {} : { allow }),
      ...(deny === undefined ? {} : { deny }),
    },
  ];
}

function withoutSubject(draft: RuleDraft): string {
  return JSON.stringify({ ...draft, repositories: undefined, catalog: undefined });
}

function withoutRepetition(drafts: readonly RuleDraft[]): readonly RuleDraft[] {
  return [...new Map(drafts.map((draft) => [JSON.stringify(draft), draft])).values()];
}

function numbered(drafts: readonly RuleDraft[]): readonly RuleDraft[] {
  const times = new Map<string, number>();
  return drafts.map((draft) => {
    const time = (times.get(draft.name) ?? 0) + 1;
    times.set(draft.name, time);
    return time === 1 ? draft : { ...draft, name: `${draft.name} (${time})` };
  });
}

/** A rule that only denies the catalog is needed only if a later rule allows the catalog. */
function withoutIdleDenials(drafts: readonly RuleDraft[]): readonly RuleDraft[] {
  const last = drafts.findLastIndex(({ catalog, allow }) => catalog === true && allow !== undefined);
  return drafts.filter(
    ({ catalog, repositories, deny }, index) =>
      index < last || deny === undefined || catalog !== true || repositories !== undefined,
  );
}

const LONGEST_TITLE = 180;

function titleOf({ number, comment, fields, labels, ip }: AclRule): string {
  const ownTitle = (comment ?? '').replaceAll(/\s+/g, ' ').trim();
  const conditions = [...Object.entries(fields), ...labels, ...(ip === undefined ? [] : [['ip', ip] as const])];
  const described = conditions.map(([key, text]) => `${key} ${text === '' ? '""' : text}`).join(', ');
  const title = `${number}. ${ownTitle === '' ? (described === '' ? 'everything' : described) : ownTitle}`.replaceAll(
    /\p{Cc}/gu,
    ' ',
  );
  return title.length > LONGEST_TITLE ? `${title.slice(0, LONGEST_TITLE)}…` : title;
}
