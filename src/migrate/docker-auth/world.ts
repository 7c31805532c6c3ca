/** The sources of users in docker_auth, with the labels that each delivers. */

export interface World {
  readonly name: 'static' | 'ldap' | 'oidc';
  /** Whether its users and groups are compared without case. */
  readonly isCaseless: boolean;
  readonly labels: ReadonlyMap<string, LabelSource>;
}

export interface LabelSource {
  /** The key of its values in `match.labels`; or why there is none. */
  readonly key: string | { readonly lost: string };
  /** The group of the users with a value; undefined: groups cannot express it. */
  readonly group?: (value: string) => string;
  /** Whether values arrive in lower case, so that patterns must be in lower case as well. */
  readonly folded?: true;
  /** All values; undefined: they are not known. */
  readonly values?: readonly string[];
}

/** The key of a label of static users: they get groups for its values. */
export function staticKey(label: string): string {
  return `group:${label}`;
}
