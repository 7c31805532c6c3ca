/** What the data of a preset says about a claim. */
import { parseNamePattern } from '../../core/policy/name-pattern.ts';
import { parsedOrThrow } from '../fields.ts';
import type { ClaimPath } from '../oidc/claim-path.ts';
import type { BoundClaim } from './bound.ts';
import type { Preset } from './presets/preset.ts';

/** The name of a claim as the data has it: `/sub` is `sub`. */
export function claimName({ text, segments: [first, ...deeper] }: ClaimPath): string {
  return deeper.length === 0 ? first : text;
}

/** Whether a job, its author or the owner of its repository chooses the value or the form of a claim. */
export function isChosen(preset: Preset, path: ClaimPath): boolean {
  return isChosenName(preset, claimName(path));
}

/** @param name as in the data: of a claim, or a JSON pointer into an object */
export function isChosenName({ claims }: Preset, name: string): boolean {
  return isListed(claims.callerChosen, name) || isListed(claims.callerShaped, name);
}

function isListed(patterns: readonly string[], name: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === name || (pattern.includes('*') && parsedOrThrow(parseNamePattern(pattern)).match(name) !== undefined),
  );
}

/**
 * Whether a bound claim says something that no job can choose. A claim whose form is chosen does only where each of its
 * patterns names the owner, because the values in it come from the system.
 */
export function isReliable(preset: Preset, bound: BoundClaim): boolean {
  const name = claimName(bound.path);
  if (isListed(preset.claims.callerChosen, name)) return false;
  return !isListed(preset.claims.callerShaped, name) || identifiesOwner(preset, bound);
}

/** Whether a claim with these patterns identifies the owner of a token. */
export function identifiesOwner({ claims }: Preset, { path, patterns }: BoundClaim): boolean {
  const forms = claims.owners[claimName(path)];
  if (forms === undefined) return false;
  return patterns.every(({ isExact, text }) => isExact || forms.some((form) => hasOwner(text, form)));
}

/** Whether a pattern has the literal part of a form, `repo:{owner}/*` or `*@{domain}`, on its side of all wildcards. */
function hasOwner(text: string, form: string): boolean {
  const part = form.endsWith('*') ? text.slice(0, text.indexOf('*')) : text.slice(text.lastIndexOf('*') + 1);
  return parsedOrThrow(parseNamePattern(form)).match(part) !== undefined;
}
