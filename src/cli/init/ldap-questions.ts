/** The questions of `fairlead init` about a directory. */
import { isBindName } from '../../backends/ldap/config/name-template.ts';
import { LDAP_PRESET_NAMES } from '../../backends/ldap/config/presets.ts';
import type { LdapPresetName } from '../../backends/ldap/config/presets.ts';
import type { TlsMode } from '../../backends/ldap/config/resolve.ts';
import { parseEndpoint } from '../../backends/ldap/wire/endpoint.ts';
import type { Endpoint } from '../../backends/ldap/wire/endpoint.ts';
import { parseDn } from '../../core/dn.ts';
import { choice, text } from './question.ts';
import type { Question, SecretQuestion } from './question.ts';

interface ServerUrl {
  readonly url: string;
  readonly endpoint: Endpoint;
}

export const URL_OF_SERVER: Question<ServerUrl> = {
  flag: 'url',
  placeholder: 'url',
  prompt: 'Directory',
  about: 'The address of the directory: ldaps://HOST, or ldap://HOST with StartTLS, or either with :PORT.',
  more: [
    'A host without ldaps:// or ldap:// means ldaps://. Give the name that is in the certificate of the server.',
    'On this machine, ldap:// is not encrypted.',
    'More servers of the same directory can be added to urls in broker.yaml later.',
  ],
  parse: (answer) => {
    if (answer === '') return { problem: 'expected the address of the directory, such as ldaps://dc1.corp.example' };
    const url = answer.includes('://') ? answer : `ldaps://${answer}`;
    const endpoint = parseEndpoint(url);
    return typeof endpoint === 'string' ? { problem: endpoint } : { value: { url, endpoint } };
  },
};

/** Asked only where the address leaves no choice. */
export const TLS: Question<TlsMode> = {
  flag: 'tls',
  placeholder: 'mode',
  prompt: 'Encryption',
  about: 'How the connection is protected: ldaps, starttls, or none, which sends passwords in clear text.',
  more: [],
  parse: choice(['ldaps', 'starttls', 'none']),
};

export const CA_FILE: Question<string> = {
  flag: 'ca-file',
  placeholder: 'file',
  prompt: 'File with certificates (empty: another directory)',
  about: 'The file (PEM) with the certificate of the authority that signed the certificate of the server.',
  more: [
    'Many directories have a certificate of an authority of their own. Their administrators have its certificate.',
    'Only the certificates in this file are trusted for the directory. The file is read again when it changes.',
  ],
  parse: (answer) => ({ value: answer }),
};

export const TLS_NAME: Question<string> = {
  flag: 'tls-server-name',
  placeholder: 'name',
  prompt: 'Name in the certificate (empty: another directory)',
  about: 'The name that the certificate of the server has, where it is not the name in its address.',
  more: [
    'Give it only if you know that this server has that name: whoever has a certificate for the name is trusted.',
    'An empty answer goes back to the address, which can have the name instead.',
  ],
  parse: (answer) => (/^[a-zA-Z0-9.:-]{0,253}$/.test(answer) ? { value: answer } : { problem: 'expected a host name' }),
};

export const PRESET: Question<LdapPresetName> = {
  flag: 'preset',
  placeholder: 'name',
  prompt: 'Kind of directory',
  about: `The kind of directory: ${LDAP_PRESET_NAMES.join(', ')}.`,
  more: ['It decides which attributes and filters are used. Each can be changed in broker.yaml later.'],
  parse: choice(LDAP_PRESET_NAMES),
};

/** The answer to `BIND_DN` in place of an account. */
export const ANONYMOUS = 'none';

/** `undefined`: searches are anonymous. */
export const BIND_DN: Question<string | undefined> = {
  flag: 'bind-dn',
  placeholder: 'dn',
  prompt: 'Service account',
  about: 'The account that searches users and groups: its DN, or none to search anonymously.',
  more: [
    'Such as cn=registry,ou=services,dc=example,dc=org; in Active Directory also svc-registry@corp.example.',
    'It needs to read users and groups, and nothing else. Active Directory lets nobody search anonymously.',
  ],
  parse: (answer) => {
    if (answer === ANONYMOUS) return { value: undefined };
    if (parseDn(answer) !== undefined || isBindName(answer)) return { value: answer };
    return { problem: 'expected a DN such as cn=registry,ou=services,dc=example,dc=org, or none' };
  },
};

export const BIND_PASSWORD: SecretQuestion = {
  flag: 'bind-password',
  name: 'the password of the service account',
  prompt: 'Password of the service account',
  about: 'The password of that account. It is written to a file that only you can read.',
  more: ['broker.yaml names that file, and has no password itself.'],
};

export const USERS_BASE: Question<string> = {
  flag: 'users-base',
  placeholder: 'dn',
  prompt: 'Users are under',
  about: 'The DN under which users are searched.',
  more: ['All entries below it that look like users can log in. Such as ou=people,dc=example,dc=org.'],
  parse: text((answer) => (parseDn(answer) === undefined ? EXPECTED_DN : undefined)),
};

/** `undefined`: users have no groups. */
export const GROUPS_BASE: Question<string | undefined> = {
  flag: 'groups-base',
  placeholder: 'dn',
  prompt: 'Groups are under',
  about: 'The DN under which groups are, or none to use no groups.',
  more: [
    'A group elsewhere does not count, whatever its name. Give the folder that only administrators write to:',
    'whoever can create a group there can give it the name of a group that owns a namespace.',
  ],
  parse: (answer) => {
    if (answer === 'none') return { value: undefined };
    return parseDn(answer) === undefined ? { problem: EXPECTED_DN } : { value: answer };
  },
};

const EXPECTED_DN = 'expected a DN such as ou=people,dc=example,dc=org';

/** What decides how the server is reached. */
export const SERVER_QUESTIONS: readonly Question<unknown>[] = [URL_OF_SERVER, TLS, CA_FILE, TLS_NAME];

export const LDAP_QUESTIONS: readonly Question<unknown>[] = [
  ...SERVER_QUESTIONS,
  PRESET,
  BIND_DN,
  USERS_BASE,
  GROUPS_BASE,
];
