/** The configuration with the defaults of its preset. */
import { parsedOrThrow, SecretRef } from '../fields.ts';
import { parseBound } from './bound.ts';
import type { BoundClaim } from './bound.ts';
import type { OidcTokenConfig } from './config.ts';
import type { IdentityTemplates } from './identity.ts';
import { IN_CLUSTER, issuerOf, PRESETS } from './presets.ts';
import { parseTemplate } from './template.ts';

export interface Settings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  readonly bound: readonly BoundClaim[];
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
    bound: Object.entries(config.bound).map(([claim, values]) => parsedOrThrow(parseBound(claim, values))),
    identity: {
      backend: config.name,
      username: config.username,
      groups: config.groups ?? PRESETS[preset].groups.map((text) => parsedOrThrow(parseTemplate(text))),
    },
    keysFile: keys.file?.path,
    keysUrl: keys.url ?? cluster?.keysUrl,
    bearer: keys.bearer ?? (cluster === undefined ? undefined : new SecretRef({ file: cluster.bearerFile })),
    caFile: config.caFile?.path ?? cluster?.caFile,
  };
}
