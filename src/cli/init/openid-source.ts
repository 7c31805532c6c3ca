/** Accounts of an OpenID provider, by the password grant. */
import { resolve } from 'node:path';
import { PRESET_NAMES } from '../../backends/oidc/client/presets.ts';
import { issuerProblem } from '../../backends/oidc/issuer.ts';
import { probeBackend } from './open-backend.ts';
import { choice, text } from './question.ts';
import type { Question, SecretQuestion } from './question.ts';
import type { Source, SourceAnswers, SourceDeps } from './source.ts';
import { passwordFile } from './stored-secret.ts';
import { tryLogin, TRIAL_PASSWORD, TRIAL_USER } from './trial-login.ts';

const SECRET_FILE = 'client.secret';

const ISSUER: Question<string> = {
  flag: 'issuer',
  placeholder: 'url',
  prompt: 'Issuer',
  about: 'The issuer, exactly as the provider names itself: an https URL.',
  more: [
    'Such as https://id.example.com/realms/corp. It is "issuer" in the document ISSUER/.well-known/openid-configuration.',
  ],
  parse: text(issuerProblem),
};

const PROVIDER: Question<(typeof PRESET_NAMES)[number]> = {
  flag: 'provider',
  placeholder: 'name',
  prompt: 'Kind of provider',
  about: `The kind of provider: ${PRESET_NAMES.join(', ')}.`,
  more: ['It decides which claims have the names of users and groups. Each can be changed in broker.yaml later.'],
  parse: choice(PRESET_NAMES),
};

const AUTHORITIES: Question<string> = {
  flag: 'issuer-ca-file',
  placeholder: 'file',
  prompt: 'File with certificates (empty: those that the system trusts)',
  about: 'The file (PEM) with the authority of the certificate of the provider, where the system does not trust it.',
  more: ['Only the certificates in this file are trusted for the provider.'],
  parse: (answer) => ({ value: answer }),
};

const CLIENT_ID: Question<string> = {
  flag: 'client-id',
  placeholder: 'id',
  prompt: 'Client id',
  about: 'The id of the client that is registered at the provider for this broker.',
  more: ['The client must be allowed the password grant ("direct access grants" in Keycloak).'],
  parse: text(() => undefined),
};

const CLIENT_SECRET: SecretQuestion = {
  flag: 'client-secret',
  name: 'the client secret',
  prompt: 'Client secret',
  about: 'The secret of that client. It is written to a file that only you can read.',
  more: ['broker.yaml names that file, and has no secret itself.'],
};

export const openidSource: Source = {
  name: 'openid',
  about: 'an OpenID provider, such as Keycloak, with its password grant',
  questions: [ISSUER, PROVIDER, AUTHORITIES, CLIENT_ID, TRIAL_USER],
  secrets: [CLIENT_SECRET, TRIAL_PASSWORD],
  required: () => [ISSUER, CLIENT_ID, CLIENT_SECRET],
  writes: [SECRET_FILE],
  ask,
};

async function ask(deps: SourceDeps): Promise<SourceAnswers> {
  const { interview } = deps;
  for (;;) {
    const issuer = await interview.ask(ISSUER);
    const caFile = await interview.ask(AUTHORITIES);
    const preset = await interview.ask(PROVIDER, presetOf(issuer));
    const id = await interview.ask(CLIENT_ID);
    const { secret, source } = await interview.askSecret(CLIENT_SECRET);
    const backend = {
      name: 'sso',
      type: 'oidc-password',
      preset,
      issuer,
      client: { id, secret: source ?? { file: SECRET_FILE } },
      ...(caFile === '' ? {} : { caFile: resolve(caFile) }),
    };
    const problem = await probeBackend(backend, secret, deps);
    if (problem === undefined) {
      const files = passwordFile(SECRET_FILE, { secret, source });
      return { backend, files, member: await tryLogin(backend, secret, deps) };
    }
    interview.refuse(problem, ISSUER, AUTHORITIES, PROVIDER, CLIENT_ID, CLIENT_SECRET);
  }
}

/** The forms of the issuers that the providers document. */
const ISSUERS: readonly (readonly [RegExp, (typeof PRESET_NAMES)[number]])[] = [
  [/\/realms\/[^/]+$/, 'keycloak'],
  [/^https:\/\/login\.microsoftonline\.com\//, 'entra'],
  [/\.(?:okta|oktapreview|okta-emea)\.com(?:\/|$)/, 'okta'],
  [/\.auth0\.com\/?$/, 'auth0'],
  [/\/adfs\/?$/, 'adfs'],
  [/\/dex$/, 'dex'],
];

function presetOf(issuer: string): string {
  return ISSUERS.find(([form]) => form.test(issuer))?.[1] ?? 'generic';
}
