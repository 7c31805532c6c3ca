/**
 * Names made of claims: `repo:{claim:repository}`. Braces hold the name of a claim or a JSON pointer
 * (`{claim:/kubernetes.io/namespace}`); all other text is literal.
 */
import { parseClaimPath, presentClaim, scalarText } from '../oidc/claim-path.ts';
import type { ClaimPath, Claims } from '../oidc/claim-path.ts';
import { isUnverifiedEmail } from '../oidc/verified-email.ts';

export interface ClaimTemplate {
  readonly text: string;
  /** Each claim with the literal text after it. */
  readonly parts: readonly Part[];
  /** The literal text before the first claim. */
  readonly before: string;
}

interface Part {
  readonly path: ClaimPath;
  readonly after: string;
}

/** The result of a template for a set of claims. */
type Filled =
  /** One text, or one for each value of a claim that is a list. */
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  /** The token lacks a claim. */
  | { readonly kind: 'missing'; readonly claim: ClaimPath }
  /** A claim cannot be used. */
  | { readonly kind: 'unusable'; readonly problem: string };

const PLACEHOLDER = /\{claim:([^{}]+)\}/g;

/** @returns the template, or a sentence that says what is wrong with the text. */
export function parseTemplate(text: string): ClaimTemplate | string {
  if (/[{}]/.test(text.replaceAll(PLACEHOLDER, ''))) return 'expected braces around claims only: {claim:NAME}';
  const tokens = [...text.matchAll(PLACEHOLDER)];
  const first = tokens[0];
  if (first === undefined) return 'expected a claim in it, such as {claim:sub}: without one, all tokens are the same';
  const parts: Part[] = [];
  for (const [index, token] of tokens.entries()) {
    const path = parseClaimPath(token[1] ?? '');
    if (typeof path === 'string') return path;
    const after = text.slice(token.index + token[0].length, tokens[index + 1]?.index);
    if (after === '' && index + 1 < tokens.length) {
      return 'expected a text between two claims, so that the end of the first value is clear';
    }
    parts.push({ path, after });
  }
  return { text, parts, before: text.slice(0, first.index) };
}

export function fillTemplate({ parts, before }: ClaimTemplate, claims: Claims): Filled {
  let texts: readonly string[] = [before];
  let isAfterAt = false;
  for (const [index, { path, after }] of parts.entries()) {
    const found = valuesAt(path, claims);
    if (found === undefined) return { kind: 'missing', claim: path };
    if (typeof found === 'string') return { kind: 'unusable', problem: found };
    const values = isAfterAt ? found.map(withoutAt) : found;
    isAfterAt ||= after.includes('@');
    const isLast = index === parts.length - 1;
    // INVARIANT: a value that a user chooses (the name of a branch) cannot look like two claims.
    if (!isLast && values.some((value) => (value + after).indexOf(after) !== value.length)) {
      return {
        kind: 'unusable',
        problem: `${path.text} contains "${after}", the text that separates it from the next claim`,
      };
    }
    if (texts.length * values.length > MAX_TEXTS)
      return { kind: 'unusable', problem: `${path.text} has too many values` };
    texts = texts.flatMap((text) => values.map((value) => text + value + after));
  }
  return { kind: 'texts', texts };
}

/**
 * INVARIANT: a value after an `@` between two claims holds no `@`. A pattern such as `environment:*@production` would
 * otherwise match the environment `x@production`, which anybody can create.
 */
function withoutAt(value: string): string {
  return value.replaceAll(/[%@]/g, (char) => encodeURIComponent(char));
}

const MAX_TEXTS = 1000;

/** @returns undefined when the claim is missing; a sentence when it cannot be used */
function valuesAt(path: ClaimPath, claims: Claims): readonly string[] | string | undefined {
  const value = presentClaim(claims, path);
  if (value === undefined) return undefined;
  if (isUnverifiedEmail(path, claims)) return `${path.text} is not verified (email_verified)`;
  return scalarTexts(value)?.map(withoutBraces) ?? `${path.text} is neither a text, an exact number nor a list of them`;
}

const BRACED_UUID = /^\{([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\}$/i;

/** An id as a policy can name it, where braces are placeholders. Bitbucket writes its ids in braces. */
function withoutBraces(value: string): string {
  return BRACED_UUID.exec(value)?.[1] ?? value;
}

/** A text, number or truth value, or a list of them, as texts; undefined for anything else. */
export function scalarTexts(value: unknown): readonly string[] | undefined {
  const texts = [value].flat().map(scalarText);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}
