/** The forms in which `fairlead init` stores a password: as it is in a file of its own, or as a hash among users. */
import { hashPassword } from '../../backends/password-hash.ts';
import type { Secret } from '../../core/identity.ts';
import type { NewFile } from './install.ts';
import type { GivenSecret } from './flag-secrets.ts';

/** The file for a password that was typed; none for one that is stored already. */
export function passwordFile(name: string, { secret, source }: GivenSecret): readonly NewFile[] {
  return source === undefined ? [{ name, text: `${secret.reveal()}\n`, isSecret: true }] : [];
}

/** @throws Error when the password is empty or has a NUL */
export function passwordHash(secret: Secret): Promise<string> {
  return hashPassword(secret.reveal());
}
