/** The configuration with the defaults of its preset. */
import { parsedOrThrow, SecretRef } from '../fields.ts';
import { parseBound } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import type { OidcTokenConfig } from './config.ts';
import type { GroupTemplate, IdentityTemplates } from './identity.ts';
import { IN_CLUSTER, issuerOf, PRESETS } from './presets.ts';
import type { PresetName } from './presets.ts';
import { parseTemplate } from './template.ts';

interface Settings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  /** Empty: every token of the issuer is accepted. */
  readonly bound: readonly BoundClaim[];
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

export function resolveSettings(config: OidcTokenConfig): Settings {
  const { audience, algorithms, keys, preset } = config;
  const isOwnCluster = preset === 'kubernetes' && config.issuer === undefined && keys.file === undefined;
  const cluster = isOwnCluster && keys.url === undefined ? IN_CLUSTER : undefined;
  return {
    issuer: issuerOf(config) ?? '',
    audience,
    algorithms,
    bound: boundClaims(config.bound === 'everyone' ? {} : (config.bound ?? {})),
    maxLifetime: config.maxLifetime,
    identity: {
      backend: config.name,
      username: config.username ?? parsedOrThrow(parseTemplate(PRESETS[preset].username)),
      groups: config.groups?.map((template) => ({ template, when: [], unless: [] })) ?? presetGroups(preset),
    },
    keysFile: keys.file?.path,
    keysUrl: keys.url ?? cluster?.keysUrl,
    bearer: keys.bearer ?? (cluster === undefined ? undefined : new SecretRef({ file: cluster.bearerFile })),
    caFile: config.caFile?.path ?? cluster?.caFile,
  };
}

function presetGroups(preset: PresetName): readonly GroupTemplate[] {
  return PRESETS[preset].groups.map(({ template, when = {}, unless = {}, otherwise }) => ({
    template: parsedOrThrow(parseTemplate(template)),
    when: boundClaims(when),
    unless: boundClaims(unless),
    ...(otherwise === undefined ? {} : { otherwise: parsedOrThrow(parseTemplate(otherwise)) }),
  }));
}

function boundClaims(claims: Readonly<Record<string, Parameters<typeof parseBound>[1]>>): readonly BoundClaim[] {
  return Object.entries(claims).map(([claim, values]) => parsedOrThrow(parseBound(claim, values)));
}
