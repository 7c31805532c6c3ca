/** The address of one server of a directory. */
import { isIP } from 'node:net';

export interface Endpoint {
  /** The form for messages and logs: `ldaps://dc1.corp.example:636`. */
  readonly url: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket (ldapi); `host` and `port` are not used then. */
  readonly path?: string;
}

const URL_FORM = /^(ldaps?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?\/?$/i;

const SOCKET_FORM = /^ldapi:\/\/((?:\/|%2f)[^\0]+)$/i;

/** @returns the endpoint, or a sentence that says what is wrong with the text */
export function parseEndpoint(text: string): Endpoint | string {
  const path = SOCKET_FORM.exec(text)?.[1];
  if (path !== undefined) return socketEndpoint(path);
  const [, scheme = '', bracketed = '', digits] = URL_FORM.exec(text) ?? [];
  const secure = scheme.toLowerCase() === 'ldaps';
  const port = digits === undefined ? (secure ? 636 : 389) : Number(digits);
  const host = bracketed.replaceAll(/[[\]]/g, '').toLowerCase();
  if (host === '' || (bracketed.startsWith('[') && isIP(host) !== 6)) {
    return 'expected ldap://HOST, ldaps://HOST or either with :PORT, or ldapi:///PATH, and nothing after it';
  }
  if (port < 1 || port > 65_535) return 'expected a port from 1 to 65535';
  return { url: `${secure ? 'ldaps' : 'ldap'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`, secure, host, port };
}

/** @param text the path, where slashes may be written as %2f as in OpenLDAP */
function socketEndpoint(text: string): Endpoint | string {
  try {
    const path = decodeURIComponent(text);
    return { url: `ldapi://${path}`, secure: false, host: 'localhost', port: 0, path };
  } catch {
    return 'expected ldapi:///PATH';
  }
}
