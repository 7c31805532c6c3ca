/** What deserves a warning in a configuration that is accepted, and in a token that is examined. */
import type { ConfigWarning } from '../backend.ts';
import { parsedOrThrow } from '../fields.ts';
import { parseClaimPath, readClaim } from '../oidc/claim-path.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { parseBound } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import { claimName, isChosen, isReliable } from './claim-knowledge.ts';
import type { OidcTokenConfig } from './config.ts';
import { forLog } from '../oidc/for-log.ts';
import type { IdentityTemplates } from './identity.ts';
import { fallbackWarnings } from './identity.ts';
import { knownPreset, publicPreset } from './presets/index.ts';
import type { Preset } from './presets/preset.ts';

type Configured = Pick<OidcTokenConfig, 'preset' | 'issuer' | 'bound' | 'groups'>;

export function configWarnings(config: Configured): readonly ConfigWarning[] {
  return [...boundWarnings(config), ...groupWarnings(config)];
}

function boundWarnings(config: Configured): readonly ConfigWarning[] {
  const { bound = {} } = config;
  if (bound === 'everyone') {
    if (publicPreset(config) === undefined) return [];
    return [{ path: ['bound'], message: 'accepts tokens of everybody who has an account at this public issuer' }];
  }
  const preset = knownPreset(config);
  const claims = Object.entries(bound).map(([claim, values]) => parsedOrThrow(parseBound(claim, values)));
  const names = new Set(claims.map(({ path }) => claimName(path)));
  return [
    ...claims.flatMap((claim) =>
      claimProblems(preset, claim, names).map((message) => ({ path: ['bound', claim.path.text], message })),
    ),
    ...missingGuards(preset, names).map((message) => ({ path: ['bound'], message })),
  ];
}

/** @param names of all bound claims */
function claimProblems(preset: Preset, claim: BoundClaim, names: ReadonlySet<string>): readonly string[] {
  const { ids } = preset.claims;
  const name = claimName(claim.path);
  const id = ids[name];
  const problems: string[] = [];
  if (id !== undefined && !Object.values(ids).some((other) => names.has(other))) {
    problems.push(`is a name, which can pass to somebody else; bind ${id} as well`);
  }
  if (name === 'sub' && claim.patterns.some(({ text }) => /\*./.test(text))) {
    problems.push('has text after a *, which the part that * stands for may contain as well; bind the single claims');
  } else if (!isReliable(preset, claim)) {
    problems.push('is chosen by a job or its owner: it does not say whose the job is');
  }
  return problems;
}

function missingGuards({ guards }: Preset, names: ReadonlySet<string>): readonly string[] {
  return guards.flatMap(({ claim, values, admits }) => {
    if (admits === undefined || names.has(claim)) return [];
    return [`does not bind ${claim}, so ${admits} log in as well; add ${claim}: [${values.join(', ')}]`];
  });
}

/** Groups that a job chooses give it the rights of another. */
function groupWarnings(config: Configured): readonly ConfigWarning[] {
  const preset = knownPreset(config);
  return (config.groups ?? []).flatMap(({ parts }, index) =>
    parts
      .filter(({ path }) => isChosen(preset, path))
      .map(({ path }) => ({
        path: ['groups', index],
        message: `reads the claim ${path.text}, which a job or its owner chooses: no rule may depend on it`,
      })),
  );
}

const LONG_SECONDS = 3600;

/** @param claims of a token whose signature is verified */
export function tokenWarnings(
  config: Pick<OidcTokenConfig, 'preset' | 'issuer'>,
  templates: IdentityTemplates,
  claims: Claims,
): readonly string[] {
  const warnings: string[] = [];
  const { exp, iat, aud } = claims;
  const lifetime = Number(exp) - Number(iat);
  if (lifetime > LONG_SECONDS) {
    const hours = (lifetime / 3600).toFixed(1);
    warnings.push(`it lives for ${hours} h: whoever finds it can use it until then; ask for a shorter lifetime`);
  }
  const preset = knownPreset(config);
  for (const { claim, values, otherwise } of preset.guards) {
    const value = readClaim(claims, parsedOrThrow(parseClaimPath(claim)));
    if (otherwise !== undefined && !values.includes(String(value))) {
      warnings.push(`${otherwise}: ${claim} is ${forLog(value)}`);
    }
  }
  warnings.push(...fallbackWarnings(claims, templates));
  const shared = [aud].flat().find((name) => typeof name === 'string' && preset.audience.only?.includes(name));
  if (shared !== undefined) {
    warnings.push(
      `its audience ${forLog(shared)} is that of every service: the operator of another one can use the token here`,
    );
  }
  return warnings;
}
