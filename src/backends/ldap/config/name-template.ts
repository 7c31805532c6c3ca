/** Names of Active Directory that can bind without a DN ([MS-ADTS] 5.1.1.1.1): `alice@corp.example` and `CORP\alice`. */
import { LOGIN_PLACEHOLDER, parseDnTemplate } from './dn-template.ts';

/** What a user binds with, built from the login. */
export interface BindTemplate {
  readonly text: string;
  /** Whether the result is a DN. If not, the entry is searched after the bind. */
  readonly isDn: boolean;
  /** The account that a login means: without the domain of the template. */
  account(login: string): string;
  /** @returns undefined for a login that cannot be part of such a name */
  fill(login: string): string | undefined;
}

/** A DNS or NetBIOS name. */
const DOMAIN = /^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?$/i;
/** Characters that no sAMAccountName has ([MS-ADTS] 3.1.1.8.1.4); with @ or \ the name would be one of another domain. */
const FORBIDDEN = /["/\\[\]:;|=,+*?<>@]/;

/** @returns the template, or a sentence that says what is wrong with the text */
export function parseBindTemplate(text: string): BindTemplate | string {
  if (text.includes('=')) {
    const template = parseDnTemplate(text);
    return typeof template === 'string' ? template : { ...template, isDn: true, account: (login) => login };
  }
  const domain = text.startsWith(`${LOGIN_PLACEHOLDER}@`)
    ? text.slice(LOGIN_PLACEHOLDER.length + 1)
    : text.endsWith(`\\${LOGIN_PLACEHOLDER}`)
      ? text.slice(0, -LOGIN_PLACEHOLDER.length - 1)
      : '';
  if (!DOMAIN.test(domain)) {
    return 'expected a DN with {login}, such as uid={login},ou=people,dc=example,dc=org, or in Active Directory {login}@corp.example or CORP\\{login}';
  }
  const account = (login: string): string => withoutDomain(login, domain.toLowerCase());
  return {
    text,
    isDn: false,
    account,
    fill: (login) => {
      const name = account(login);
      return name === '' || FORBIDDEN.test(name) ? undefined : text.replace(LOGIN_PLACEHOLDER, () => name);
    },
  };
}

function withoutDomain(login: string, domain: string): string {
  const folded = login.toLowerCase();
  if (folded.endsWith(`@${domain}`)) return login.slice(0, -domain.length - 1);
  return folded.startsWith(`${domain}\\`) ? login.slice(domain.length + 1) : login;
}

/** Whether the text is a name with a domain that can bind without a DN. */
export function isBindName(text: string): boolean {
  const [, account = '', domain = ''] = /^([^@\\]+)@([^@\\]+)$/.exec(text) ?? [];
  const [, prefix = '', name = ''] = /^([^@\\]+)\\([^@\\]+)$/.exec(text) ?? [];
  return (account !== '' && DOMAIN.test(domain)) || (DOMAIN.test(prefix) && name !== '' && !FORBIDDEN.test(name));
}
