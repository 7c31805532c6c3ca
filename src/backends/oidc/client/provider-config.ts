/** The keys of the configuration that say which provider there is, and what its claims mean. */
import { z } from 'zod';
import { checkedText, filePath, parsedText } from '../../fields.ts';
import { parseClaimPath } from '../claim-path.ts';
import { issuerProblem } from '../issuer.ts';
import { isLoopbackHttp } from '../../http-client/address.ts';
import { proxyAddress } from '../../http-client/proxy-address.ts';
import type { clientConfig } from './client-config.ts';
import { parseGroupPath } from './group-path.ts';
import { GROUP_TEXTS } from './group-text.ts';
import { PRESET_NAMES } from './presets.ts';

export const CLAIM_SOURCES = ['id-token', 'userinfo', 'introspection'] as const;

const claimPath = parsedText(parseClaimPath, 256);
const groupPath = parsedText(parseGroupPath, 256);

const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/;

const claims = z.strictObject({
  username: claimPath.optional().meta({
    description:
      'The claim that holds the canonical user name: the name of a claim, or a JSON pointer. Default: the preset’s.',
  }),
  groups: z
    .union([groupPath.transform((path) => [path]), z.array(groupPath).min(1).max(8)])
    .optional()
    .meta({
      description:
        'The claim or claims that hold group names, as a text or a list of texts. `[]` stands for each entry of a list or object (`groups[].name`), `{}` for the names in an object (`roles{}`); write such a path in quotes. Default: the preset’s.',
    }),
  groupText: z.enum(GROUP_TEXTS).optional().meta({
    description:
      'How a claim of groups is read that is a text and not a list. By default it is one group, and a login fails (503) if the text looks like a list (`a,b`, `a b`, `["a"]`). Default: the preset’s.',
  }),
  from: z
    .union([z.enum(['auto', ...CLAIM_SOURCES]), z.array(z.enum(CLAIM_SOURCES)).min(1).max(3)])
    .optional()
    .meta({
      description:
        'Where claims are read: `id-token`, `userinfo` or `introspection` (RFC 7662), or a list of them. They are asked in this order until no claim is missing; the first that has a claim counts. Keycloak introspects for clients in the audience of the token only: add an audience mapper. `auto`: the ID token, and userinfo for missing claims. Default: the preset’s.',
    }),
  groupPrefix: z.string().optional().meta({
    description:
      'A prefix that is removed from group names: with `/`, the Keycloak group `/team-web` becomes `team-web`. A group without the prefix keeps its name: with `registry-`, `registry-admins` and `admins` become the same group, unless the provider sends only groups with the prefix. Empty: nothing is removed. Default: the preset’s.',
  }),
  graphUrl: checkedText(issuerProblem).optional().meta({
    description:
      'The URL of Microsoft Graph, for groups that a token of Entra ID leaves out because there are too many. The broker asks as its own client. If Graph cannot return all groups, the login fails (503). Default: the preset’s.',
  }),
  groupLimit: z.int().min(1).max(1000).optional().meta({
    description:
      'A login with this many groups in one claim fails (503), because the provider may have left out more. Default: the preset’s.',
  }),
  trustEmail: z.boolean().default(false).meta({
    description:
      'Whether `email` counts as verified when the provider sends no `email_verified`. Only for a provider that has verified every address, or whose users cannot change theirs. An address with `email_verified: false` never counts.',
  }),
});

/** Where the provider is. */
export const providerPlace = {
  preset: z.enum(PRESET_NAMES).default('generic').meta({
    description: 'The kind of provider. It sets the defaults in the table below.',
  }),
  issuer: checkedText(issuerProblem).meta({
    description: 'The issuer, exactly as its tokens name it: an https URL. `http` is accepted on loopback only.',
  }),
  internalUrl: checkedText(issuerProblem).optional().meta({
    description:
      'The URL at which the broker reaches the provider, where the issuer is the name that browsers use. The metadata are read there and must name the issuer; endpoints below the issuer, or at its host, are asked at this address. Default: the issuer.',
  }),
};

/** What its tokens and claims mean, and how it is reached. `client` and `timeout` are described by each backend. */
export const providerFields = {
  additionalAudiences: z.array(z.string().min(1).max(512)).max(8).default([]).meta({
    description:
      'Audiences (`aud`) that ID tokens may have in addition to `client.id`, which they must have. An audience that is not listed is accepted only with `client.id` as the authorized party (`azp`).',
  }),
  scope: z
    .string()
    .regex(SCOPE, 'expected scope names with one space between them')
    .refine((scope) => scope.split(' ').includes('openid'), {
      error: 'expected openid among the scopes: without it there is no ID token',
    })
    .refine((scope) => !scope.split(' ').includes('offline_access'), {
      error: 'expected no offline_access: each login would leave a session behind at the provider',
    })
    .optional()
    .meta({
      description:
        'The scopes that are requested, separated by one space. `openid` is required, `offline_access` is refused. Default: the preset’s.',
    }),
  claims: claims.prefault({}).meta({
    description:
      'Where the names of users and groups are. A claim is the name of a claim, or a JSON pointer such as `/realm_access/roles`.',
  }),
  lowercase: z.boolean().optional().meta({
    description:
      'Whether the provider compares names without case. `true`: user and group names are lower-cased. Default: the preset’s.',
  }),
  caFile: filePath.optional().meta({
    description:
      'Path of the certificates (PEM) of the only authorities trusted for this provider. Read again when it changes. Default: those that Node.js includes.',
  }),
  proxy: proxyAddress,
};

type ProviderFields = z.output<z.ZodObject<typeof providerPlace & typeof providerFields>>;

/** Proxies are never asked for addresses of this machine. */
export function refuseProxyOnLoopback(
  { issuer, internalUrl = issuer, proxy }: Pick<ProviderFields, 'issuer' | 'internalUrl' | 'proxy'>,
  context: z.core.$RefinementCtx,
): void {
  if (proxy === undefined || ![issuer, internalUrl].some(isOnLoopback)) return;
  context.addIssue({ code: 'custom', path: ['proxy'], message: 'expected none for an issuer on this machine' });
}

function isOnLoopback(url: string): boolean {
  return URL.canParse(url) && isLoopbackHttp(new URL(url));
}

/** What backends that are clients of a provider have in common. */
export type ProviderConfig = ProviderFields & {
  readonly name: string;
  readonly client: z.output<typeof clientConfig>;
  /** Seconds. */
  readonly timeout: number;
};
