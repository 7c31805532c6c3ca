import { z } from 'zod';
import { backendFields, checkedText, duration, filePath, httpsUrl, parsedText, secretRef } from '../fields.ts';
import { issuerProblem } from '../oidc/issuer.ts';
import { proxyAddress } from '../http-client/proxy-address.ts';
import { checkOidcTokenConfig } from './config-check.ts';
import { PRESET_NAMES } from './presets.ts';
import { parseTemplate } from './template.ts';

/** Signatures that are made with a key the verifier does not have (RFC 7518, RFC 8037, RFC 9864). */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const template = parsedText(parseTemplate, 512);
const audience = z.string().min(1).max(512);
const claimValue = z.union([z.string().min(1).max(512), z.int(), z.boolean()]);

const keys = z
  .strictObject({
    url: httpsUrl.optional().meta({ description: 'Where the keys are (JWKS); without it, where the issuer says' }),
    file: filePath.optional().meta({ description: 'A file with the keys (JWKS) instead; read again when it changes' }),
    bearer: secretRef.optional().meta({ description: 'A token that url asks for, as a cluster’s API server may' }),
  })
  .meta({ description: 'The keys that sign the tokens' });

/** `type: oidc-token`: a CI system’s or cluster’s ID token (OpenID Connect Core, section 2) as the password. */
export const oidcTokenConfig = z
  .strictObject({
    type: z.literal('oidc-token'),
    ...backendFields,
    preset: z.enum(PRESET_NAMES).default('generic').meta({
      description: 'What gives the tokens: issuer and groups follow from it, and can be set all the same',
    }),
    issuer: checkedText(issuerProblem)
      .optional()
      .meta({ description: 'The issuer, exactly as its tokens name it; without a preset it must be given' }),
    audience: z
      .union([audience.transform((text) => [text]), z.array(audience).min(1).max(8)])
      .meta({ description: 'What tokens must be made for: a name of your own that jobs ask for; one, or several' }),
    bound: z
      .record(z.string().min(1).max(256), z.union([claimValue, z.array(claimValue).min(1).max(256)]))
      .default({})
      .meta({ description: 'Claims, and the values they must have: exact, or with * for any characters' }),
    username: template
      .prefault('{claim:sub}')
      .meta({ description: 'The user name, made of claims: {claim:NAME}, or {claim:/a/b} for what stands deeper' }),
    groups: z
      .array(template)
      .max(32)
      .optional()
      .meta({ description: 'Group names, made of claims; one whose claim the token has not got is left out' }),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default([...ALGORITHMS])
      .meta({ description: 'The signatures taken; all that are asymmetric' }),
    keys: keys.prefault({}),
    caFile: filePath.optional().meta({
      description: 'Certificates (PEM) of the only authorities trusted for fetching keys; read again on change',
    }),
    proxy: proxyAddress,
    timeout: duration({ min: 1, max: 7 })
      .prefault('5s')
      .meta({ description: 'How long fetching keys may take; from 1s to 7s, default 5s' }),
  })
  .superRefine((config, context) => {
    for (const { path, message } of checkOidcTokenConfig(config)) {
      context.addIssue({ code: 'custom', path: [...path], message });
    }
  });

export type OidcTokenConfig = z.output<typeof oidcTokenConfig>;
