/**
 * What is known about a system that issues ID tokens, as data. A new system is one file in this folder and one line in
 * `index.ts`. The configuration check, the advice of `check --token`, the reference page and the tests read it.
 *
 * Forms: `{owner}` stands for one or more characters without a slash, `*` for any characters, all else is literal.
 */

export interface Preset {
  /** As in `preset: NAME`. */
  readonly name: string;
  /** The name of the system, for people. */
  readonly title: string;
  /** The first that matches counts. */
  readonly issuers: readonly IssuerForm[];
  /** The issuer when none is configured. */
  readonly defaultIssuer?: string;
  /** The template of the user name: no claim in it can be chosen by a job or by the owner of its repository. */
  readonly username: string;
  readonly groups: readonly PresetGroup[];
  readonly audience: AudienceFacts;
  readonly claims: ClaimFacts;
  /** Claims that say whose a token is: an operator binds the values that the tokens of the own jobs have. */
  readonly bind: readonly string[];
  /** Claims that an operator binds to the same values everywhere. */
  readonly guards: readonly Guard[];
  /** How a job gets a token, as a command or a setting. */
  readonly request: string;
  /** The claims of a token, without times. Values are invented. */
  readonly sample: Readonly<Record<string, unknown>>;
  readonly facts: readonly Fact[];
}

export interface IssuerForm {
  /** `https://HOST/…` with placeholders. */
  readonly form: string;
  /** Where it differs from the others: a product, a kind of installation. */
  readonly of?: string;
  /** Whether everybody can get a token of it. `bound` must then say whose tokens are accepted. */
  readonly isPublic?: boolean;
  /** Whether people also have tokens of it, with other claims. Without `preset`, it does not count as this system. */
  readonly servesPeople?: boolean;
}

/** A group of a preset. Claims and values are written as in `bound`. */
export interface PresetGroup {
  readonly template: string;
  /** Claims that must have these values; without them the group is not given. */
  readonly when?: Readonly<Record<string, string | readonly string[]>>;
  /** Claims that must not have these values. */
  readonly unless?: Readonly<Record<string, string | readonly string[]>>;
  /** What is used in place of `template` when the conditions are not met. */
  readonly otherwise?: { readonly template: string; readonly warning: string };
}

interface AudienceFacts {
  /**
   * Audiences of tokens that were requested without one, or for another service. Placeholders that the form of the issuer
   * has too stand for the same text.
   */
  readonly defaults: readonly string[];
  /** The audiences of a system whose jobs cannot choose one. They are accepted with a warning. */
  readonly only?: readonly string[];
}

interface ClaimFacts {
  /** Names, which can pass to somebody else, and the id to bind in place of each. */
  readonly ids: Readonly<Record<string, string>>;
  /**
   * Claims that identify the owner of a token, each with the forms of the patterns that do: `repo:{owner}/*` needs the
   * owner before the first `*`. An empty list: exact values only.
   */
  readonly owners: Readonly<Record<string, readonly string[]>>;
  /** Claims whose value a job, its author or an outsider chooses. `*` stands for any characters. */
  readonly callerChosen: readonly string[];
  /** Claims whose form a job or the owner of its repository chooses, while the values in it come from the system. */
  readonly callerShaped: readonly string[];
  /** Claims that a token has only when a job asks for them, and how it asks. */
  readonly onRequest: Readonly<Record<string, string>>;
}

export interface Guard {
  readonly claim: string;
  /** The values of jobs that can be trusted with a push. */
  readonly values: readonly string[];
  /** Which jobs log in as well when the claim is not bound; undefined: no warning. */
  readonly admits?: string;
  /** What a token with another value means; undefined: no warning. */
  readonly otherwise?: string;
}

/** Where a statement about the system comes from. */
export interface Fact {
  readonly about: string;
  /** A public document or repository. */
  readonly source: string;
  /**
   * `code`: read in the code of the system or of another verifier of its tokens. `document`: from public documentation
   * only. `unverified`: known, but found in no document.
   */
  readonly basis: 'code' | 'document' | 'unverified';
}

export function definePreset<const Name extends string>(preset: Preset & { readonly name: Name }) {
  return preset;
}
