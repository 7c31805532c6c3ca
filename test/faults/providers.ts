/** Faults in what the broker accepts from OpenID providers. */
import type { Fault } from './fault.ts';

const ID_TOKEN = ['test/unit/backends/oidc/client/id-token.test.ts'];
const GROUP_PATH = ['test/unit/backends/oidc/client/group-path.test.ts'];
const IDENTITY = ['test/unit/backends/oidc/client/identity.test.ts'];
const METADATA = ['test/unit/backends/oidc/client/metadata.test.ts'];
const SIGNATURE = ['test/unit/backends/oidc/signature.test.ts'];
const TOKEN_RESPONSE = ['test/unit/backends/oidc/client/token-response.test.ts'];

export const faults: readonly Fault[] = [
  {
    id: 'providers-1',
    effect: 'an ID token for several services logs in, although another client may have received it',
    file: 'src/backends/oidc/client/id-token.ts',
    find: '!additionalAudiences.includes(audience)',
    replace: 'audience === clientId',
    tests: ID_TOKEN,
  },
  {
    id: 'providers-2',
    effect: 'an ID token that was issued to another client logs in, because both are in its audience',
    file: 'src/backends/oidc/client/id-token.ts',
    find: 'if (azp === clientId) return undefined;',
    replace: 'return undefined;',
    tests: ID_TOKEN,
  },
  {
    id: 'providers-3',
    effect: 'an ID token whose end is null is valid for ever',
    file: 'src/backends/oidc/client/id-token.ts',
    find: "(isPresent(claims['exp']) ? timesProblem(claims, rules) : 'it has no time at which it ends (exp)');",
    replace: 'timesProblem(claims, rules);',
    tests: ID_TOKEN,
  },
  {
    id: 'providers-4',
    effect: 'a new key under the id of the old one keeps users out until the cached keys are ten minutes old',
    file: 'src/backends/oidc/signature.ts',
    find: 'if (flaw === undefined) return undefined;',
    replace: "if (flaw?.reason !== 'unknown-key') return flaw;",
    tests: SIGNATURE,
  },
  {
    id: 'providers-5',
    effect: 'each token with a forged signature makes the broker fetch the keys of the issuer',
    file: 'src/backends/oidc/key-set.ts',
    find: 'return pending !== undefined || fetches.length < MAX_FETCHES;',
    replace: 'return true;',
    tests: SIGNATURE,
  },
  {
    id: 'providers-6',
    effect: 'a token without a key id is verified with the first key only',
    file: 'src/backends/oidc/signature.ts',
    find: 'if (keyId === undefined) return usable;',
    replace: 'if (keyId === undefined) return usable.slice(0, 1);',
    tests: SIGNATURE,
  },
  {
    id: 'providers-7',
    effect: 'an encryption key of the issuer verifies signatures',
    file: 'src/backends/oidc/signature.ts',
    find: "(use === undefined || use === 'sig') &&",
    replace: '',
    tests: SIGNATURE,
  },
  {
    id: 'providers-8',
    effect: 'the groups "a,b" are one group of that name, and a deny rule for b does not apply',
    file: 'src/backends/oidc/client/group-text.ts',
    find: 'return looksLikeList(text) ? listProblem(text) : nonEmpty([text]);',
    replace: 'return nonEmpty([text]);',
    tests: ['test/unit/backends/oidc/client/group-text.test.ts'],
  },
  {
    id: 'providers-14',
    effect: 'the groups "a,b" in a token of a person are one group of that name',
    file: 'src/backends/oidc-token/identity.ts',
    find: 'if (list !== undefined) return list;',
    replace: '',
    tests: ['test/unit/backends/oidc-token/identity.test.ts'],
  },
  {
    id: 'providers-9',
    effect: 'an entry without the name of its group is left out, which could lift a deny rule',
    file: 'src/backends/oidc/client/group-path.ts',
    find: "if (found.kind === 'missing') return { kind: 'unusable', problem: 'has an entry without the name after []' };",
    replace: "if (found.kind === 'missing') continue;",
    tests: GROUP_PATH,
  },
  {
    id: 'providers-10',
    effect: 'an address that the provider says is not verified logs in with claims.trustEmail',
    file: 'src/backends/oidc/verified-email.ts',
    find: 'email_verified: denial ?? true',
    replace: 'email_verified: true',
    tests: IDENTITY,
  },
  {
    id: 'providers-11',
    effect:
      'a host whose name begins with that of the issuer is taken for the issuer and reached at the internal address',
    file: 'src/backends/oidc/client/metadata.ts',
    find: 'return new URL(url).origin === origin ?',
    replace: 'return url.startsWith(origin) ?',
    tests: METADATA,
  },
  {
    id: 'providers-12',
    effect: 'a refresh token of null makes every login 503',
    file: 'src/backends/oidc/client/token-response.ts',
    find: '...(isText(refreshToken) ? { refresh_token: refreshToken } : {}),',
    replace: 'refresh_token: refreshToken,',
    tests: TOKEN_RESPONSE,
  },
  {
    id: 'providers-13',
    effect: 'a provider that announces HS256 makes the broker accept tokens signed with public keys',
    file: 'src/backends/oidc/client/metadata.ts',
    find: 'SIGNATURE_ALGORITHMS.filter((name) => announced.includes(name))',
    replace: 'announced.map(String)',
    tests: METADATA,
  },
];
