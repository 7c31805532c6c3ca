/** From verified claims to an identity. */
import { groupName } from '../../core/groups.ts';
import { username } from '../../core/identity.ts';
import type { GroupName, Identity } from '../../core/identity.ts';
import { attributesOf } from '../oidc/attributes.ts';
import { presentClaim } from '../oidc/claim-path.ts';
import type { ClaimPath, Claims } from '../oidc/claim-path.ts';
import { forLog } from '../oidc/for-log.ts';
import { looksLikeList } from '../oidc/list-text.ts';
import { isGroupText, isName, MAX_GROUP_LENGTH, MAX_GROUPS, MAX_NAME } from '../names.ts';
import { boundProblem } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import { isChosenName } from './claim-knowledge.ts';
import { missingHint } from './missing-claim.ts';
import { nestedClaims } from './nested-claims.ts';
import type { Preset } from './presets/preset.ts';
import { fillTemplate } from './template.ts';
import type { ClaimTemplate } from './template.ts';

export interface IdentityTemplates {
  readonly backend: string;
  readonly preset: Preset;
  readonly username: ClaimTemplate;
  readonly groups: readonly GroupTemplate[];
}

export interface GroupTemplate {
  readonly template: ClaimTemplate;
  /** All must match, or `otherwise` is used. */
  readonly when: readonly BoundClaim[];
  /** None may match, or `otherwise` is used. */
  readonly unless: readonly BoundClaim[];
  /** Undefined: no group. */
  readonly otherwise?: { readonly template: ClaimTemplate; readonly warning: string };
}

/**
 * @param claims with an `exp` that is a time
 * @returns the identity, or a sentence that says why the claims make none
 */
export function identityOf(claims: Claims, rules: IdentityTemplates): Identity | string {
  const name = usernameOf(claims, rules);
  if (!('name' in name)) return name.problem;
  const groups = groupsOf(claims, rules);
  if (typeof groups === 'string') return groups;
  return {
    username: username(name.name),
    groups,
    backend: rules.backend,
    caseless: false,
    attributes: attributesOf([claims, nestedClaims(claims)].map((source) => ownClaims(source, rules.preset))),
    notAfter: Math.floor(Number(claims['exp'])),
  };
}

/** INVARIANT: no `{claim:NAME}` in a policy has a value that a job or its owner chooses. */
function ownClaims(claims: Claims, preset: Preset): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !isChosenName(preset, name)));
}

function usernameOf(
  claims: Claims,
  { username: template, preset }: IdentityTemplates,
): { readonly name: string } | { readonly problem: string } {
  const filled = fillTemplate(template, claims);
  switch (filled.kind) {
    case 'missing':
      return { problem: missingClaim(filled.claim, preset, claims) };
    case 'unusable':
      return { problem: `no user name can be made: ${filled.problem}` };
    case 'texts': {
      const [name = '', ...others] = filled.texts;
      if (others.length === 0 && isName(name) && name.trim() === name) return { name };
      return { problem: `${template.text} ${nameProblem(name, others.length + 1)}` };
    }
  }
}

function missingClaim(path: ClaimPath, preset: Preset, claims: Claims): string {
  const hint = missingHint(preset, path, claims);
  return `the claim ${path.text} is missing, which the user name is made of${hint}`;
}

function nameProblem(name: string, count: number): string {
  const cure = 'set username to a template of a claim that identifies the job, such as an id';
  if (count > 1) return `gives ${count} user names; ${cure}`;
  return name.length > MAX_NAME
    ? `gives a user name of ${name.length} characters, ${MAX_NAME} are the most; ${cure}`
    : `gives a user name that is empty, or has control characters or space around it; ${cure}`;
}

function groupsOf(claims: Claims, { groups: templates }: IdentityTemplates): ReadonlySet<GroupName> | string {
  const groups = new Set<GroupName>();
  for (const group of templates) {
    const template = meetsConditions(group, claims) ? group.template : group.otherwise?.template;
    if (template === undefined) continue;
    const list = listProblem(template, claims);
    if (list !== undefined) return list;
    const filled = fillTemplate(template, claims);
    if (filled.kind === 'missing') continue;
    // INVARIANT: an unknown group never reads as "none", which could disable a deny rule.
    if (filled.kind === 'unusable') return `no group can be made of ${template.text}: ${filled.problem}`;
    if (!filled.texts.every(isGroupText)) {
      return `${template.text} gives a group with control characters, or of more than ${MAX_GROUP_LENGTH} characters`;
    }
    for (const text of filled.texts) groups.add(groupName(text, { lowercase: false }));
  }
  return groups.size > MAX_GROUPS ? `it has ${groups.size} groups, and ${MAX_GROUPS} are the most` : groups;
}

/** What to warn about where a group is not given because of its conditions, and another is. */
export function fallbackWarnings(claims: Claims, { groups }: IdentityTemplates): readonly string[] {
  return groups.flatMap((group) => {
    const { otherwise } = group;
    if (otherwise === undefined || meetsConditions(group, claims)) return [];
    return fillTemplate(otherwise.template, claims).kind === 'texts' ? [otherwise.warning] : [];
  });
}

/** A claim alone is the name of a group: a text that looks like a list would be one group that no rule names. */
function listProblem({ text: template, before, parts }: ClaimTemplate, claims: Claims): string | undefined {
  const [part, ...others] = parts;
  if (part === undefined || others.length > 0 || before !== '' || part.after !== '') return undefined;
  const value = presentClaim(claims, part.path);
  if (typeof value !== 'string' || !looksLikeList(value)) return undefined;
  return (
    `the claim ${part.path.text} is the text ${forLog(value)}, which looks like a list of groups: let the issuer send a ` +
    `list of texts, or write text before ${template} (group:${template}) if it is the name of one group`
  );
}

function meetsConditions({ when, unless }: GroupTemplate, claims: Claims): boolean {
  return (
    when.every((claim) => boundProblem(claim, claims) === undefined) &&
    unless.every((claim) => boundProblem(claim, claims) !== undefined)
  );
}
