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
  return isValueChosen(preset, path) || isFormChosen(preset, path);
}

function isValueChosen({ claims }: Preset, path: ClaimPath): boolean {
  return isListed(claims.callerChosen, path);
}

function isFormChosen({ claims }: Preset, path: ClaimPath): boolean {
  return isListed(claims.callerShaped, path);
}

function isListed(patterns: readonly string[], path: ClaimPath): boolean {
  const name = claimName(path);
  return patterns.some((pattern) => parsedOrThrow(parseNamePattern(pattern)).match(name) !== undefined);
}

/**
 * Whether a bound claim says something that no job can choose. A claim whose form is chosen does only where each of its
 * patterns names the owner, because the values in it come from the system.
 */
export function isReliable(preset: Preset, bound: BoundClaim): boolean {
  if (isValueChosen(preset, bound.path)) return false;
  return !isFormChosen(preset, bound.path) || identifiesOwner(preset, bound);
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
