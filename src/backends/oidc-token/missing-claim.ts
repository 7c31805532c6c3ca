/** What to do about a claim that a token does not have. */
import type { ClaimPath, Claims } from '../oidc/claim-path.ts';
import { claimName } from './claim-knowledge.ts';
import { nestedClaims } from './nested-claims.ts';
import type { Preset } from './presets/preset.ts';

/** @returns an addition to the message, empty when nothing is known */
export function missingHint({ claims: { onRequest } }: Preset, path: ClaimPath, claims: Claims): string {
  const name = claimName(path);
  const how = onRequest[name];
  const near = nearName(name, claims);
  return [
    ...(how === undefined ? [] : [`; how to get it: ${how}`]),
    ...(near === undefined ? [] : [`; the token has ${near}`]),
  ].join('');
}

/** A claim with the same last part, which was written without the object that it is in. */
function nearName(name: string, claims: Claims): string | undefined {
  const last = name.slice(name.lastIndexOf('/') + 1);
  if (last === '') return undefined;
  const names = [...Object.keys(claims), ...Object.keys(nestedClaims(claims))];
  return names.find((other) => other !== name && (other === last || other.endsWith(`/${last}`)));
}
