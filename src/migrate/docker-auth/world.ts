/** The places that docker_auth's users come from, with the labels that each gives them. */

export interface World {
  readonly name: 'static' | 'ldap' | 'oidc';
  readonly labels: ReadonlyMap<string, LabelSource>;
}

export interface LabelSource {
  /** The key of its values in `match.labels`; or why there is none. */
  readonly key: string | { readonly lost: string };
  /** The group of the users who have a value, where groups can say it. */
  readonly group?: (value: string) => string;
  /** Whether values arrive in lower case, so that what they are compared with must be so, too. */
  readonly folded?: true;
  /** All the values there are, where they are known. */
  readonly values?: readonly string[];
}

/** The key of a label of static users, who are given groups for it. */
export function staticKey(label: string): string {
  return `group:${label}`;
}
