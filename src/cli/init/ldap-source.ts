/** Accounts of an LDAP directory or Active Directory: asks for the server, and finds out the rest where it can. */
import { resolve } from 'node:path';
import type { LdapPresetName } from '../../backends/ldap/config/presets.ts';
import type { Bases } from '../../backends/ldap/diagnosis/bases.ts';
import type { DirectoryAddress, Survey } from '../../backends/ldap/diagnosis/survey.ts';
import { isLoopbackHost } from '../../core/address.ts';
import type { Endpoint } from '../../backends/ldap/wire/endpoint.ts';
import type { GivenSecret } from './flag-secrets.ts';
import type { Interview } from './interview.ts';
import {
  ANONYMOUS,
  BIND_DN,
  BIND_PASSWORD,
  CA_FILE,
  GROUPS_BASE,
  LDAP_QUESTIONS,
  PRESET,
  SERVER_QUESTIONS,
  TLS,
  TLS_NAME,
  URL_OF_SERVER,
  USERS_BASE,
} from './ldap-questions.ts';
import { probeBackend } from './open-backend.ts';
import { flagValue } from './question.ts';
import type { Source, SourceAnswers, SourceDeps } from './source.ts';
import { passwordFile } from './stored-secret.ts';
import { tryLogin, TRIAL_PASSWORD, TRIAL_USER } from './trial-login.ts';

const PASSWORD_FILE = 'ldap.password';

export const ldapSource: Source = {
  name: 'ldap',
  about: 'an LDAP directory or Active Directory',
  questions: [...LDAP_QUESTIONS, TRIAL_USER],
  secrets: [BIND_PASSWORD, TRIAL_PASSWORD],
  required: (flags) => [
    URL_OF_SERVER,
    BIND_DN,
    ...(flagValue(flags, BIND_DN.flag) === ANONYMOUS ? [] : [BIND_PASSWORD]),
  ],
  writes: [PASSWORD_FILE],
  ask,
};

async function ask(deps: SourceDeps): Promise<SourceAnswers> {
  const { interview } = deps;
  const { server, preset, account, bases } = await askAccess(deps);
  const secret = account?.password.secret;
  for (;;) {
    const users = await interview.ask(USERS_BASE, bases?.users);
    const groups = await interview.ask(GROUPS_BASE, bases?.groups);
    const backend = {
      name: 'directory',
      type: 'ldap',
      preset,
      urls: [server.url],
      ...tlsOf(server.address),
      ...(account === undefined ? {} : bindOf(account)),
      users: { base: users },
      ...(groups === undefined ? {} : { groups: { base: groups } }),
    };
    const problem = await probeBackend(backend, secret, deps);
    if (problem === undefined) {
      const files = account === undefined ? [] : passwordFile(PASSWORD_FILE, account.password);
      return { backend, files, member: await tryLogin(backend, secret, deps) };
    }
    interview.refuse(problem, USERS_BASE, GROUPS_BASE);
  }
}

function bindOf({ dn, password }: Account): { readonly bind: object } {
  return { bind: { dn, password: password.source ?? { file: PASSWORD_FILE } } };
}

interface Access {
  readonly server: Server;
  readonly preset: LdapPresetName;
  /** Undefined: searches are anonymous. */
  readonly account: Account | undefined;
  readonly bases: Bases | undefined;
}

/** Asks for a server and an account that it accepts. */
async function askAccess(deps: SourceDeps): Promise<Access> {
  const { interview } = deps;
  for (;;) {
    const server = await askServer(deps);
    const preset = await interview.ask(PRESET, server.presets[0]);
    const accepted = await askAccount(server, preset, deps);
    if (accepted !== undefined) return { server, preset, ...accepted };
    interview.refuse('give another address, such as one with ldaps://', ...SERVER_QUESTIONS);
  }
}

interface Server {
  /** As it was given. */
  readonly url: string;
  readonly address: DirectoryAddress;
  readonly presets: readonly LdapPresetName[];
  readonly suffix: string | undefined;
}

/** Asks until a server answers. */
async function askServer(deps: SourceDeps): Promise<Server> {
  const { interview } = deps;
  for (;;) {
    const { url, endpoint } = await interview.ask(URL_OF_SERVER);
    const mode = interview.isAnswered(TLS) ? await interview.ask(TLS) : modeFor(endpoint);
    const found = await reachServer({ endpoint, mode }, deps);
    if (found !== undefined) return { url, ...found };
    interview.refuse(`${url} is not used`, ...SERVER_QUESTIONS);
  }
}

function modeFor(endpoint: Endpoint): DirectoryAddress['mode'] {
  if (endpoint.secure) return 'ldaps';
  return endpoint.path !== undefined || isLoopbackHost(endpoint.host) ? 'none' : 'starttls';
}

/** Asks for what the certificate needs. Loads the LDAP library, which no other source needs. @returns undefined: another address is needed */
async function reachServer(
  { endpoint, mode }: DirectoryAddress,
  { interview, ...deps }: SourceDeps,
): Promise<Omit<Server, 'url'> | undefined> {
  const { surveyServer } = await import('../../backends/ldap/diagnosis/survey.ts');
  let trust = await trustOfFlags(interview);
  for (;;) {
    const address = { endpoint, mode, ...trust };
    const survey = await surveyServer(address, deps);
    if (survey.kind === 'answers') {
      interview.say(...surveyLines(address, survey));
      return { address, presets: survey.presets, suffix: survey.suffixes[0] };
    }
    if (survey.kind === 'untrusted') {
      interview.refuse(survey.text, CA_FILE);
      const file = await interview.ask(CA_FILE);
      if (file === '') return undefined;
      trust = { ...trust, caFile: resolve(file) };
    } else if (survey.kind === 'other-name') {
      interview.refuse(survey.text, TLS_NAME);
      const serverName = await interview.ask(TLS_NAME);
      if (serverName === '') return undefined;
      trust = { ...trust, serverName };
    } else {
      interview.refuse(survey.text);
      return undefined;
    }
  }
}

type Trust = Pick<DirectoryAddress, 'caFile' | 'serverName'>;

async function trustOfFlags(interview: Interview): Promise<Trust> {
  return {
    ...(interview.isAnswered(CA_FILE) ? { caFile: resolve(await interview.ask(CA_FILE)) } : {}),
    ...(interview.isAnswered(TLS_NAME) ? { serverName: await interview.ask(TLS_NAME) } : {}),
  };
}

function surveyLines(
  { endpoint, mode }: DirectoryAddress,
  { certificate, presets, suffixes }: Extract<Survey, { readonly kind: 'answers' }>,
): readonly string[] {
  const encryption = mode === 'none' ? 'without encryption' : `encrypted; ${certificate ?? mode}`;
  const kind = presets[0] ?? 'a directory of unknown kind';
  const entries = suffixes[0] === undefined ? '' : ` with entries under ${suffixes[0]}`;
  return [`  ok: ${endpoint.url} answers, ${encryption}`, `  ok: it is ${kind}${entries}`];
}

interface Account {
  readonly dn: string;
  readonly password: GivenSecret;
}

/** Asks until the directory accepts the service account. @returns undefined: the connection must be encrypted */
async function askAccount(
  { address, suffix }: Server,
  preset: LdapPresetName,
  { interview, ...deps }: SourceDeps,
): Promise<Pick<Access, 'account' | 'bases'> | undefined> {
  const { surveyEntries } = await import('../../backends/ldap/diagnosis/survey.ts');
  for (;;) {
    const dn = await interview.ask(BIND_DN);
    const account = dn === undefined ? undefined : { dn, password: await interview.askSecret(BIND_PASSWORD) };
    const source = account && { dn: account.dn, password: { read: async () => account.password.secret } };
    const survey = await surveyEntries(address, source, { preset, suffix: suffix ?? '' }, deps);
    // Without a suffix there is nothing to propose, and the bind is what counts.
    if (survey.kind === 'found') return { account, bases: suffix === undefined ? undefined : survey.bases };
    interview.refuse(survey.text, BIND_DN, BIND_PASSWORD);
    if (survey.kind === 'needs-encryption') return undefined;
  }
}

/** The key `tls`, where the addresses alone do not say it. */
function tlsOf({ endpoint, mode, caFile, serverName }: DirectoryAddress): { readonly tls?: object } {
  const tls = {
    ...(endpoint.secure || endpoint.path !== undefined ? {} : { mode }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(serverName === undefined ? {} : { serverName }),
  };
  return Object.keys(tls).length === 0 ? {} : { tls };
}
