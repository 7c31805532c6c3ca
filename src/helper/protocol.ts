/**
 * The protocol of credential helpers: one verb as the argument, the input on standard input, the answer on standard
 * output. Exit code 1 is a failure. Facts: docker-credential-helpers 0.9, `credentials/credentials.go` and
 * `client/client.go`.
 */
import { Secret } from '../core/identity.ts';
import { HelperError } from './host.ts';

/** Clients compare these answers word by word. */
export const NOT_FOUND = 'credentials not found in native keychain';
export const NO_SERVER = 'no credentials server URL';
export const NO_USERNAME = 'no credentials username';

/** The user name that marks the secret as an identity token: docker exchanges it for registry tokens. */
export const IDENTITY_TOKEN = '<token>';

/** What a client asks a helper to store. */
interface Credentials {
  /** As the client sent it. */
  readonly server: string;
  readonly username: string;
  readonly secret: Secret;
}

/** @throws HelperError when the input of `store` is malformed */
export function parseCredentials(text: string): Credentials {
  const { ServerURL: server, Username: username, Secret: secret } = parseObject(text, 'the credentials');
  if (typeof server !== 'string' || server === '') throw new HelperError(NO_SERVER);
  if (typeof username !== 'string' || username === '') throw new HelperError(NO_USERNAME);
  if (typeof secret !== 'string') throw new HelperError('the credentials have no secret');
  return { server, username, secret: new Secret(secret) };
}

/** The object in a member of a JSON value; empty where there is none. */
export function objectIn(json: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null) return {};
  const value: unknown = Object.fromEntries(Object.entries(json))[name];
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

/**
 * @param what a plural, for the message
 * @param advice what to do when it is no JSON object, for the message
 * @throws HelperError when the text is not a JSON object. Its content is not in the message: it may be a secret.
 */
export function parseObject(text: string, what: string, advice?: string): Readonly<Record<string, unknown>> {
  const end = advice === undefined ? '' : `; ${advice}`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new HelperError(`${what} are not valid JSON${end}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new HelperError(`${what} are not a JSON object${end}`);
  return Object.fromEntries(Object.entries(json));
}
