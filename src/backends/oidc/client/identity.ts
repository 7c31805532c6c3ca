/** From claims to an identity. Claims are checked like any input: types, lengths and counts. */
import { isObject } from '../../../core/is-object.ts';
import { BrokerError } from '../../../core/errors.ts';
import { foldCase } from '../../../core/fold-case.ts';
import { groupName } from '../../../core/groups.ts';
import { username } from '../../../core/identity.ts';
import type { GroupName, Identity, Username } from '../../../core/identity.ts';
import { attributesOf } from '../attributes.ts';
import { readClaim } from '../claim-path.ts';
import type { ClaimPath, Claims } from '../claim-path.ts';
import { emailVerifiedText, isUnverifiedEmail, withTrustedEmail } from '../verified-email.ts';
import { isGroupText, isName, MAX_GROUP_LENGTH, MAX_GROUPS, MAX_NAME } from '../../names.ts';
import { objectsHint, readGroups } from './group-path.ts';
import type { GroupPath } from './group-path.ts';
import { groupsInText } from './group-text.ts';
import type { GroupText } from './group-text.ts';

export interface ClaimRules {
  readonly backend: string;
  readonly username: ClaimPath;
  readonly groups: readonly GroupPath[];
  /** How a claim that is a text is read; undefined: as one group, and a text that may be a list is refused. */
  readonly groupText: GroupText | undefined;
  readonly groupPrefix: string | undefined;
  /** The provider may list only this many of more groups in one claim, without saying so. */
  readonly groupLimit: number | undefined;
  readonly lowercase: boolean;
  /** Whether an email address counts as verified if the provider does not say whether it is. */
  readonly trustEmail: boolean;
}

/** Sets of claims about one user, most trusted first: the ID token, userinfo. */
export type ClaimSources = readonly Claims[];

/** @throws BrokerError `backend_unavailable`, with what to change, when the claims do not make an identity. */
export function identityFrom(given: ClaimSources, rules: ClaimRules): Identity {
  const sources = rules.trustEmail ? withTrustedEmail(given) : given;
  return {
    username: usernameFrom(sources, rules),
    groups: groupsFrom(sources, rules),
    backend: rules.backend,
    caseless: rules.lowercase,
    attributes: attributesOf(sources),
  };
}

/** Whether no further source can add to what makes an identity. */
export function isComplete(sources: ClaimSources, { username: name, groups }: ClaimRules): boolean {
  return (
    sources.some((claims) => readClaim(claims, name) !== undefined) &&
    groups.every((path) => sources.some((claims) => hasGroups(claims, path)))
  );
}

/** Whether there are groups that no source lists, because they are too many. */
export function areGroupsElsewhere(sources: ClaimSources, { groups }: ClaimRules): boolean {
  return groups.some(
    (path) => !sources.some((claims) => hasGroups(claims, path)) && sources.some((claims) => isElsewhere(claims, path)),
  );
}

function hasGroups(claims: Claims, path: GroupPath): boolean {
  return readGroups(claims, path).kind !== 'missing';
}

function usernameFrom(sources: ClaimSources, rules: ClaimRules): Username {
  const path = rules.username;
  const source = sources.find((claims) => readClaim(claims, path) !== undefined);
  if (source === undefined) {
    throw unusable(
      `has no claim ${path.text}: set claims.username to one it gives, or ask for the scope that brings it`,
    );
  }
  const name = readClaim(source, path);
  if (typeof name !== 'string' || !isName(name) || name.trim() !== name) {
    throw unusable(`has a claim ${path.text} that is not a user name of at most ${MAX_NAME} printable characters`);
  }
  if (isUnverifiedEmail(path, source)) {
    throw unusable(
      `has a claim email that may not be verified (${emailVerifiedText(source)}): set claims.username to a claim that ` +
        'users cannot choose, or claims.trustEmail to true if this provider has verified every address',
    );
  }
  return username(rules.lowercase ? foldCase(name) : name);
}

/** @throws BrokerError `backend_unavailable` when a claim of groups cannot be read completely */
export function groupsFrom(sources: ClaimSources, rules: ClaimRules): ReadonlySet<GroupName> {
  const names = rules.groups.flatMap((path) => groupTexts(sources, path, rules));
  if (names.length > MAX_GROUPS) {
    throw unusable(`has ${names.length} groups, and ${MAX_GROUPS} are read: let the provider filter them`);
  }
  const { groupPrefix = '', lowercase } = rules;
  const stripped = names.map((name) => (name.startsWith(groupPrefix) ? name.slice(groupPrefix.length) : name));
  return new Set(stripped.filter((name) => name !== '').map((name) => groupName(name, { lowercase })));
}

/** The first source that has the claim decides. */
function groupTexts(sources: ClaimSources, path: GroupPath, rules: ClaimRules): readonly string[] {
  const source = sources.find((claims) => hasGroups(claims, path));
  if (source === undefined) {
    // INVARIANT: "too many to list" never reads as "none", which could disable a deny rule.
    if (sources.some((claims) => isElsewhere(claims, path))) {
      throw unusable(
        `names the claim ${path.text} but keeps its values elsewhere (too many groups): let the provider ` +
          'give only the groups assigned to this client',
      );
    }
    return [];
  }
  const texts = groupList(source, path, rules);
  const { groupLimit: limit = Infinity } = rules;
  if (texts.length >= limit) {
    throw unusable(
      `lists ${texts.length} groups in the claim ${path.text}, and the provider may have left out more: let it ` +
        `give fewer than ${limit}, by a filter for those that the policy names`,
    );
  }
  if (!texts.every(isGroupText)) {
    throw unusable(
      `has a claim ${path.text} that is not a text or a list of texts of at most ${MAX_GROUP_LENGTH} ` +
        `characters${objectsHint(path, texts)}`,
    );
  }
  return texts;
}

function groupList(source: Claims, path: GroupPath, { groupText }: ClaimRules): readonly unknown[] {
  const found = readGroups(source, path);
  if (found.kind === 'unusable') throw unusable(`has a claim ${path.text} that ${found.problem}`);
  const value = found.kind === 'found' ? found.value : [];
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') {
    throw unusable(`has a claim ${path.text} that is not a text or a list of texts${objectsHint(path, value)}`);
  }
  const texts = groupsInText(value, groupText);
  if (typeof texts === 'string') throw unusable(`has a claim ${path.text} that ${texts}`);
  return texts;
}

/** Distributed claims (OpenID Connect Core, section 5.6.2), and the mark Entra ID sets in their place. */
function isElsewhere(claims: Claims, { claims: candidates }: GroupPath): boolean {
  const names = claims['_claim_names'];
  if (isObject(names) && candidates.some((claim) => Object.hasOwn(names, claim))) return true;
  return candidates.includes('groups') && (claims['hasgroups'] === true || claims['hasgroups'] === 'true');
}

function unusable(what: string): BrokerError {
  return new BrokerError('backend_unavailable', `the provider’s answer ${what}`);
}
