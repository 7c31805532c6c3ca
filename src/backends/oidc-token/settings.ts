/** The configuration with the defaults of its preset. */
import { parsedOrThrow, SecretRef } from '../fields.ts';
import { parseBound } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import type { Cluster } from './cluster.ts';
import type { OidcTokenConfig } from './config.ts';
import type { GroupTemplate, IdentityTemplates } from './identity.ts';
import { issuerOf, knownPreset, presetNamed } from './presets/index.ts';
import type { PresetName } from './presets/index.ts';
import type { Preset } from './presets/preset.ts';
import { parseTemplate } from './template.ts';

interface Settings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  /** Empty: every token of the issuer is accepted. */
  readonly bound: readonly BoundClaim[];
  /** What is known about the issuer. */
  readonly preset: Preset;
  /** Seconds. */
  readonly maxLifetime: number;
  readonly identity: IdentityTemplates;
  /** The file with the keys; undefined: they are fetched. */
  readonly keysFile: string | undefined;
  /** The URL of the keys; undefined: the metadata of the issuer name it. */
  readonly keysUrl: string | undefined;
  readonly bearer: SecretRef | undefined;
  readonly caFile: string | undefined;
}

/** Whether a backend trusts the cluster that the broker runs in. */
export function usesOwnCluster({ preset, issuer, keys }: OidcTokenConfig): boolean {
  return preset === 'kubernetes' && issuer === undefined && keys.file === undefined && keys.url === undefined;
}

/** @param cluster the cluster that the broker runs in, where `usesOwnCluster` */
export function resolveSettings(config: OidcTokenConfig, cluster?: Cluster): Settings {
  const { audience, algorithms, keys } = config;
  const preset = knownPreset(config);
  return {
    issuer: cluster?.issuer ?? issuerOf(config) ?? '',
    audience,
    algorithms,
    bound: boundClaims(config.bound === 'everyone' ? {} : (config.bound ?? {})),
    preset,
    maxLifetime: config.maxLifetime,
    identity: {
      backend: config.name,
      preset,
      username: config.username ?? parsedOrThrow(parseTemplate(defaultUsername(config.preset, preset))),
      groups:
        config.groups?.map((template) => ({ template, when: [], unless: [] })) ??
        presetGroups(presetNamed(config.preset)),
    },
    keysFile: keys.file?.path,
    keysUrl: keys.url ?? cluster?.keysUrl,
    bearer: keys.bearer ?? (cluster === undefined ? undefined : new SecretRef({ file: cluster.bearerFile })),
    caFile: config.caFile?.path ?? cluster?.caFile,
  };
}

/** Without a preset, `sub`; but where a job or its owner chooses `sub`, what the preset of that issuer has. */
function defaultUsername(configured: PresetName, known: Preset): string {
  return (known.claims.callerShaped.includes('sub') ? known : presetNamed(configured)).username;
}

function presetGroups({ groups }: Preset): readonly GroupTemplate[] {
  return groups.map(({ template, when = {}, unless = {}, otherwise }) => ({
    template: parsedOrThrow(parseTemplate(template)),
    when: boundClaims(when),
    unless: boundClaims(unless),
    ...(otherwise === undefined
      ? {}
      : { otherwise: { ...otherwise, template: parsedOrThrow(parseTemplate(otherwise.template)) } }),
  }));
}

function boundClaims(claims: Readonly<Record<string, Parameters<typeof parseBound>[1]>>): readonly BoundClaim[] {
  return Object.entries(claims).map(([claim, values]) => parsedOrThrow(parseBound(claim, values)));
}
