/** From verified claims to an identity. */
import { groupName } from '../../core/groups.ts';
import { username } from '../../core/identity.ts';
import type { GroupName, Identity } from '../../core/identity.ts';
import { attributesOf } from '../oidc/attributes.ts';
import { isObject, presentClaim } from '../oidc/claim-path.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { forLog } from '../oidc/for-log.ts';
import { looksLikeList } from '../oidc/list-text.ts';
import { isGroupText, isName, MAX_GROUPS, MAX_NAME } from '../names.ts';
import { boundProblem } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import { fillTemplate } from './template.ts';
import type { ClaimTemplate } from './template.ts';

export interface IdentityTemplates {
  readonly backend: string;
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
  readonly otherwise?: ClaimTemplate;
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
    attributes: attributesOf([claims, nestedClaims(claims, '', 0)]),
    notAfter: Math.floor(Number(claims['exp'])),
  };
}

function usernameOf(
  claims: Claims,
  { username: template }: IdentityTemplates,
): { readonly name: string } | { readonly problem: string } {
  const filled = fillTemplate(template, claims);
  switch (filled.kind) {
    case 'missing':
      return { problem: `the claim ${filled.claim} is missing, which the user name is made of` };
    case 'unusable':
      return { problem: `no user name can be made: ${filled.problem}` };
    case 'texts': {
      const [name = '', ...others] = filled.texts;
      if (others.length === 0 && isName(name) && name.trim() === name) return { name };
      const found = others.length === 0 ? `one of ${name.length} characters` : `${filled.texts.length} of them`;
      return { problem: `${template.text} gives no user name of at most ${MAX_NAME} printable characters: ${found}` };
    }
  }
}

function groupsOf(claims: Claims, { groups: templates }: IdentityTemplates): ReadonlySet<GroupName> | string {
  const groups = new Set<GroupName>();
  for (const group of templates) {
    const template = meetsConditions(group, claims) ? group.template : group.otherwise;
    if (template === undefined) continue;
    const list = listProblem(template, claims);
    if (list !== undefined) return list;
    const filled = fillTemplate(template, claims);
    if (filled.kind === 'missing') continue;
    // INVARIANT: an unknown group never reads as "none", which could disable a deny rule.
    if (filled.kind === 'unusable') return `no group can be made of ${template.text}: ${filled.problem}`;
    if (!filled.texts.every(isGroupText)) return `${template.text} gives a group with characters no name has`;
    for (const text of filled.texts) groups.add(groupName(text, { lowercase: false }));
  }
  return groups.size > MAX_GROUPS ? `it has ${groups.size} groups, and ${MAX_GROUPS} are the most` : groups;
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

const MAX_DEPTH = 3;

/** The values within objects, by their JSON pointers: `/kubernetes.io/namespace`. */
function nestedClaims(claims: Claims, base: string, depth: number): Claims {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(claims)) {
    const pointer = `${base}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (isObject(value)) Object.assign(found, depth < MAX_DEPTH ? nestedClaims(value, pointer, depth + 1) : {});
    else if (depth > 0) found[pointer] = value;
  }
  return found;
}
