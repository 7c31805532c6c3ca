/** Passwords on their way to the server under test, and kept out of everything that is printed. */
import { Secret } from '../core/identity.ts';
import { basicHeader, escapeQuery } from './exchange/encode.ts';

export interface Login {
  readonly name: string;
  readonly password: Secret;
}

export function basicOf({ name, password }: Login): string {
  return basicHeader(name, password.reveal());
}

/** The password as a form field has it. */
export function passwordText({ password }: Login): string {
  return password.reveal();
}

/** The login with a password that begins with the correct one. */
export function withLongerPassword({ name, password }: Login): Login {
  return { name, password: new Secret(`${password.reveal()}x`) };
}

/** Whether a text contains the password, as it is or encoded. Short passwords occur by chance, and do not count. */
export function containsPassword(text: string, login: Login): boolean {
  return login.password.reveal().length >= MIN_LENGTH && formsOf(login).some((form) => text.includes(form));
}

/** What stands for the password in texts: as it is, in JSON, in a URL, in a form, and in `Authorization`. */
function formsOf(login: Login): readonly string[] {
  const plain = login.password.reveal();
  return [
    plain,
    JSON.stringify(plain).slice(1, -1),
    encodeURIComponent(plain),
    escapeQuery(plain),
    basicOf(login).slice('Basic '.length),
  ];
}

const MIN_LENGTH = 6;
const TOKEN = /\b[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g;

/** @returns a function that replaces passwords and tokens in a text, and control characters */
export function createRedaction(logins: readonly Login[]): (text: string) => string {
  return (text) => {
    let clean = text.replaceAll(TOKEN, '[token]');
    for (const form of logins.flatMap(formsOf)) clean = clean.replaceAll(form, '[password]');
    return clean.replaceAll(/\p{Cc}+/gu, ' ');
  };
}
